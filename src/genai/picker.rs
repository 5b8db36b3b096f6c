//! JSON (RFC 8259) a chunk at a time, and what a table of keys wants of it. A chunk may end anywhere: inside an escape, a
//! number, a character of several bytes. Nothing is kept of a document but where the reader stands in it.
//!
//! Levels below the 64th are counted, and not looked at. Above them every document is held against the whole grammar,
//! because one that breaks off must not be taken for one that is whole.

use super::key::{Mark, Means};
use super::notes::Notes;
use super::number::Number;
use super::scalar::Scalar;
use super::tables::Row;
use crate::bytes;

/// How many levels are told apart.
const LEVELS: u32 = 64;
/// How many levels the longest path of a table has.
const PATH: usize = 7;

#[derive(Clone, Debug)]
pub(crate) struct Picker {
    state: State,
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
    kind: Kind,
}

/// What stands around a document.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Nothing. An array is a list of events, each a transaction.
    Alone,
    /// An event of a stream, which may be the end mark `[DONE]`.
    Event,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Nothing came yet.
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
    /// Behind `\u`: how many digits came, and what they spell.
    Unicode(u8, u16),
    Number(Number),
    /// A word: which one, and how many letters of it came.
    Literal(Literal, u8),
    /// Below the last level that is told apart.
    Deep,
    /// Behind the document.
    Whole,
    /// Not JSON.
    Broken,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Literal {
    True,
    False,
    Null,
    Done,
}

