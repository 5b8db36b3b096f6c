//! `application/vnd.amazon.eventstream`: binary frames, all numbers with the high byte first.
//!
//! ```text
//! frame   = total-length(4) headers-length(4) prelude-crc(4) *header payload message-crc(4)
//! header  = name-length(1) name type(1) value
//! value   = nothing for types 0 and 1, then 1, 2, 4, 8 bytes for 2 to 5; length(2) bytes for 6 and 7; 8 and 16 for 8 and 9
//! ```
//!
//! The checksums are not looked at: bytes that HTTP delivered are not read for their errors. Payloads go straight to the
//! picker; of the headers three count.

use super::base64::Base64;
use super::key::{Mark, Text};
use super::notes::{Notes, is_word};
use super::picker::Picker;

/// The smallest frame: the prelude and the last checksum.
const SMALLEST: u32 = 16;
/// The largest frame and the largest headers that Amazon sends.
const LARGEST: u32 = 24 << 20;
const LARGEST_HEADERS: u32 = 128 << 10;

#[derive(Clone, Debug)]
pub(crate) struct Frames {
    part: Part,
    /// How many bytes of this part are still to come, and the number that those of a length spell.
    left: u32,
    number: u32,
    /// Bytes of the frame that come behind what is being read: of the headers, and of the payload.
    headers: u32,
    payload: u32,
    header: Header,
    /// The payload is not the event but holds it, in base64.
    wrapping: Option<Base64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Total,
    Headers,
    Checksum,
    NameLength,
    Name,
    Type,
    ValueLength,
    Value,
    Payload,
    LastChecksum,
    Broken,
}

/// The headers that count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Header {
    Other,
    /// `:event-type`: `metadata` is the last one of a conversation.
    Event,
    /// `:message-type`: anything but an event is an error.
    Message,
    /// `:exception-type`, `:error-code`: the name of the error.
    Error,
}

const HEADERS: &[(&[u8], Header)] = &[
    (b":event-type", Header::Event),
    (b":message-type", Header::Message),
    (b":exception-type", Header::Error),
    (b":error-code", Header::Error),
];

/// How long a value is, by its type; none where its length comes first.
const SIZES: [Option<u32>; 10] = [
    Some(0),
    Some(0),
    Some(1),
    Some(2),
    Some(4),
    Some(8),
    None,
    None,
    Some(8),
    Some(16),
];
const STRING: u32 = 7;

impl Frames {
    pub(crate) const fn new(is_wrapped: bool) -> Self {
        Self {
            part: Part::Total,
            left: 4,
            number: 0,
            headers: 0,
            payload: 0,
            header: Header::Other,
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

    pub(crate) fn feed(&mut self, chunk: &[u8], picker: &mut Picker, notes: &mut Notes) {
        let mut rest = chunk;
        while !rest.is_empty() && self.part != Part::Broken {
            let size = rest.len().min(self.left as usize);
            let Some((piece, behind)) = rest.split_at_checked(size) else {
                return;
            };
            self.piece(piece, picker, notes);
            self.left -= size as u32;
            rest = behind;
            // Some parts are empty.
            while self.left == 0 && self.part != Part::Broken {
                self.end(picker, notes);
            }
        }
    }

    fn piece(&mut self, piece: &[u8], picker: &mut Picker, notes: &mut Notes) {
        match self.part {
            Part::Name | Part::Value => picker.scalar.push(piece),
            Part::Payload => match &mut self.wrapping {
                Some(wrapping) => wrapping.feed(piece, picker, notes),
                None => feed(piece, picker, notes),
            },
            Part::Checksum | Part::LastChecksum | Part::Broken => {}
            _ => {
                for byte in piece {
                    self.number = self.number << 8 | u32::from(*byte);
                }
            }
        }
    }

    /// A part has come to its end.
    fn end(&mut self, picker: &mut Picker, notes: &mut Notes) {
        let number = core::mem::take(&mut self.number);
        match self.part {
            Part::Total => {
                self.payload = number;
                let is_possible = (SMALLEST..=LARGEST).contains(&number);
                self.go(Part::Headers, 4, is_possible);
            }
            Part::Headers => {
                self.headers = number;
                let payload = self.payload.checked_sub(SMALLEST + number.min(LARGEST));
                self.payload = payload.unwrap_or_default();
                self.go(
                    Part::Checksum,
                    4,
                    payload.is_some() && number <= LARGEST_HEADERS,
                );
            }
            Part::Checksum => self.next_header(),
            Part::NameLength => {
                picker.scalar.clear();
                self.inside(Part::Name, number);
            }
            Part::Name => {
                let name = picker.scalar.text().unwrap_or_default();
                let known = HEADERS.iter().find(|known| known.0 == name);
                self.header = known.map_or(Header::Other, |known| known.1);
                self.inside(Part::Type, 1);
            }
            Part::Type => {
                if number != STRING {
                    self.header = Header::Other;
                }
                picker.scalar.clear();
                match SIZES.get(number as usize) {
                    Some(Some(size)) => self.inside(Part::Value, *size),
                    Some(None) => self.inside(Part::ValueLength, 2),
                    None => self.part = Part::Broken,
                }
            }
            Part::ValueLength => self.inside(Part::Value, number),
            Part::Value => {
                tell(self.header, picker.scalar.text().unwrap_or_default(), notes);
                self.next_header();
            }
            Part::Payload => {
                self.end_payload(picker, notes);
                self.go(Part::LastChecksum, 4, true);
            }
            Part::LastChecksum => self.go(Part::Total, 4, true),
            Part::Broken => {}
        }
    }

    fn go(&mut self, part: Part, size: u32, is_possible: bool) {
        self.part = if is_possible { part } else { Part::Broken };
        self.left = size;
    }

    /// A part of the headers.
    fn inside(&mut self, part: Part, size: u32) {
        let headers = self.headers.checked_sub(size);
        self.headers = headers.unwrap_or_default();
        self.go(part, size, headers.is_some());
    }

    fn next_header(&mut self) {
        if self.headers == 0 {
            self.go(Part::Payload, self.payload, true);
        } else {
            self.inside(Part::NameLength, 1);
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

/// Bytes of a document in which a line end is white space.
pub(super) fn feed(piece: &[u8], picker: &mut Picker, notes: &mut Notes) {
    let mut rest = piece;
    while !rest.is_empty() {
        let taken = picker.feed(rest, notes);
        rest = rest.get(taken..).unwrap_or_default();
        if let Some((_, behind)) = rest.split_first() {
            picker.end_line(notes);
            rest = behind;
        }
    }
}

fn tell(header: Header, value: &[u8], notes: &mut Notes) {
    match header {
        Header::Other => {}
        Header::Event if value == b"metadata" => notes.mark(Mark::Ended),
        Header::Event => {}
        Header::Message if value == b"event" => {}
        Header::Message => notes.mark(Mark::Failed),
        Header::Error => notes.stage(Text::ErrorCode as u8, value, is_word(value)),
    }
}
