//! Messages of protocol buffers: the numbers of their fields, and the writing of one inside of another. How a number or a
//! text stands on the wire is `micropb`'s.
//!
//! <https://github.com/open-telemetry/opentelemetry-proto>: `trace/v1/trace.proto`, `common/v1/common.proto`,
//! `resource/v1/resource.proto`, `collector/trace/v1/trace_service.proto`.

use alloc::vec::Vec;
use core::convert::Infallible;

use micropb::size::{sizeof_varint32, sizeof_varint64};
use micropb::{PbEncoder, Tag, WIRE_TYPE_I32, WIRE_TYPE_I64, WIRE_TYPE_LEN, WIRE_TYPE_VARINT};

/// The fields of a message and their numbers.
macro_rules! messages {
    ($($message:ident { $($field:ident = $number:literal,)* })*) => {
        $(pub(super) mod $message {
            $(pub(in crate::backend::otlp) const $field: u32 = $number;)*
        })*
    };
}

messages! {
    export_request { RESOURCE_SPANS = 1, }
    export_response { PARTIAL_SUCCESS = 1, }
    partial_success { REJECTED_SPANS = 1, }
    resource_spans { RESOURCE = 1, SCOPE_SPANS = 2, }
    resource { ATTRIBUTES = 1, }
    scope_spans { SCOPE = 1, SPANS = 2, }
    scope { NAME = 1, VERSION = 2, }
    span {
        TRACE_ID = 1,
        SPAN_ID = 2,
        TRACE_STATE = 3,
        PARENT_SPAN_ID = 4,
        NAME = 5,
        KIND = 6,
        START_TIME = 7,
        END_TIME = 8,
        ATTRIBUTES = 9,
        LINKS = 13,
        STATUS = 15,
        FLAGS = 16,
    }
    link { TRACE_ID = 1, SPAN_ID = 2, }
    status { CODE = 3, }
    key_value { KEY = 1, VALUE = 2, }
    any_value { STRING = 1, INT = 3, ARRAY = 5, }
    array_value { VALUES = 1, }
}

/// A message that is being written, at the end of a body.
pub(super) struct Message<'b>(pub(super) &'b mut Vec<u8>);

impl Message<'_> {
    /// Bytes, a text, or a message that was written elsewhere.
    pub(super) fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.tag(field, WIRE_TYPE_LEN);
        done(self.wire().encode_bytes(bytes));
    }

    pub(super) fn varint(&mut self, field: u32, number: u64) {
        self.tag(field, WIRE_TYPE_VARINT);
        done(self.wire().encode_varint64(number));
    }

    pub(super) fn fixed64(&mut self, field: u32, number: u64) {
        self.tag(field, WIRE_TYPE_I64);
        done(self.wire().encode_fixed64(number));
    }

    pub(super) fn fixed32(&mut self, field: u32, number: u32) {
        self.tag(field, WIRE_TYPE_I32);
        done(self.wire().encode_fixed32(number));
    }

    /// What is told before a text in pieces, or a message, of this length.
    pub(super) fn begin(&mut self, field: u32, length: usize) {
        self.tag(field, WIRE_TYPE_LEN);
        done(self.wire().encode_varint32(length as u32));
    }

    /// The same where the length is not known yet: [`Room::fill`] puts it there.
    pub(super) fn open(&mut self, field: u32) -> Room {
        self.tag(field, WIRE_TYPE_LEN);
        let room = Room(self.0.len());
        self.0.extend_from_slice(&[0; Room::BYTES]);
        room
    }

    /// An attribute with one value, its name in two pieces.
    pub(super) fn attribute(
        &mut self,
        field: u32,
        [prefix, name]: [&str; 2],
        value: &AnyValue<'_>,
    ) {
        let (name_length, value_length) = (prefix.len() + name.len(), value.size());
        let length = record(name_length) + record(value_length);
        self.begin_both([(field, length), (key_value::KEY, name_length)]);
        self.0.extend_from_slice(prefix.as_bytes());
        self.0.extend_from_slice(name.as_bytes());
        if let AnyValue::Text(text) = value {
            self.begin_both([
                (key_value::VALUE, value_length),
                (any_value::STRING, text.len()),
            ]);
            self.0.extend_from_slice(text);
        } else {
            self.begin(key_value::VALUE, value_length);
            value.write(self);
        }
    }

    /// One field that begins with another. Nearly always both lengths have one digit, and then this is done in one step.
    fn begin_both(&mut self, fields: [(u32, usize); 2]) {
        if fields.iter().all(|(_, length)| *length < usize::from(MORE)) {
            let [outer, inner] = fields.map(|(field, length)| {
                let tag = Tag::from_parts(field, WIRE_TYPE_LEN).varint();
                [tag as u8, length as u8]
            });
            self.0.extend_from_slice([outer, inner].as_flattened());
        } else {
            for (field, length) in fields {
                self.begin(field, length);
            }
        }
    }

    fn tag(&mut self, field: u32, wire_type: u8) {
        done(self.wire().encode_tag(Tag::from_parts(field, wire_type)));
    }

    fn wire(&mut self) -> PbEncoder<&mut Vec<u8>> {
        PbEncoder::new(self.0)
    }
}

