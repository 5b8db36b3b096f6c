//! OTLP in JSON: that of protocol buffers, but for ids, which are hex, and enumerations, which are numbers.

use alloc::string::String;
use alloc::vec::Vec;

use super::{KIND_SERVER, SCOPE, STATUS_ERROR, Says, attributes, flags};
use crate::backend::{Dialect, Settings};
use crate::backend::{json, resource_attributes};
use crate::span::{AttributeValue, Span};

/// How a body begins: with everything that stands before the spans.
pub(super) fn opening(service: &str, backend: &Settings) -> Vec<u8> {
    let mut out = Vec::from(br#"{"resourceSpans":[{"resource":{"attributes":["#);
    let mut list = List(&mut out);
    for (key, value) in resource_attributes(service, backend) {
        list.text(["", key], value.as_bytes());
    }
    let (name, version) = SCOPE;
    for piece in [
        r#"]},"scopeSpans":[{"scope":{"name":""#,
        name,
        r#"","version":""#,
        version,
        r#""},"spans":["#,
    ] {
        out.extend_from_slice(piece.as_bytes());
    }
    out
}

/// Writes a span.
pub(super) fn encode(span: &Span<'_>, out: &mut Vec<u8>) {
    let own = span.own();
    let Some(place) = own.otel else {
        return;
    };
    out.extend_from_slice(br#"{"traceId":""#);
    out.extend_from_slice(&place.trace.hex());
    out.extend_from_slice(br#"","spanId":""#);
    out.extend_from_slice(&own.id.as_span().hex());
    if let Some(parent) = place.parent {
        out.extend_from_slice(br#"","parentSpanId":""#);
        out.extend_from_slice(&parent.hex());
    }
    if let Some(state) = span.state() {
        out.extend_from_slice(br#"","traceState":""#);
        json::text(out, state);
    }
    out.extend_from_slice(br#"","flags":"#);
    json::whole(out, flags(place).into());
    out.extend_from_slice(br#","kind":"#);
    json::whole(out, KIND_SERVER);
    out.extend_from_slice(br#","name":""#);
    json::name(out, span);
    // 64 bits stand in quotes.
    out.extend_from_slice(br#"","startTimeUnixNano":""#);
    json::whole(out, span.started().0);
    out.extend_from_slice(br#"","endTimeUnixNano":""#);
    json::whole(out, span.ended().0);
    out.extend_from_slice(br#"","attributes":["#);
    let mut list = List(out);
    attributes(span, Dialect::Latest, &mut |told| {
        list.member(told.name, &told.says);
    });
    out.push(b']');
    let mut begin: &[u8] = br#","links":["#;
    span.links(&mut |ids| {
        out.extend_from_slice(core::mem::replace(&mut begin, b","));
        out.extend_from_slice(br#"{"traceId":""#);
        out.extend_from_slice(&ids.trace.hex());
        out.extend_from_slice(br#"","spanId":""#);
        out.extend_from_slice(&ids.span.hex());
        out.extend_from_slice(br#""}"#);
    });
    if begin == b"," {
        out.push(b']');
    }
    if span.error().is_some() {
        out.extend_from_slice(br#","status":{"code":"#);
        json::whole(out, STATUS_ERROR);
        out.push(b'}');
    }
    out.push(b'}');
}

/// A list of attributes that is being written.
struct List<'b>(&'b mut Vec<u8>);

impl List<'_> {
    fn member(&mut self, name: [&str; 2], says: &Says<'_>) {
        match says {
            Says::One(AttributeValue::Whole(number)) => {
                self.begin(name, br#""intValue":""#);
                json::whole(self.0, *number);
                self.0.extend_from_slice(br#""}}"#);
            }
            Says::One(AttributeValue::True) => {
                self.begin(name, br#""boolValue":true}}"#);
            }
            Says::One(value @ (AttributeValue::Seconds(_) | AttributeValue::Decimal(_))) => {
                self.begin(name, br#""doubleValue":"#);
                json::value(self.0, *value, false);
                self.0.extend_from_slice(b"}}");
            }
            Says::One(AttributeValue::FinishReasons(words)) => self.texts(name, words.iter()),
            Says::One(value) => value.text(&mut |text| self.text(name, text)),
            Says::ListOfOne(value) => value.text(&mut |text| self.texts(name, [text].into_iter())),
            Says::List(texts) => self.texts(name, texts.iter().map(String::as_bytes)),
        }
    }

    fn text(&mut self, name: [&str; 2], text: &[u8]) {
        self.begin(name, br#""stringValue":""#);
        json::text(self.0, text);
        self.0.extend_from_slice(br#""}}"#);
    }

    fn texts<'t>(&mut self, name: [&str; 2], texts: impl Iterator<Item = &'t [u8]>) {
        self.begin(name, br#""arrayValue":{"values":["#);
        for (index, text) in texts.enumerate() {
            let open: &[u8] = if index == 0 {
                br#"{"stringValue":""#
            } else {
                br#",{"stringValue":""#
            };
            self.0.extend_from_slice(open);
            json::text(self.0, text);
            self.0.extend_from_slice(br#""}"#);
        }
        self.0.extend_from_slice(b"]}}}");
    }

    fn begin(&mut self, name: [&str; 2], value: &[u8]) {
        if self.0.ends_with(b"}") {
            self.0.push(b',');
        }
        self.0.extend_from_slice(br#"{"key":""#);
        for piece in name {
            json::text(self.0, piece.as_bytes());
        }
        self.0.extend_from_slice(br#"","value":{"#);
        self.0.extend_from_slice(value);
    }
}
