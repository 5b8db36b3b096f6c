//! An event in an envelope: `{"bytes":"<base64>","p":"…"}`, as Bedrock wraps what a vendor's model says. Nothing of the
//! vendor's stands outside the base64, so that the start of its text is known by its letters alone.

use crate::genai::json::{Notes, Picker};

const START: &[u8] = b"\"bytes\":\"";
/// How many bytes are handed on at once.
const ROOM: usize = 64;

#[derive(Clone, Debug)]
pub(crate) struct Base64 {
    /// How many letters of [`START`] came; all of them while the text lasts.
    came: u8,
    /// Bits of the bytes that are not whole yet, and how many.
    count: u8,
    bits: u16,
}

impl Base64 {
    pub(crate) const fn new() -> Self {
        Self {
            came: 0,
            count: 0,
            bits: 0,
        }
    }

    pub(crate) fn feed(&mut self, piece: &[u8], picker: &mut Picker, notes: &mut Notes) {
        // Three bytes come out of four: no chunk of them needs more than there is room for.
        for chunk in piece.chunks(ROOM) {
            let mut out = [0; ROOM];
            let mut places = out.iter_mut();
            for byte in chunk {
                if let Some(decoded) = self.byte(*byte)
                    && let Some(place) = places.next()
                {
                    *place = decoded;
                }
            }
            let length = ROOM - places.len();
            picker.feed_all(out.get(..length).unwrap_or_default(), notes);
        }
    }

    /// One byte of the envelope, and the byte that it makes whole.
    fn byte(&mut self, byte: u8) -> Option<u8> {
        let digit = match (START.get(usize::from(self.came)), byte) {
            (_, b' ') => return None,
            (Some(expected), _) => {
                self.came = match byte {
                    _ if byte == *expected => self.came + 1,
                    b'"' => 1,
                    _ => 0,
                };
                return None;
            }
            // The end of the text.
            (None, b'"') => {
                *self = Self::new();
                return None;
            }
            (None, b'A'..=b'Z') => byte - b'A',
            (None, b'a'..=b'z') => byte - b'a' + 26,
            (None, b'0'..=b'9') => byte - b'0' + 52,
            (None, b'+') => 62,
            (None, b'/') => 63,
            // The padding, or a backslash before a slash.
            _ => return None,
        };
        self.bits = self.bits << 6 | u16::from(digit);
        self.count += 6;
        let over = self.count.checked_sub(8)?;
        self.count = over;
        Some((self.bits >> over) as u8)
    }
}
