//! JSON (RFC 8259) a chunk at a time, and what a table of keys wants of it. A chunk may end anywhere: inside an escape, a
//! number, a character of several bytes. Nothing is kept of a document but where the reader stands in it.
//!
//! Levels below the 64th are counted, and not looked at. Above them every document is held against the whole grammar,
//! because one that breaks off must not be taken for one that is whole.

mod key;
mod levels;
mod log;
mod notes;
mod number;
mod parts;
mod scalar;
mod table;
mod texts;
mod values;

pub(crate) use key::{
    Count, JsonKey, Mark, Means, Text, choices, count, decimal, document, each, failure, mark,
    name, object, one_of, parts, payload, stream, word, word_of,
};
pub(crate) use notes::Notes;
pub(crate) use scalar::{LONGEST, Scalar};
pub(crate) use table::{Layout, Row, Tables};

use number::Number;

/// How many levels are told apart.
const LEVELS: u32 = 64;
/// How many levels the longest path of a table has.
const PATH: usize = 7;

#[derive(Clone, Debug)]
pub(crate) struct Picker {
    state: State,
    /// How far a number has come.
    number: Number,
    /// Where among the letters of all words the one that is read ends.
    word: u8,
    /// How many of these letters came, or how many digits of a character.
    came: u8,
    /// What these digits spell.
    unit: u16,
    /// How many levels are open.
    depth: u32,
    /// Which of them are arrays, the innermost lowest.
    arrays: u64,
    /// Of how many of them, from the outermost, the table speaks.
    known: u8,
    /// What it says of these.
    nodes: [&'static Row; PATH],
    /// Which of its keys have been there, a bit for each.
    seen: [u32; PATH],
    /// The key whose value comes, if the table has it.
    at: Option<&'static Row>,
    root: &'static Row,
    /// What to do with the text that is being read.
    take: Take,
    is_key: bool,
    /// The document is a list of events.
    is_list: bool,
    pub(crate) scalar: Scalar,
    kind: DocumentKind,
}

/// What stands around a document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DocumentKind {
    /// Nothing. An array is a list of events, each a transaction.
    Alone,
    /// An event of a stream, which may be the end mark `[DONE]`.
    Event,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
#[repr(u8)]
enum State {
    /// Nothing came yet: a value is next, as it is in the two states behind.
    Start,
    Value,
    /// The first value of an array, or its end.
    First,
    /// The first key of an object, or its end.
    FirstKey,
    Key,
    Colon,
    /// Behind a value: a comma or the end of what it stands in.
    Behind,
    Text,
    Escape,
    /// Behind `\u`.
    Unicode,
    Number,
    /// `true` and the like.
    Word,
    /// Below the last level that is told apart.
    Deep,
    /// Behind the document.
    Whole,
    /// Not JSON.
    Broken,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Take {
    Nothing,
    /// A key.
    Key,
    /// Its characters.
    Text,
    /// That it has one.
    Presence,
}

impl Picker {
    pub(crate) const fn new(root: &'static Row, kind: DocumentKind) -> Self {
        Self {
            state: State::Start,
            number: Number::Zero,
            word: 0,
            came: 0,
            unit: 0,
            depth: 0,
            arrays: 0,
            known: 0,
            nodes: [root; PATH],
            seen: [0; PATH],
            at: None,
            root,
            take: Take::Nothing,
            is_key: false,
            is_list: false,
            scalar: Scalar::new(),
            kind,
        }
    }

    /// For the next document.
    pub(crate) const fn reset(&mut self) {
        self.state = State::Start;
        self.depth = 0;
        self.known = 0;
        self.at = None;
    }

    /// Whether nothing came yet.
    pub(crate) fn is_blank(&self) -> bool {
        self.state == State::Start
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.state == State::Broken
    }

    /// Whether the document has come to its end.
    pub(crate) fn is_whole(&self) -> bool {
        self.state == State::Whole
    }

    /// Whether the document is a list of events.
    pub(crate) const fn is_list(&self) -> bool {
        self.is_list
    }

    /// The document ends here: a number that stands alone has no other end.
    pub(crate) fn finish(&mut self, notes: &mut Notes) {
        if self.state == State::Number && self.depth == 0 {
            self.end_number(notes);
        }
    }

    /// A line ends, or the last one did: white space, which ends a number and stands in no text.
    pub(crate) fn end_line(&mut self, notes: &mut Notes) {
        match self.state {
            State::Number => self.end_number(notes),
            State::Text | State::Escape | State::Unicode | State::Word => {
                self.state = State::Broken;
            }
            _ => {}
        }
    }

    /// Reads a whole piece of a document, in which a line end is white space.
    #[inline(never)]
    pub(crate) fn feed_all(&mut self, piece: &[u8], notes: &mut Notes) {
        let mut rest = piece;
        while !rest.is_empty() {
            let taken = self.feed(rest, notes);
            rest = rest.get(taken..).unwrap_or_default();
            if let Some((_, after)) = rest.split_first() {
                self.end_line(notes);
                rest = after;
            }
        }
    }

    /// Reads up to the end of the line or of the chunk, and says how many bytes that were.
    pub(crate) fn feed(&mut self, chunk: &[u8], notes: &mut Notes) -> usize {
        let mut rest = chunk;
        while let Some((byte, behind)) = rest.split_first() {
            match self.state {
                State::Text => match self.text(rest, notes) {
                    Some(behind) => {
                        rest = behind;
                        continue;
                    }
                    None => return chunk.len(),
                },
                _ if matches!(byte, b'\n' | b'\r') => break,
                State::Number => match self.number.with(*byte) {
                    Some(number) => {
                        self.number = number;
                        if self.take == Take::Text {
                            self.scalar.push(&[*byte]);
                        }
                    }
                    None => {
                        self.end_number(notes);
                        continue;
                    }
                },
                State::Broken => {
                    rest = rest.get(to_line_end(rest)..).unwrap_or_default();
                    continue;
                }
                State::Escape => self.escape(*byte, notes),
                State::Unicode => self.unicode(*byte, notes),
                State::Word => self.letter(*byte, notes),
                State::Deep => self.deep(*byte),
                _ => self.sign(*byte, notes),
            }
            rest = behind;
        }
        chunk.len() - rest.len()
    }
}

/// How many bytes stand before the end of the line.
pub(super) fn to_line_end(text: &[u8]) -> usize {
    let end = text.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
    end.unwrap_or(text.len())
}
