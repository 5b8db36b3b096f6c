//! Opik's REST API: the rows of traces first, then the spans.
//!
//! A batch inserts whole rows; of two rows with one id the newer `last_updated_at` wins. A span makes no trace, so the
//! row is written with the span by whoever made the trace id (law 9). One bad item refuses the whole batch.

use alloc::string::String;
use alloc::vec::Vec;

use super::json::Object;
use super::{Api, Bodies, Call, Meaning};
use crate::config::{Backend, BackendKind};
use crate::context::Time;
use crate::identity::TraceRow;
use crate::span::{Span, Value};

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

fn headers(backend: &Backend) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    if let Some(key) = &backend.api_key {
        headers.push(("authorization".into(), key.reveal().into()));
    }
    if let Some(workspace) = &backend.workspace {
        headers.push(("comet-workspace".into(), workspace.clone()));
    }
    headers
}

/// Answers by their number. A repeated batch is harmless: rows have our ids and our times.
fn meaning(status: u16) -> Meaning {
    match status {
        200..=299 | 409 => Meaning::Stored,
        400 | 413 | 422 => Meaning::Split,
        401..=404 => Meaning::Stop,
        _ => Meaning::Later,
    }
}

fn encode(span: &Span<'_>, backend: &Backend, bodies: &mut Bodies<'_>) {
    let Some(place) = span.own().opik else { return };
    let updated = match place.row {
        TraceRow::NotOurs => None,
        TraceRow::Ours => Some(span.ended()),
        TraceRow::OursAt(time) => Some(time),
    };
    if let Some(updated) = updated {
        let mut row = Object::begin(bodies.item(TRACES));
        row.plain("id", &place.trace.dashed());
        if let Some(thread) = span.thread() {
            row.text("thread_id", &thread);
        }
        common(&mut row, span, backend, updated);
        row.end();
    }
    let mut item = Object::begin(bodies.item(SPANS));
    item.plain("id", &span.own().id.dashed());
    item.plain("trace_id", &place.trace.dashed());
    if let Some(parent) = place.parent {
        item.plain("parent_span_id", &parent.dashed());
    }
    item.plain("type", b"general");
    common(&mut item, span, backend, span.ended());
    item.end();
}

/// What a row and a span have alike.
fn common(object: &mut Object<'_>, span: &Span<'_>, backend: &Backend, updated: Time) {
    if let Some(project) = span.project().or(backend.project.as_deref()) {
        object.text("project_name", &project);
    }
    object.text("name", &span.name());
    object.time("start_time", span.started());
    object.time("end_time", span.ended());
    let mut metadata = object.object("metadata");
    for attribute in span.attributes() {
        let entry = metadata.entry(&attribute.key);
        match attribute.value {
            Value::Whole(number) => entry.whole(number),
            value => entry.text(&value),
        }
    }
    metadata.end();
    if !span.tags().is_empty() {
        object.list("tags", span.tags().iter());
    }
    if let Some(error) = span.error() {
        // All three must be there and not be blank; a gateway has no traceback.
        let mut info = object.object("error_info");
        info.text("exception_type", &error);
        info.text("message", &error.sentence());
        info.text("traceback", &format_args!("gateway: {}", error.sentence()));
        info.end();
    }
    object.plain("source", b"sdk");
    object.time("last_updated_at", updated);
}
