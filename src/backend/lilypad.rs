//! Lilypad's own API: a list of spans, in one call.
//!
//! The server is not idempotent: a span id is stored once, and a list with one that is there already fails whole, with the
//! same status as a list with something bad in it. What it accepts it need not store: without a queue of its own it keeps a
//! trace only if the list holds its root.

use alloc::string::String;
use alloc::vec::Vec;

use super::genai;
use super::{
    BackendApi, Bodies, Endpoint, Frame, Meaning, Served, answer, json, leave, resource_attributes,
};
use crate::backend::{BackendKind, Settings};
use crate::identity::Systems;
use crate::ids::SpanId;
use crate::policy::Rules;
use crate::secret::Secret;
use crate::span::{AttributeValue, Span};

pub(super) const API: BackendApi = BackendApi {
    serves: Served::all(BackendKind::Lilypad),
    receives: Systems {
        opik: false,
        otel: true,
    },
    calls: &[Endpoint {
        path: "/traces",
        content_type: "application/json",
        between: b",",
        close: b"]",
        seal: leave,
    }],
    base,
    headers,
    project: None,
    frame,
    encode,
    meaning,
    missing: Some(missing),
    doubt,
};

/// The most characters that a text of a span may have, where a server with a queue takes it.
const LONGEST: usize = 10_000;

/// Whether the resource is too long.
pub(crate) fn is_too_long(service: &str, backend: &Settings) -> bool {
    resource(service, backend).len() > LONGEST
}

/// What a server drops without a word, where the rules let it come to that.
fn doubt(rules: &Rules) -> Option<&'static str> {
    rules.joins().then_some(
        "a server without a queue keeps no span whose parent comes in another call: callers that are joined are not seen there",
    )
}

fn base(backend: &Settings) -> String {
    let project = backend.project_id.as_deref().unwrap_or_default();
    alloc::format!("{}/projects/{project}", backend.url)
}

fn headers(backend: &Settings) -> Vec<(String, Secret)> {
    let key = backend.api_key.iter();
    key.map(|key| ("x-api-key".into(), key.clone())).collect()
}

fn frame(service: &str, backend: &Settings) -> Frame {
    let mut common = Vec::new();
    common.extend_from_slice(
        concat!(
            r#","instrumentation_scope":{"name":"gatespan","version":""#,
            env!("CARGO_PKG_VERSION"),
            r#"","schema_url":null,"attributes":{}},"resource":""#,
        )
        .as_bytes(),
    );
    json::text(&mut common, &resource(service, backend));
    common.extend_from_slice(br#"","name":""#);
    Frame {
        openings: [b"[".into(), Vec::new()],
        common,
    }
}

/// The resource, which is a text that holds JSON.
fn resource(service: &str, backend: &Settings) -> Vec<u8> {
    let mut out = Vec::from(br#"{"attributes":{"#);
    for (index, (key, value)) in resource_attributes(service, backend).enumerate() {
        out.extend_from_slice(if index == 0 { b"\"" } else { b",\"" });
        json::text(&mut out, key.as_bytes());
        out.extend_from_slice(br#"":""#);
        json::text(&mut out, value.as_bytes());
        out.push(b'"');
    }
    out.extend_from_slice(br#"},"schema_url":""}"#);
    out
}

/// A root says `null` for its parent: an empty text would be neither a root nor a child, and such a span is lost.
fn encode(span: &Span<'_>, _: &Settings, bodies: &mut Bodies<'_>) {
    let own = span.own();
    let Some(place) = own.otel else {
        return;
    };
    let common = bodies.common();
    let out = bodies.item(0);
    out.extend_from_slice(br#"{"trace_id":""#);
    out.extend_from_slice(&place.trace.hex());
    out.extend_from_slice(br#"","span_id":""#);
    out.extend_from_slice(&own.id.as_span().hex());
    out.extend_from_slice(br#"","parent_span_id":"#);
    let parent = place.parent.map(SpanId::hex);
    or_null(out, parent.as_ref().map(<[u8; 16]>::as_slice));
    out.extend_from_slice(common);
    json::name(out, span);
    out.extend_from_slice(br#"","start_time":"#);
    json::whole(out, span.started().0);
    out.extend_from_slice(br#","end_time":"#);
    json::whole(out, span.ended().0);
    out.extend_from_slice(br#","attributes":"#);
    let mut members = json::Members::begin(out, span);
    members.member(["", "lilypad.type"], AttributeValue::Text(b"trace"));
    members.common(span);
    if let Some(findings) = span.findings() {
        // By its older name the server knows it. A tool is nobody's.
        let provider = findings.dialect().provider().as_bytes();
        if !provider.is_empty() {
            members.member(["", "gen_ai.system"], AttributeValue::Text(provider));
        }
        genai::attributes(findings, span.started(), &mut |name, value| {
            members.member([name.prefix, name.rest], value);
        });
    }
    members.end();
    let status: &[u8] = match span.error() {
        Some(_) => br#","status":"ERROR","session_id":"#,
        None => br#","status":"UNSET","session_id":"#,
    };
    out.extend_from_slice(status);
    or_null(out, span.thread());
    out.extend_from_slice(br#","events":[],"links":["#);
    span.links(&mut |ids| {
        if out.ends_with(b"}") {
            out.push(b',');
        }
        out.extend_from_slice(br#"{"context":{"trace_id":""#);
        out.extend_from_slice(&ids.trace.hex());
        out.extend_from_slice(br#"","span_id":""#);
        out.extend_from_slice(&ids.span.hex());
        out.extend_from_slice(br#""},"attributes":{}}"#);
    });
    out.extend_from_slice(b"]}");
}

/// A text that needs no escaping, or what stands for none.
fn or_null(out: &mut Vec<u8>, text: Option<&[u8]>) {
    let Some(text) = text else {
        return out.extend_from_slice(b"null");
    };
    out.push(b'"');
    out.extend_from_slice(text);
    out.push(b'"');
}

/// Answers by their number. 500 is given to a list that holds a span for the second time, to one that holds something bad,
/// and to every list while the database is away.
fn meaning(status: u16) -> Meaning {
    match status {
        200..=299 => Meaning::Stored,
        500 => Meaning::Unclear,
        413 | 422 => Meaning::Split,
        425 | 429 => Meaning::Wait,
        408 | 501..=599 => Meaning::Later,
        _ => Meaning::Stop,
    }
}

/// A server without a queue says how many it has stored. One with a queue does not know it yet.
fn missing(answer: &[u8], sent: usize) -> usize {
    if !answer::says(answer, b"\"trace_status\"", b"processed") {
        return 0;
    }
    let stored = answer::number(answer, b"\"span_count\"");
    sent.saturating_sub(stored.unwrap_or(sent))
}
