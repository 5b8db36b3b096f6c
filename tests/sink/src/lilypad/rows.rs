//! Which valid spans are stored, and how.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::instant;
use crate::store::{Document, Key, Row, System, Table};

/// Spans in the order of the request: those that are stored, and those that are dropped without an error.
pub(super) struct Sorted {
    pub(super) kept: Vec<Document>,
    pub(super) lost: Vec<Document>,
}

/// Without a queue a tree is stored when its root is in the same request.
pub(super) fn sort(spans: Vec<Document>) -> Sorted {
    let place = |span: &Document, name| (text(span, "trace_id"), text(span, name));
    let mut reached: HashSet<(String, String)> = HashSet::new();
    loop {
        let before = reached.len();
        for span in &spans {
            let parent = place(span, "parent_span_id");
            if parent.1.is_empty() || reached.contains(&parent) {
                reached.insert(place(span, "span_id"));
            }
        }
        if reached.len() == before {
            break;
        }
    }
    let (kept, lost) = spans
        .into_iter()
        .partition(|span| reached.contains(&place(span, "span_id")));
    Sorted { kept, lost }
}

/// The distinct trace ids of these spans.
pub(super) fn traces(spans: &[Document]) -> Vec<String> {
    let mut ids: Vec<String> = spans.iter().map(|span| text(span, "trace_id")).collect();
    ids.sort();
    ids.dedup();
    ids
}

/// A span id is unique in the whole database.
pub(super) fn is_there(table: &Table, id: &str) -> bool {
    table.iter().any(|row| row.key.id == id)
}

pub(super) fn text(span: &Document, name: &str) -> String {
    span.get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

pub(super) fn row(sent: Document, project: &str, path: &str) -> Row {
    let parent = text(&sent, "parent_span_id");
    let key = Key {
        system: System::Lilypad,
        workspace: String::new(),
        project: project.to_owned(),
        trace: text(&sent, "trace_id"),
        parent: (!parent.is_empty()).then_some(parent),
        id: text(&sent, "span_id"),
    };
    let mut document = shown(&sent, &key, path);
    document.insert("sent".to_owned(), sent.into());
    Row {
        key,
        at: instant::now(),
        partial: false,
        document,
    }
}

/// A span in the common form of all systems.
fn shown(sent: &Document, key: &Key, path: &str) -> Document {
    let part = |name: &str| sent.get(name).cloned().unwrap_or_default();
    let at = |name: &str| {
        let nanos = sent.get(name).and_then(Value::as_i64);
        nanos.map(|nanos| instant::spell(nanos / 1_000))
    };
    let resource: Value = serde_json::from_str(&text(sent, "resource")).unwrap_or_default();
    let links: Vec<Value> = part("links")
        .as_array()
        .into_iter()
        .flatten()
        .map(link)
        .collect();
    let document = json!({
        "id": key.id,
        "trace_id": key.trace,
        "parent_span_id": key.parent,
        "project_name": key.project,
        "name": part("name"),
        "kind": part("attributes").get("lilypad.type"),
        "start_time": at("start_time"),
        "end_time": at("end_time"),
        "status": { "code": text(sent, "status").to_ascii_lowercase(), "message": "" },
        "attributes": part("attributes"),
        "events": part("events"),
        "links": links,
        "thread_id": part("session_id"),
        "resource": resource.get("attributes"),
        "scope": part("instrumentation_scope"),
        "path": path,
    });
    match document {
        Value::Object(document) => document,
        _ => Document::new(),
    }
}

fn link(link: &Value) -> Value {
    let of = |name: &str| link.get("context").and_then(|context| context.get(name));
    json!({ "trace_id": of("trace_id"), "span_id": of("span_id"), "attributes": link.get("attributes") })
}
