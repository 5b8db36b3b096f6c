//! Opik's REST API: the rows of traces first, then the spans.
//!
//! A batch inserts whole rows; of two rows with one id the newer `last_updated_at` wins. A span makes no trace, so the
//! row is written with the span by whoever made the trace id (law 9). One bad item refuses the whole batch.

use alloc::string::String;
use alloc::vec::Vec;

use super::{Api, Bodies, Call, Meaning, Moment, json};
use crate::config::{Backend, BackendKind};
use crate::identity::TraceRow;
use crate::policy::Secret;
use crate::span::{ErrorType, Key, Span, Value};

pub(super) const API: Api = Api {
    kind: BackendKind::Opik,
    calls: &CALLS,
    headers,
    encode,
    meaning,
};

static CALLS: [Call; 2] = [
    Call {
        path: "/v1/private/traces/batch",
        content_type: JSON,
        open: b"{\"traces\":[",
        close: b"]}",
        between: b",",
    },
    Call {
        path: "/v1/private/spans/batch",
        content_type: JSON,
        open: b"{\"spans\":[",
        close: b"]}",
        between: b",",
    },
];
const TRACES: usize = 0;
const SPANS: usize = 1;
const JSON: &str = "application/json";

fn headers(backend: &Backend) -> Vec<(String, Secret)> {
    let mut headers = Vec::new();
    if let Some(key) = &backend.api_key {
        headers.push(("authorization".into(), key.clone()));
    }
    if let Some(workspace) = &backend.workspace {
        headers.push(("comet-workspace".into(), Secret::new(workspace.clone())));
    }
    headers
}

/// Answers by their number. A repeated batch is harmless: rows have our ids and our times. What no rule names would be
/// answered in the same way again: a redirection of a wrong address, a method that something on the way forbids.
fn meaning(status: u16) -> Meaning {
    match status {
        200..=299 => Meaning::Stored,
        409 => Meaning::There,
        400 | 413 | 422 => Meaning::Split,
        408 | 425 | 429 | 500..=599 => Meaning::Later,
        _ => Meaning::Stop,
    }
}

