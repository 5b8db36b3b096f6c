//! `application/vnd.amazon.eventstream`: binary frames, all numbers with the high byte first.
//!
//! ```text
//! frame   = total-length(4) headers-length(4) prelude-crc(4) *header payload message-crc(4)
//! header  = name-length(1) name type(1) value
//! value   = nothing for types 0 and 1, then 1, 2, 4, 8 bytes for 2 to 5; length(2) bytes for 6 and 7; 8 and 16 for 8 and 9
//! ```
//!
//! The checksums are not looked at: bytes that HTTP delivered are not read for their errors. Payloads go straight to the
//! picker; headers are held as far as there is room for one scalar, which is more than twice what Amazon sends.

use super::base64::Base64;
use super::content::place;
use crate::genai::json::{LONGEST, Mark, Notes, Picker, Scalar, Text};

const PRELUDE: u32 = 12;
const CHECKSUM: u32 = 4;
/// The largest frame that Amazon sends.
const LARGEST: u32 = 24 << 20;
/// The type of a text.
const STRING: u8 = 7;

/// The headers that count: the kind of an event, and whether it is one; the name of an error, of either sort.
const HEADERS: &[&str] = &[
    ":event-type",
    ":message-type",
    ":exception-type",
    ":error-code",
];
const EVENT: usize = 0;
const MESSAGE: usize = 1;
const ERROR: usize = 2;
/// The last event of a conversation, and what says that it is an event.
const LAST: &str = "metadata";
const NO_ERROR: &str = "event";

#[derive(Clone, Debug)]
pub(crate) struct Frames {
    part: Part,
    /// How many bytes of this part are still to come.
    left: u32,
    /// And how many of the payload.
    payload: u32,
    /// The payload is not the event but holds it, in base64.
    wrapping: Option<Base64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Prelude,
    Headers,
    Payload,
    Checksum,
    Broken,
}

impl Frames {
    pub(crate) const fn new(is_wrapped: bool) -> Self {
        Self {
            part: Part::Prelude,
            left: PRELUDE,
            payload: 0,
            wrapping: if is_wrapped {
                Some(Base64::new())
            } else {
                None
            },
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.part == Part::Broken
    }

    #[inline(never)]
    pub(crate) fn feed(&mut self, chunk: &[u8], picker: &mut Picker, notes: &mut Notes) {
        let mut rest = chunk;
        while self.part != Part::Broken
            && let Some((piece, behind)) = rest.split_at_checked(rest.len().min(self.left as usize))
        {
            self.left -= piece.len() as u32;
            rest = behind;
            match self.part {
                Part::Prelude | Part::Headers => picker.scalar.fill(piece),
                Part::Payload => match &mut self.wrapping {
                    Some(wrapping) => wrapping.feed(piece, picker, notes),
                    None => picker.feed_all(piece, notes),
                },
                Part::Checksum | Part::Broken => {}
            }
            if self.left == 0 {
                self.end(picker, notes);
            } else if rest.is_empty() {
                return;
            }
        }
    }

    /// A part has come to its end.
    fn end(&mut self, picker: &mut Picker, notes: &mut Notes) {
        let (part, size) = match self.part {
            Part::Prelude => self.lengths(&picker.scalar),
            Part::Headers => {
                let headers = picker.scalar.text().unwrap_or_default();
                let behind = tell(headers, notes);
                match behind == 0 || headers.len() == LONGEST {
                    true => (Part::Payload, self.payload),
                    false => (Part::Broken, 0),
                }
            }
            Part::Payload => {
                self.end_payload(picker, notes);
                (Part::Checksum, CHECKSUM)
            }
            Part::Checksum | Part::Broken => (Part::Prelude, PRELUDE),
        };
        (self.part, self.left) = (part, size);
        picker.scalar.clear();
    }

    /// What a prelude says of the parts behind it.
    fn lengths(&mut self, prelude: &Scalar) -> (Part, u32) {
        let numbers = prelude.text().and_then(<[u8]>::first_chunk::<8>);
        let number = numbers.copied().map_or(0, u64::from_be_bytes);
        let (total, headers) = ((number >> 32) as u32, number as u32);
        let around = headers.saturating_add(PRELUDE + CHECKSUM);
        match total.checked_sub(around) {
            Some(payload) if total <= LARGEST => {
                self.payload = payload;
                (Part::Headers, headers)
            }
            _ => (Part::Broken, 0),
        }
    }

    /// A frame is a transaction; one without a payload may still say something in its headers.
    fn end_payload(&mut self, picker: &mut Picker, notes: &mut Notes) {
        picker.finish(notes);
        if picker.is_whole() || picker.is_blank() {
            notes.keep();
        } else {
            notes.forget();
        }
        picker.reset();
        if let Some(wrapping) = &mut self.wrapping {
            *wrapping = Base64::new();
        }
    }
}

/// Tells the headers that count, and how many bytes behind them are no header.
fn tell(headers: &[u8], notes: &mut Notes) -> usize {
    let mut rest = headers;
    while let Some((name, value, behind)) = header(rest) {
        match place(HEADERS, name) {
            Some(EVENT) if place(&[LAST], value).is_some() => notes.mark(Mark::Ended),
            Some(MESSAGE) if place(&[NO_ERROR], value).is_none() => notes.mark(Mark::Failed),
            Some(ERROR..) => notes.word(Text::ErrorCode, value),
            _ => {}
        }
        rest = behind;
    }
    rest.len()
}

/// A header's name and value, and what stands behind it. What is no text has no value.
fn header(headers: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (length, rest) = headers.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(*length))?;
    let (kind, rest) = rest.split_first()?;
    let (size, rest) = match kind {
        0 | 1 => (0, rest),
        2..=5 => (1 << (kind - 2), rest),
        6 | &STRING => {
            let (size, rest) = rest.split_first_chunk()?;
            (u16::from_be_bytes(*size), rest)
        }
        8 => (8, rest),
        9 => (16, rest),
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(usize::from(size))?;
    let value = if *kind == STRING { value } else { b"" };
    Some((name, value, rest))
}