/// Room for a length: four digits of seven bits, whatever it needs. Every reader takes zeros behind the last digit, and
/// nothing that was written has to be moved.
pub(super) struct Room(usize);

impl Room {
    const BYTES: usize = 4;

    /// The one at this place of a body.
    pub(super) const fn at(place: usize) -> Self {
        Self(place)
    }

    /// Where that begins whose length it is.
    pub(super) const fn end(&self) -> usize {
        self.0 + Self::BYTES
    }

    /// The length that was put there.
    pub(super) fn length(&self, body: &[u8]) -> usize {
        let digits = body.get(self.0..self.end()).unwrap_or_default();
        let value = |length, digit: &u8| length << 7 | usize::from(digit & !MORE);
        digits.iter().rev().fold(0, value)
    }

    /// Puts there the length of all that follows.
    pub(super) fn fill(&self, body: &mut [u8]) {
        let Some(place) = body.get_mut(self.0..) else {
            return;
        };
        if let Some((digits, rest)) = place.split_first_chunk_mut::<{ Self::BYTES }>() {
            let length = rest.len();
            *digits = [0, 7, 14, 21].map(|shift| (length >> shift) as u8 | MORE);
            let [.., last] = digits;
            *last &= !MORE;
        }
    }
}

/// Another digit follows.
const MORE: u8 = 0x80;

/// What an attribute says.
pub(super) enum AnyValue<'v> {
    Text(&'v [u8]),
    Whole(u64),
    Texts(&'v [&'v [u8]]),
}

impl AnyValue<'_> {
    fn size(&self) -> usize {
        match self {
            Self::Text(text) => record(text.len()),
            Self::Whole(number) => 1 + sizeof_varint64(*number),
            Self::Texts(texts) => record(Self::size_of_list(texts)),
        }
    }

    fn size_of_list(texts: &[&[u8]]) -> usize {
        let sizes = texts.iter().map(|text| record(record(text.len())));
        sizes.sum()
    }

    fn write(&self, message: &mut Message<'_>) {
        match self {
            Self::Text(text) => message.bytes(any_value::STRING, text),
            Self::Whole(number) => message.varint(any_value::INT, *number),
            Self::Texts(texts) => {
                message.begin(any_value::ARRAY, Self::size_of_list(texts));
                for text in *texts {
                    message.begin(array_value::VALUES, record(text.len()));
                    message.bytes(any_value::STRING, text);
                }
            }
        }
    }
}

/// What a text or a message of this length takes with all that stands before it: the numbers of these fields have one digit.
const fn record(length: usize) -> usize {
    1 + sizeof_varint32(length as u32) + length
}

/// Writing into memory does not fail.
fn done(written: Result<(), Infallible>) {
    match written {
        Ok(()) => {}
        Err(never) => match never {},
    }
}