impl Literal {
    const fn letters(self) -> &'static [u8] {
        match self {
            Self::True => b"true",
            Self::False => b"false",
            Self::Null => b"null",
            Self::Done => b"DONE",
        }
    }
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
    pub(crate) const fn new(root: &'static Row, kind: Kind) -> Self {
        Self {
            state: State::Start,
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
        if let State::Number(number) = self.state
            && self.depth == 0
        {
            self.end_number(number, notes);
        }
    }

    /// Something that is no JSON came.
    pub(crate) const fn spoil(&mut self) {
        self.state = State::Broken;
    }

    /// A line ends, or the last one did: white space, which ends a number and stands in no text.
    pub(crate) fn end_line(&mut self, notes: &mut Notes) {
        match self.state {
            State::Number(number) => self.end_number(number, notes),
            State::Text | State::Escape | State::Unicode(..) | State::Literal(..) => {
                self.state = State::Broken;
            }
            _ => {}
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
                State::Number(number) => match number.with(*byte) {
                    Some(number) => {
                        self.state = State::Number(number);
                        if self.take == Take::Text {
                            self.scalar.push(&[*byte]);
                        }
                    }
                    None => {
                        self.end_number(number, notes);
                        continue;
                    }
                },
                State::Broken => match bytes::position(rest, ends_line) {
                    Some(place) => return chunk.len() - rest.len() + place,
                    None => return chunk.len(),
                },
                State::Escape => self.escape(*byte, notes),
                State::Unicode(count, unit) => self.unicode(*byte, count, unit, notes),
                State::Literal(literal, came) => self.literal(*byte, literal, came, notes),
                State::Deep => self.deep(*byte),
                state => self.sign(state, *byte, notes),
            }
            rest = behind;
        }
        chunk.len() - rest.len()
    }

    /// A text up to its end or the next escape; none if the chunk ends first.
    fn text<'c>(&mut self, rest: &'c [u8], notes: &mut Notes) -> Option<&'c [u8]> {
        let place = bytes::position(rest, ends_text).unwrap_or(rest.len());
        let (plain, rest) = rest.split_at_checked(place)?;
        if !plain.is_empty() {
            self.piece(plain, notes);
        }
        let (byte, behind) = rest.split_first()?;
        match byte {
            b'"' => self.end_text(notes),
            b'\\' => self.state = State::Escape,
            _ => {
                self.state = State::Broken;
                return Some(rest);
            }
        }
        Some(behind)
    }

    /// Characters of a text.
    fn piece(&mut self, piece: &[u8], notes: &mut Notes) {
        match (self.take, self.at) {
            (Take::Nothing, _) => {}
            (Take::Presence, at) => {
                self.take = Take::Nothing;
                if let Some(key) = at {
                    notes.see(key);
                }
            }
            (Take::Key | Take::Text, _) => self.scalar.push(piece),
        }
    }

    fn end_text(&mut self, notes: &mut Notes) {
        if self.is_key {
            self.state = State::Colon;
            if self.take == Take::Key {
                self.at = self.found(notes);
            }
            return;
        }
        if let (Take::Text, Some(key), Some(text)) = (self.take, self.at, self.scalar.text()) {
            notes.say(key, text);
        }
        self.end_value();
    }

    /// The key of the table that was read. What it said before in this object is forgotten.
    fn found(&mut self, notes: &mut Notes) -> Option<&'static Row> {
        let level = usize::from(self.known).checked_sub(1)?;
        let name = self.scalar.text()?;
        let (place, key) = self.nodes.get(level)?.key(name)?;
        let seen = self.seen.get_mut(level)?;
        let bit = 1u32.checked_shl(place as u32)?;
        if *seen & bit != 0 {
            notes.forget_key(key);
        }
        *seen |= bit;
        Some(key)
    }

    fn escape(&mut self, byte: u8, notes: &mut Notes) {
        let character = match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                self.state = State::Unicode(0, 0);
                return;
            }
            _ => {
                self.state = State::Broken;
                return;
            }
        };
        self.state = State::Text;
        self.piece(&[character], notes);
    }

    fn unicode(&mut self, byte: u8, count: u8, unit: u16, notes: &mut Notes) {
        let Some(digit) = char::from(byte).to_digit(16) else {
            self.state = State::Broken;
            return;
        };
        let unit = unit << 4 | digit as u16;
        if count < 3 {
            self.state = State::Unicode(count + 1, unit);
            return;
        }
        self.state = State::Text;
        match char::from_u32(unit.into()) {
            Some(character) => self.piece(character.encode_utf8(&mut [0; 4]).as_bytes(), notes),
            // Half a character beyond the first 65,536: no name has one, and this byte makes it none.
            None => self.piece(&[0xff], notes),
        }
    }

    fn literal(&mut self, byte: u8, literal: Literal, came: u8, notes: &mut Notes) {
        let letters = literal.letters();
        if letters.get(usize::from(came)) != Some(&byte) {
            self.state = State::Broken;
            return;
        }
        if usize::from(came) + 1 < letters.len() {
            self.state = State::Literal(literal, came + 1);
            return;
        }
        match (literal, self.at) {
            (Literal::Done, _) => notes.mark(Mark::Ended),
            (Literal::True, Some(key)) => notes.truth(key, true),
            (Literal::False, Some(key)) => notes.truth(key, false),
            _ => {}
        }
        self.end_value();
    }

    fn end_number(&mut self, number: Number, notes: &mut Notes) {
        if !number.is_whole() {
            self.state = State::Broken;
            return;
        }
        if let (Take::Text, Some(key), Some(digits)) = (self.take, self.at, self.scalar.text()) {
            notes.number(key, digits);
        }
        self.end_value();
    }

    fn end_value(&mut self) {
        self.state = match self.depth {
            0 => State::Whole,
            1..=LEVELS => State::Behind,
            _ => State::Deep,
        };
    }

    /// A sign between values.
    fn sign(&mut self, state: State, byte: u8, notes: &mut Notes) {
        use State::{Behind, Colon, First, FirstKey, Start, Value};
        match (state, byte) {
            (_, b' ' | b'\t') => {}
            (Start | Value | First, b'"') => self.begin_text(),
            (Start | Value | First, b'{') => self.open(false, notes),
            (Start | Value | First, b'[') => self.open(true, notes),
            (First, b']') | (Behind, b']') => self.close(true, notes),
            (FirstKey, b'}') | (Behind, b'}') => self.close(false, notes),
            (FirstKey | State::Key, b'"') => self.begin_key(),
            (Colon, b':') => self.state = Value,
            (Behind, b',') if self.in_array() => self.state = Value,
            (Behind, b',') => self.state = State::Key,
            (Start | Value | First, _) => self.begin_plain(state, byte),
            _ => self.state = State::Broken,
        }
    }

    /// The first byte of a value without quotes or brackets.
    fn begin_plain(&mut self, state: State, byte: u8) {
        if let Some(number) = Number::begun(byte) {
            self.state = State::Number(number);
            self.take = Take::Nothing;
            if self.at.is_some() {
                self.take = Take::Text;
                self.scalar.clear();
                self.scalar.push(&[byte]);
            }
            return;
        }
        let is_first = state == State::First && self.depth == 1;
        let literal = match byte {
            b't' => Literal::True,
            b'f' => Literal::False,
            b'n' => Literal::Null,
            b'D' if is_first && self.kind == Kind::Event => Literal::Done,
            _ => {
                self.state = State::Broken;
                return;
            }
        };
        self.state = State::Literal(literal, 1);
    }

    const fn begin_key(&mut self) {
        self.state = State::Text;
        self.is_key = true;
        self.at = None;
        self.take = Take::Nothing;
        if self.depth == self.known as u32 {
            self.take = Take::Key;
            self.scalar.clear();
        }
    }

    const fn begin_text(&mut self) {
        self.state = State::Text;
        self.is_key = false;
        self.take = match self.at {
            Some(key) => match key.means {
                Means::Name(_) | Means::Word(_) | Means::OneOf => Take::Text,
                Means::Mark(_) | Means::Payload => Take::Presence,
                _ => Take::Nothing,
            },
            None => Take::Nothing,
        };
        self.scalar.clear();
    }

    const fn in_array(&self) -> bool {
        self.arrays & 1 == 1
    }

    fn open(&mut self, is_array: bool, notes: &mut Notes) {
        if self.depth == 0 {
            self.is_list = is_array && self.kind == Kind::Alone;
        }
        let known = usize::from(self.known);
        let node = match self.at {
            _ if self.depth == 0 => Some(self.root).filter(|_| !is_array || self.is_list),
            Some(key) => {
                notes.see(key);
                Some(key).filter(|key| key.each == is_array && !key.keys().is_empty())
            }
            // An element of an array that the table speaks of.
            None if self.depth == known as u32 && self.in_array() && !is_array => known
                .checked_sub(1)
                .and_then(|level| self.nodes.get(level).copied()),
            None => None,
        };
        if let (Some(node), Some(place), Some(seen)) =
            (node, self.nodes.get_mut(known), self.seen.get_mut(known))
        {
            *place = node;
            *seen = 0;
            self.known += 1;
        }
        self.at = None;
        let Some(depth) = self.depth.checked_add(1) else {
            self.state = State::Broken;
            return;
        };
        self.depth = depth;
        if depth > LEVELS {
            self.state = State::Deep;
            return;
        }
        self.arrays = self.arrays << 1 | u64::from(is_array);
        self.state = if is_array {
            State::First
        } else {
            State::FirstKey
        };
    }

    fn close(&mut self, is_array: bool, notes: &mut Notes) {
        if self.in_array() != is_array {
            self.state = State::Broken;
            return;
        }
        let is_known = self.depth == u32::from(self.known);
        self.depth = self.depth.saturating_sub(1);
        self.arrays >>= 1;
        self.at = None;
        if is_known {
            self.known = self.known.saturating_sub(1);
            if self.depth > 0 && self.in_array() {
                self.end_element(notes);
            }
        }
        self.end_value();
    }

    /// An object of an array that the table speaks of has ended.
    fn end_element(&mut self, notes: &mut Notes) {
        if self.depth == 1 {
            notes.keep();
            return;
        }
        let level = usize::from(self.known).saturating_sub(1);
        let means = self.nodes.get(level).map(|node| node.means);
        if means == Some(Means::Choice) {
            notes.end_choice();
        }
    }

    /// Brackets and texts below the last level that is told apart.
    fn deep(&mut self, byte: u8) {
        match byte {
            b'"' => {
                self.state = State::Text;
                self.is_key = false;
                self.take = Take::Nothing;
            }
            b'{' | b'[' => match self.depth.checked_add(1) {
                Some(depth) => self.depth = depth,
                None => self.state = State::Broken,
            },
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.end_value();
            }
            _ => {}
        }
    }
}

/// The marks of the bytes that end a run of plain text: a quote, a backslash, a control character. The quote and the sign
/// behind the space change places, so that one look finds what is below either.
const fn ends_text(word: u64) -> u64 {
    bytes::below(word ^ TWOS, b'!') | bytes::equal(word, b'\\')
}

/// The bits by which a quote and a space differ.
const TWOS: u64 = u64::from_le_bytes([b'"' ^ b' '; 8]);

/// The marks of the bytes that end a line.
pub(super) const fn ends_line(word: u64) -> u64 {
    bytes::equal(word, b'\n') | bytes::equal(word, b'\r')
}
