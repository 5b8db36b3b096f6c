//! Messages as they are expected.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::Link;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};

/// What the entropy of the first story makes.
pub const OWN_TRACE: &str = "019cae0bba4d78119049423b342d261f";
pub const OWN_SPAN: &str = "968f88817a736c65";

pub const ERROR: Option<Status> = Some(Status {
    message: String::new(),
    code: 2,
});

/// What an attribute says.
#[derive(Clone, Copy)]
pub enum Says<'s> {
    Text(&'s str),
    Whole(i64),
    List(&'s [&'s str]),
}
pub use Says::{List, Text, Whole};

pub fn attribute(key: &str, says: Says<'_>) -> KeyValue {
    let text = |text: &str| Any::StringValue(text.to_owned());
    let value = match says {
        Text(one) => text(one),
        Whole(number) => Any::IntValue(number),
        List(texts) => Any::ArrayValue(ArrayValue {
            values: texts.iter().map(|one| any(text(one))).collect(),
        }),
    };
    KeyValue {
        key: key.to_owned(),
        value: Some(any(value)),
        ..KeyValue::default()
    }
}

const fn any(value: Any) -> AnyValue {
    AnyValue { value: Some(value) }
}

/// The attributes of the story, with these besides or instead, in the order of their keys.
pub fn attributes(further: &[(&str, Says<'_>)]) -> Vec<KeyValue> {
    let usual = [
        ("http.request.method", Text("POST")),
        ("url.scheme", Text("https")),
        ("url.path", Text("/v1/chat")),
        ("url.query", Text("stream=true&user=REDACTED")),
        ("server.address", Text("llm.example.com")),
        ("http.response.status_code", Whole(200)),
        ("http.request.body.size", Whole(17)),
        ("http.response.body.size", Whole(9_007_199_254_740_993)),
        ("gatespan.decision", Text("minted")),
        ("gatespan.end", Text("complete")),
    ];
    let kept = usual
        .iter()
        .filter(|(key, _)| further.iter().all(|(other, _)| other != key));
    let all = kept.chain(further).map(|(key, says)| attribute(key, *says));
    sorted(all.collect())
}

pub fn sorted(mut attributes: Vec<KeyValue>) -> Vec<KeyValue> {
    attributes.sort_by(|one, other| one.key.cmp(&other.key));
    let keys = attributes.iter().map(|attribute| &attribute.key);
    let repeated = keys
        .clone()
        .zip(keys.skip(1))
        .find(|(one, other)| one == other);
    assert_eq!(repeated, None, "a key twice");
    attributes
}

/// A span as it was read, its attributes in the order of their keys.
pub fn in_order(mut span: Span) -> Span {
    span.attributes = sorted(span.attributes);
    span
}

/// The span of the story where nothing came in.
pub fn minted(further: &[(&str, Says<'_>)]) -> Span {
    Span {
        trace_id: hex(OWN_TRACE),
        span_id: hex(OWN_SPAN),
        trace_state: String::new(),
        parent_span_id: Vec::new(),
        // Sampled, random, and it is known that no parent is remote.
        flags: 0x103,
        name: "POST /v1/chat".to_owned(),
        kind: 2,
        start_time_unix_nano: 1_772_446_530_125_000_000,
        end_time_unix_nano: 1_772_446_532_480_001_001,
        attributes: attributes(further),
        dropped_attributes_count: 0,
        events: Vec::new(),
        dropped_events_count: 0,
        links: Vec::new(),
        dropped_links_count: 0,
        status: None,
    }
}

pub fn link(trace: &str, span: &str) -> Link {
    Link {
        trace_id: hex(trace),
        span_id: hex(span),
        ..Link::default()
    }
}

pub fn hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
