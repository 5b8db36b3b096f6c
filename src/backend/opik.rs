//! Opik's REST API: the rows of traces first, then the spans.
//!
//! A batch inserts whole rows; of two rows with one id the newer `last_updated_at` wins. A span makes no trace, so the
//! row is written with the span by whoever made the trace id (law 9). One bad item refuses the whole batch.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;

use super::genai;
use super::opik_usage::{opik_model, opik_provider, opik_usage};
use super::{
    BackendApi, Bodies, Endpoint, Frame, Meaning, Moment, Served, as_configured, json, leave,
};
use crate::backend::{BackendKind, Settings};
use crate::genai::Findings;
use crate::identity::Systems;
use crate::identity::TraceRow;
use crate::secret::Secret;
use crate::span::{ErrorType, Span};

pub(super) const API: BackendApi = BackendApi {
    serves: Served::all(BackendKind::Opik),
    receives: Systems {
        opik: true,
        otel: false,
    },
    calls: &CALLS,
    base: as_configured,
    headers,
    project: None,
    frame: |_, _| Frame {
        openings: [ROWS_OPENING.into(), b"{\"spans\":[".into()],
        ..Frame::default()
    },
    encode,
    meaning,
    missing: None,
    doubt: |_| None,
};

static CALLS: [Endpoint; 2] = [
    ROWS,
    Endpoint {
        path: "/v1/private/spans/batch",
        ..ROWS
    },
];
/// The call that writes the rows of traces.
pub(super) const ROWS: Endpoint = Endpoint {
    path: "/v1/private/traces/batch",
    content_type: "application/json",
    between: b",",
    close: b"]}",
    seal: leave,
};
/// How its body begins.
pub(super) const ROWS_OPENING: &[u8] = b"{\"traces\":[";
const TRACES: usize = 0;
const SPANS: usize = 1;

pub(super) fn headers(backend: &Settings) -> Vec<(String, Secret)> {
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
pub(super) fn meaning(status: u16) -> Meaning {
    match status {
        200..=299 => Meaning::Stored,
        409 => Meaning::There,
        400 | 413 | 422 => Meaning::Split,
        425 | 429 => Meaning::Wait,
        408 | 500..=599 => Meaning::Later,
        _ => Meaning::Stop,
    }
}

/// Writes the span, and the row where it is ours. Every text stands between the quotes that the fixed parts around it
/// bring along: few large pieces are copied faster than many small ones.
fn encode(span: &Span<'_>, backend: &Settings, bodies: &mut Bodies<'_>) {
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
    match span.findings() {
        None => out.extend_from_slice(br#"","type":"general","last_updated_at":""#),
        Some(findings) => call(out, span, findings),
    }
    out.extend_from_slice(ended.as_bytes());
    let start = out.len();
    common(out, span, backend, &ended);
    if begin_row(span, &ended, bodies).is_some() {
        bodies.repeat(start);
    }
}

/// Writes the row of the span's trace, where it is ours.
pub(super) fn row(span: &Span<'_>, backend: &Settings, bodies: &mut Bodies<'_>) {
    let ended = bodies.moment(span.ended());
    if let Some(out) = begin_row(span, &ended, bodies) {
        common(out, span, backend, &ended);
    }
}

/// A row as far as it differs from a span, if it is ours: the body is left open behind a text.
fn begin_row<'b>(
    span: &Span<'_>,
    ended: &Moment,
    bodies: &'b mut Bodies<'_>,
) -> Option<&'b mut Vec<u8>> {
    let updated = match span.own().opik?.row {
        TraceRow::NotOurs => return None,
        TraceRow::Ours => *ended,
        TraceRow::OursAt(time) => Moment::of(time),
    };
    let out = bodies.item(TRACES);
    out.extend_from_slice(br#"{"id":""#);
    out.extend_from_slice(&span.dashed()?.trace);
    if let Some(thread) = span.thread() {
        out.extend_from_slice(br#"","thread_id":""#);
        json::text(out, thread);
    }
    out.extend_from_slice(br#"","last_updated_at":""#);
    out.extend_from_slice(updated.as_bytes());
    Some(out)
}

/// What a row and a span have alike, from behind a text to the end of the object.
fn common(out: &mut Vec<u8>, span: &Span<'_>, backend: &Settings, ended: &Moment) {
    out.extend_from_slice(br#"","start_time":""#);
    out.extend_from_slice(ended.near(span.started()).as_bytes());
    out.extend_from_slice(br#"","end_time":""#);
    out.extend_from_slice(ended.as_bytes());
    if let Some(project) = span.project().or(backend.project.as_deref()) {
        out.extend_from_slice(br#"","project_name":""#);
        json::text(out, project.as_bytes());
    }
    out.extend_from_slice(br#"","source":"sdk","name":""#);
    json::name(out, span);
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
        failure(out, &error);
    }
    out.extend_from_slice(br#","metadata":"#);
    let mut members = json::Members::begin(out, span);
    members.common(span);
    if let Some(findings) = span.findings() {
        genai::attributes(findings, span.started(), &mut |name, value| {
            if !has_field(name.rest) {
                members.member([name.prefix, name.rest], value);
            }
        });
    }
    members.end();
    out.push(b'}');
}

/// What a span of Opik has a field of its own for.
fn has_field(name: &str) -> bool {
    let fields = ["gen_ai.provider.name", "gen_ai.response.model"];
    name.starts_with("gen_ai.usage.") || fields.contains(&name)
}

/// What a call says about itself, in the fields that a span has and a row has not; behind a text, and open behind another.
fn call(out: &mut Vec<u8>, span: &Span<'_>, findings: &Findings) {
    let kind: &[u8] = match (findings.is_protocol(), findings.is_tool_call()) {
        (false, _) => br#"","type":"llm"#,
        (true, true) => br#"","type":"tool"#,
        (true, false) => br#"","type":"general"#,
    };
    out.extend_from_slice(kind);
    let mut text = |name: &str, text: Option<&[u8]>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            out.extend_from_slice(name.as_bytes());
            json::text(out, text);
        }
    };
    text(r#"","model":""#, opik_model(findings));
    let provider = opik_provider(findings.dialect());
    text(r#"","provider":""#, Some(provider.as_bytes()));
    out.push(b'"');
    let mut opening: &[u8] = br#","usage":{""#;
    opik_usage(findings, &mut |name, tokens| {
        out.extend_from_slice(mem::replace(&mut opening, br#",""#));
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(br#"":"#);
        json::whole(out, tokens.unsigned_abs().into());
    });
    if opening.len() == br#",""#.len() {
        out.push(b'}');
    }
    if let Some(first) = findings.first_token() {
        out.extend_from_slice(br#","ttft":"#);
        json::millis(out, first.0.saturating_sub(span.started().0));
    }
    if let Some(cost) = findings.cost() {
        out.extend_from_slice(br#","total_estimated_cost":"#);
        out.extend_from_slice(cost);
    }
    out.extend_from_slice(br#","last_updated_at":""#);
}

/// All three must be there and not be blank; a gateway has no traceback.
fn failure(out: &mut Vec<u8>, error: &ErrorType<'_>) {
    out.extend_from_slice(br#","error_info":{"exception_type":""#);
    json::shown(out, error);
    out.extend_from_slice(br#"","message":""#);
    json::shown(out, &error.sentence());
    out.extend_from_slice(br#"","traceback":"gateway: "#);
    json::shown(out, &error.sentence());
    out.extend_from_slice(br#""}"#);
}
