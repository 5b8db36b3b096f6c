//! Values without quotes or brackets.

use super::key::Mark;
use super::notes::Notes;
use super::number::Number;
use super::{DocumentKind, LEVELS, Picker, State, Take};

/// The words that are values, and the end mark of a stream, which looks like a list with a word in it; and where each ends.
const WORDS: &[u8] = b"truefalsenullDONE";
const TRUE: u8 = 4;
const FALSE: u8 = 9;
const NULL: u8 = 13;
const DONE: u8 = 17;

impl Picker {
    /// The first byte of a value without quotes or brackets.
    pub(super) fn begin_plain(&mut self, byte: u8) {
        if let Some(number) = Number::begun(byte) {
            self.state = State::Number;
            self.number = number;
            self.take = Take::Nothing;
            if self.at.is_some() {
                self.take = Take::Text;
                self.scalar.clear();
                self.scalar.push(&[byte]);
            }
            return;
        }
        let may_be_mark =
            self.state == State::First && self.depth == 1 && self.kind == DocumentKind::Event;
        self.state = State::Word;
        (self.came, self.word) = match byte {
            b't' => (1, TRUE),
            b'f' => (TRUE + 1, FALSE),
            b'n' => (FALSE + 1, NULL),
            b'D' if may_be_mark => (NULL + 1, DONE),
            _ => {
                self.state = State::Broken;
                return;
            }
        };
    }

    /// One more letter of a word.
    pub(super) fn letter(&mut self, byte: u8, notes: &mut Notes) {
        if WORDS.get(usize::from(self.came)) != Some(&byte) {
            self.state = State::Broken;
            return;
        }
        self.came += 1;
        if self.came < self.word {
            return;
        }
        match (self.word, self.at) {
            (DONE, _) => notes.mark(Mark::Ended),
            (TRUE | FALSE, Some(key)) => notes.truth(key, self.word == TRUE),
            _ => {}
        }
        self.end_value();
    }

    #[inline(never)]
    pub(super) fn end_number(&mut self, notes: &mut Notes) {
        if !self.number.is_whole() {
            self.state = State::Broken;
            return;
        }
        if let (Take::Text, Some(key), Some(digits)) = (self.take, self.at, self.scalar.text()) {
            notes.number(key, digits);
        }
        self.end_value();
    }

    pub(super) fn end_value(&mut self) {
        self.state = match self.depth {
            0 => State::Whole,
            1..=LEVELS => State::Behind,
            _ => State::Deep,
        };
    }
}
