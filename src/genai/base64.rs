//! An event in an envelope: `{"bytes":"<base64>", …}`, a flat object of texts, as Bedrock wraps what a vendor's model says.

use super::frames::feed;
use super::notes::Notes;
use super::picker::Picker;

/// How many bytes are handed on at once.
const ROOM: usize = 48;

#[derive(Clone, Debug)]
pub(crate) struct Base64 {
    place: Place,
    /// How many letters of the key that counts came.
    came: u8,
    /// Bits of the bytes that are not whole yet, and how many.
    bits: u32,
    count: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// Between texts; the next one is a key.
    Outside,
    Key,
    /// Behind a key.
    Colon,
    /// In the value of the key that counts.
    Wanted,
    Unwanted,
    /// Behind a backslash: base64 needs none, but `\/` is allowed.
    Escape(bool),
}

const KEY: &[u8] = b"bytes";
/// What tells that the text so far is not the start of [`KEY`].
const OTHER: u8 = u8::MAX;

impl Base64 {
    pub(crate) const fn new() -> Self {
        Self {
            place: Place::Outside,
            came: 0,
            bits: 0,
            count: 0,
        }
    }

    pub(crate) fn feed(&mut self, piece: &[u8], picker: &mut Picker, notes: &mut Notes) {
        let mut out = [0; ROOM];
        let mut length = 0;
        for byte in piece {
            let Some(decoded) = self.byte(*byte) else {
                continue;
            };
            if let Some(place) = out.get_mut(length) {
                *place = decoded;
                length += 1;
            }
            if length == ROOM {
                feed(&out, picker, notes);
                length = 0;
            }
        }
        feed(out.get(..length).unwrap_or_default(), picker, notes);
    }

    /// One byte of the envelope, and the byte that it makes whole.
    fn byte(&mut self, byte: u8) -> Option<u8> {
        match (self.place, byte) {
            (Place::Outside, b'"') => {
                self.came = 0;
                self.place = Place::Key;
            }
            (Place::Key, b'"') => self.place = Place::Colon,
            (Place::Key, letter) => {
                self.came = match KEY.get(usize::from(self.came)) {
                    Some(expected) if *expected == letter => self.came + 1,
                    _ => OTHER,
                };
            }
            (Place::Colon, b'"') if usize::from(self.came) == KEY.len() => {
                self.place = Place::Wanted;
            }
            (Place::Colon, b'"') => self.place = Place::Unwanted,
            // A value that is no text.
            (Place::Colon, b',') => self.place = Place::Outside,
            (Place::Wanted | Place::Unwanted, b'"') => self.place = Place::Outside,
            (Place::Wanted, b'\\') => self.place = Place::Escape(true),
            (Place::Unwanted, b'\\') => self.place = Place::Escape(false),
            (Place::Escape(false), _) => self.place = Place::Unwanted,
            (Place::Escape(true), _) => {
                self.place = Place::Wanted;
                return self.digit(byte);
            }
            (Place::Wanted, _) => return self.digit(byte),
            _ => {}
        }
        None
    }

    fn digit(&mut self, byte: u8) -> Option<u8> {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        self.bits = self.bits << 6 | u32::from(digit);
        self.count += 6;
        if self.count < 8 {
            return None;
        }
        self.count -= 8;
        Some((self.bits >> self.count) as u8)
    }
}
