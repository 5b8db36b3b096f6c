//! OTLP in protocol buffers.
//!
//! A body is one request with one list of spans. The lengths of the messages around them are put in when it is closed.

use alloc::string::String;
use alloc::vec::Vec;

use micropb::{PbDecoder, Tag, WIRE_TYPE_LEN, WIRE_TYPE_VARINT};

use super::message::{
    AnyValue, Message, Room, export_request, export_response, link, partial_success, resource,
    resource_spans, scope, scope_spans, span, status,
};
use super::{KIND_SERVER, PATH, SCOPE, STATUS_ERROR, Says, attributes, flags};
use crate::backend::{Dialect, Settings};
use crate::backend::{Endpoint, resource_attributes};
use crate::span::{AttributeValue, Span};
use crate::tree::double;

pub(super) const CALL: Endpoint = Endpoint {
    path: PATH,
    content_type: "application/x-protobuf",
    between: b"",
    close: b"",
    seal,
};

/// How a body begins: with everything that stands before the spans.
pub(super) fn opening(service: &str, backend: &Settings) -> Vec<u8> {
    let mut about = Vec::new();
    for (key, value) in resource_attributes(service, backend) {
        let value = AnyValue::Text(value.as_bytes());
        Message(&mut about).attribute(resource::ATTRIBUTES, ["", key], &value);
    }
    let mut named = Vec::new();
    let (name, version) = SCOPE;
    Message(&mut named).bytes(scope::NAME, name.as_bytes());
    Message(&mut named).bytes(scope::VERSION, version.as_bytes());

    let mut opening = Vec::new();
    let mut body = Message(&mut opening);
    body.open(export_request::RESOURCE_SPANS);
    // Its length in as many digits as the others, so that what follows it is found again.
    let room = body.open(resource_spans::RESOURCE);
    body.0.extend_from_slice(&about);
    room.fill(body.0);
    body.open(resource_spans::SCOPE_SPANS);
    body.bytes(scope_spans::SCOPE, &named);
    opening
}

/// Puts in the lengths of the request, and of the list of spans behind the resource.
fn seal(body: &mut [u8]) {
    let request = Room::at(TAG);
    let about = Room::at(request.end() + TAG);
    let spans = Room::at(about.end() + about.length(body) + TAG);
    request.fill(body);
    spans.fill(body);
}

/// The bytes of a field's number and kind; every number here has one digit.
const TAG: usize = 1;

/// Writes a span behind the others.
pub(super) fn encode(of: &Span<'_>, dialect: Dialect, body: &mut Vec<u8>) {
    let own = of.own();
    let Some(place) = own.otel else {
        return;
    };
    let room = Message(body).open(scope_spans::SPANS);
    let mut out = Message(body);
    out.bytes(span::TRACE_ID, &place.trace.bits().to_be_bytes());
    out.bytes(span::SPAN_ID, &own.id.as_span().bits().to_be_bytes());
    if let Some(state) = of.state() {
        out.bytes(span::TRACE_STATE, state);
    }
    // Absent in a root: eight zeros are a parent to some.
    if let Some(parent) = place.parent {
        out.bytes(span::PARENT_SPAN_ID, &parent.bits().to_be_bytes());
    }
    out.begin(span::NAME, of.name().map(<[u8]>::len).sum());
    of.name().for_each(|text| out.0.extend_from_slice(text));
    out.varint(span::KIND, KIND_SERVER);
    out.fixed64(span::START_TIME, of.started().0);
    out.fixed64(span::END_TIME, of.ended().0);
    attributes(of, dialect, &mut |told| {
        said(&told.says, &mut |value| {
            out.attribute(span::ATTRIBUTES, told.name, value);
        });
    });
    of.links(&mut |ids| {
        let mut inside = Vec::new();
        Message(&mut inside).bytes(link::TRACE_ID, &ids.trace.bits().to_be_bytes());
        Message(&mut inside).bytes(link::SPAN_ID, &ids.span.bits().to_be_bytes());
        out.bytes(span::LINKS, &inside);
    });
    if of.error().is_some() {
        let mut inside = Vec::new();
        Message(&mut inside).varint(status::CODE, STATUS_ERROR);
        out.bytes(span::STATUS, &inside);
    }
    out.fixed32(span::FLAGS, flags(place));
    room.fill(body);
}

fn said(says: &Says<'_>, tell: &mut dyn FnMut(&AnyValue<'_>)) {
    match says {
        Says::One(AttributeValue::Whole(number)) => tell(&AnyValue::Whole(*number)),
        Says::One(AttributeValue::True) => tell(&AnyValue::True),
        Says::One(AttributeValue::Seconds(nanos)) => tell(&AnyValue::Double(*nanos as f64 / 1e9)),
        Says::One(AttributeValue::Decimal(number)) => {
            tell(&AnyValue::Double(double(number).unwrap_or_default()));
        }
        Says::One(AttributeValue::FinishReasons(words)) => {
            let texts: Vec<&[u8]> = words.iter().collect();
            tell(&AnyValue::Texts(&texts));
        }
        Says::One(value) => value.text(&mut |text| tell(&AnyValue::Text(text))),
        Says::ListOfOne(value) => value.text(&mut |text| tell(&AnyValue::Texts(&[text]))),
        Says::List(texts) => {
            let texts: Vec<&[u8]> = texts.iter().map(String::as_bytes).collect();
            tell(&AnyValue::Texts(&texts));
        }
    }
}

/// How many spans of an accepted batch were rejected. An answer that was cut off, or is something else, says nothing.
pub(super) fn missing(answer: &[u8], sent: usize) -> usize {
    let rejected = rejected(&mut PbDecoder::new(answer));
    let rejected = rejected.and_then(|count| u64::try_from(count).ok());
    rejected.unwrap_or_default().min(sent as u64) as usize
}

fn rejected(answer: &mut PbDecoder<&[u8]>) -> Option<i64> {
    let partial = Tag::from_parts(export_response::PARTIAL_SUCCESS, WIRE_TYPE_LEN);
    let rejected = Tag::from_parts(partial_success::REJECTED_SPANS, WIRE_TYPE_VARINT);
    find(answer, partial)?;
    let _length = answer.decode_varint32().ok()?;
    find(answer, rejected)?;
    answer.decode_int64().ok()
}

/// Goes on to where the value of a field begins.
fn find(message: &mut PbDecoder<&[u8]>, wanted: Tag) -> Option<()> {
    loop {
        let tag = message.decode_tag().ok()?;
        if tag == wanted {
            return Some(());
        }
        message.skip_wire_value(tag.wire_type()).ok()?;
    }
}