/// Writes the span, and the row where it is ours. Every text stands between the quotes that the fixed parts around it
/// bring along: few large pieces are copied faster than many small ones.
fn encode(span: &Span<'_>, backend: &Backend, bodies: &mut Bodies<'_>) {
    let own = span.own();
    let (Some(place), Some(dashed)) = (own.opik, span.dashed()) else {
        return;
    };
    let ended = bodies.moment(span.ended());

    let out = bodies.item(SPANS);
    out.extend_from_slice(br#"{"id":""#);
    out.extend_from_slice(&dashed.span);
    out.extend_from_slice(br#"","trace_id":""#);
    out.extend_from_slice(&dashed.trace);
    if let Some(parent) = place.parent {
        out.extend_from_slice(br#"","parent_span_id":""#);
        out.extend_from_slice(&parent.dashed());
    }
    out.extend_from_slice(br#"","type":"general","last_updated_at":""#);
    out.extend_from_slice(ended.as_bytes());
    let start = out.len();
    common(out, span, backend, &ended);

    let updated = match place.row {
        TraceRow::NotOurs => return,
        TraceRow::Ours => ended,
        TraceRow::OursAt(time) => Moment::of(time),
    };
    let out = bodies.item(TRACES);
    out.extend_from_slice(br#"{"id":""#);
    out.extend_from_slice(&dashed.trace);
    if let Some(thread) = span.thread() {
        out.extend_from_slice(br#"","thread_id":""#);
        json::text(out, thread);
    }
    out.extend_from_slice(br#"","last_updated_at":""#);
    out.extend_from_slice(updated.as_bytes());
    bodies.repeat(start);
}

/// What a row and a span have alike, from behind a text to the end of the object.
fn common(out: &mut Vec<u8>, span: &Span<'_>, backend: &Backend, ended: &Moment) {
    // Asked once for all of them.
    let is_plain = span.is_plain();
    out.extend_from_slice(br#"","start_time":""#);
    out.extend_from_slice(ended.near(span.started()).as_bytes());
    out.extend_from_slice(br#"","end_time":""#);
    out.extend_from_slice(ended.as_bytes());
    if let Some(project) = span.project().or(backend.project.as_deref()) {
        out.extend_from_slice(br#"","project_name":""#);
        json::text(out, project.as_bytes());
    }
    out.extend_from_slice(br#"","source":"sdk","name":""#);
    // A template may leave nothing of a request, and nobody finds a row without a name.
    let is_blank = span.name().all(is_blank);
    let nameless = is_blank.then(|| span.service());
    for text in span.name() {
        plain(out, text, is_plain);
    }
    if let Some(service) = nameless {
        json::text(out, service.as_bytes());
    }
    out.push(b'"');
    if let [first, others @ ..] = span.tags() {
        out.extend_from_slice(br#","tags":[""#);
        json::text(out, first.as_bytes());
        for tag in others {
            out.extend_from_slice(br#"",""#);
            json::text(out, tag.as_bytes());
        }
        out.extend_from_slice(br#""]"#);
    }
    if let Some(error) = span.error() {
        failure(out, error);
    }
    metadata(out, span, is_plain);
}

fn is_blank(text: &[u8]) -> bool {
    let is_white = |text: &str| text.chars().all(char::is_whitespace);
    !text.iter().any(u8::is_ascii_graphic) && core::str::from_utf8(text).is_ok_and(is_white)
}

/// A text that is known to be plain, or may not be.
fn plain(out: &mut Vec<u8>, text: &[u8], is_plain: bool) {
    if is_plain {
        out.extend_from_slice(text);
    } else {
        json::text(out, text);
    }
}

/// All three must be there and not be blank; a gateway has no traceback.
fn failure(out: &mut Vec<u8>, error: ErrorType) {
    out.extend_from_slice(br#","error_info":{"exception_type":""#);
    json::shown(out, &error);
    out.extend_from_slice(br#"","message":""#);
    json::shown(out, &error.sentence());
    out.extend_from_slice(br#"","traceback":"gateway: "#);
    json::shown(out, &error.sentence());
    out.extend_from_slice(br#""}"#);
}

/// The attributes, and the end of the object. No key needs escaping: they are ours, or tokens of HTTP.
fn metadata(out: &mut Vec<u8>, span: &Span<'_>, is_plain: bool) {
    out.extend_from_slice(br#","metadata":{"#);
    // A member brings along the quote that ends the text before it and the comma behind that: the first one neither.
    let mut surplus = QUOTE_AND_COMMA;
    span.attributes(&mut |attribute| {
        match attribute.key {
            Key::Known(known) => out.extend_from_slice(behind(surplus, known.member.as_bytes())),
            Key::RequestHeader(name) => {
                out.extend_from_slice(behind(surplus, br#"","http.request.header."#));
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(br#"":""#);
            }
        }
        surplus = 0;
        match attribute.value {
            Value::Whole(number) => {
                // A number stands without quotes.
                out.pop();
                json::whole(out, number);
                surplus = QUOTE;
            }
            Value::Text(text) => plain(out, text, is_plain),
            Value::Trace(id) => out.extend_from_slice(&id.hex()),
            Value::Span(id) => out.extend_from_slice(&id.hex()),
            Value::Opik(id) => out.extend_from_slice(&id.dashed()),
            other => json::shown(out, &other),
        }
    });
    out.extend_from_slice(behind(surplus, br#""}}"#));
}

/// What a member begins with, and may be too much.
const QUOTE: usize = 1;
const QUOTE_AND_COMMA: usize = 2;

fn behind(surplus: usize, member: &[u8]) -> &[u8] {
    if surplus == 0 {
        return member;
    }
    member.get(surplus..).unwrap_or_default()
}
