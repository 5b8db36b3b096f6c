//! Keys and texts: their characters, and what the table wants of them.

use super::key::Means;
use super::notes::Notes;
use super::table::Row;
use super::{Picker, State, Take};
use crate::bytes;

impl Picker {
    pub(super) const fn begin_key(&mut self) {
        self.state = State::Text;
        self.is_key = true;
        self.at = None;
        self.take = Take::Nothing;
        if self.depth == self.known as u32 {
            self.take = Take::Key;
            self.scalar.clear();
        }
    }

    pub(super) const fn begin_text(&mut self) {
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

    /// A text up to its end or the next escape; none if the chunk ends first.
    pub(super) fn text<'c>(&mut self, rest: &'c [u8], notes: &mut Notes) -> Option<&'c [u8]> {
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
    #[inline]
    pub(super) fn piece(&mut self, piece: &[u8], notes: &mut Notes) {
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

    pub(super) fn end_text(&mut self, notes: &mut Notes) {
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
    pub(super) fn found(&mut self, notes: &mut Notes) -> Option<&'static Row> {
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

    pub(super) fn escape(&mut self, byte: u8, notes: &mut Notes) {
        let character = match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => {
                self.state = State::Unicode;
                (self.came, self.unit) = (0, 0);
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

    pub(super) fn unicode(&mut self, byte: u8, notes: &mut Notes) {
        let Some(digit) = char::from(byte).to_digit(16) else {
            self.state = State::Broken;
            return;
        };
        self.unit = self.unit << 4 | digit as u16;
        self.came += 1;
        if self.came < 4 {
            return;
        }
        self.state = State::Text;
        let unit = self.unit;
        let low = |shift: u16| 0x80 | (unit >> shift) as u8 & 0x3f;
        let utf8 = match unit {
            0..0x80 => &[unit as u8][..],
            0x80..0x800 => &[0xc0 | (unit >> 6) as u8, low(0)],
            // Half a character beyond the first 65,536: no name has one, and this byte makes it none.
            0xd800..0xe000 => &[0xff],
            _ => &[0xe0 | (unit >> 12) as u8, low(6), low(0)],
        };
        self.piece(utf8, notes);
    }
}

/// The marks of the bytes that end a run of plain text: a quote, a backslash, a control character. The quote and the sign
/// behind the space change places, so that one look finds what is below either.
const fn ends_text(word: u64) -> u64 {
    bytes::below(word ^ TWOS, b'!') | bytes::equal(word, b'\\')
}

/// The bits by which a quote and a space differ.
const TWOS: u64 = u64::from_le_bytes([b'"' ^ b' '; 8]);
