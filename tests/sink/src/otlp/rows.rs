//! A stored span: ids in hex, attributes as a map, times as text and as exact numbers.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use serde_json::{Number, Value, json};

use crate::ids;
use crate::instant;
use crate::store::{Document, Key, Row, System, Table};

/// Encoding and path of a request.
pub(super) struct Way<'a> {
    pub(super) encoding: &'static str,
    pub(super) path: &'a str,
}

const KINDS: [&str; 6] = [
    "unspecified",
    "internal",
    "server",
    "client",
    "producer",
    "consumer",
];
const CODES: [&str; 3] = ["unset", "ok", "error"];

/// A row for each span, in the order of the request.
pub(super) fn rows(request: &ExportTraceServiceRequest, way: &Way<'_>) -> Vec<Row> {
    let scopes = request.resource_spans.iter().flat_map(|group| {
        let scopes = group.scope_spans.iter();
        scopes.map(move |scope| (group, scope))
    });
    let at = instant::now();
    scopes
        .flat_map(|(group, scope)| {
            scope
                .spans
                .iter()
                .map(move |span| row(span, scope, group, way, at))
        })
        .collect()
}

/// A span that is delivered again is replaced and counted: a backend would show it twice.
pub(super) fn put(table: &mut Table, mut row: Row) {
    let times = |row: &Row| {
        row.document
            .get("times")
            .and_then(Value::as_u64)
            .unwrap_or(0)
    };
    let before = table.find(&row.key).map_or(0, times);
    row.document.insert("times".to_owned(), (before + 1).into());
    table.put(row);
}

fn row(
    span: &Span,
    scope: &ScopeSpans,
    group: &ResourceSpans,
    way: &Way<'_>,
    at: instant::Micros,
) -> Row {
    let key = Key {
        system: System::Otlp,
        workspace: String::new(),
        project: String::new(),
        trace: ids::hex(&span.trace_id),
        parent: (!span.parent_span_id.is_empty()).then(|| ids::hex(&span.parent_span_id)),
        id: ids::hex(&span.span_id),
    };
    let status = span.status.as_ref();
    let resource = map(group
        .resource
        .iter()
        .flat_map(|resource| &resource.attributes));
    let named = scope.scope.as_ref();
    let document = json!({
        "id": key.id,
        "trace_id": key.trace,
        "parent_span_id": key.parent,
        "name": span.name,
        "kind": word(&KINDS, span.kind),
        "start_time": moment(span.start_time_unix_nano),
        "end_time": moment(span.end_time_unix_nano),
        "start_time_unix_nano": span.start_time_unix_nano.to_string(),
        "end_time_unix_nano": span.end_time_unix_nano.to_string(),
        "status": {
            "code": word(&CODES, status.map_or(0, |status| status.code)),
            "message": status.map_or("", |status| &status.message),
        },
        "attributes": map(&span.attributes),
        "dropped_attributes_count": span.dropped_attributes_count,
        "events": span.events.iter().map(event).collect::<Vec<_>>(),
        "links": span.links.iter().map(link).collect::<Vec<_>>(),
        "trace_state": span.trace_state,
        "flags": span.flags,
        "service": resource.get("service.name"),
        "resource": resource,
        "scope": {
            "name": named.map_or("", |scope| &scope.name),
            "version": named.map_or("", |scope| &scope.version),
            "attributes": map(named.iter().flat_map(|scope| &scope.attributes)),
        },
        "encoding": way.encoding,
        "path": way.path,
    });
    Row {
        key,
        at,
        partial: false,
        document: match document {
            Value::Object(document) => document,
            _ => Document::new(),
        },
    }
}

fn event(event: &Event) -> Value {
    json!({
        "name": event.name,
        "time": moment(event.time_unix_nano),
        "attributes": map(&event.attributes),
    })
}

fn link(link: &Link) -> Value {
    json!({
        "trace_id": ids::hex(&link.trace_id),
        "span_id": ids::hex(&link.span_id),
        "trace_state": link.trace_state,
        "flags": link.flags,
        "attributes": map(&link.attributes),
    })
}

fn word(words: &[&'static str], number: i32) -> &'static str {
    let place = usize::try_from(number).ok();
    place
        .and_then(|place| words.get(place))
        .copied()
        .unwrap_or("unknown")
}

fn moment(nanos: u64) -> String {
    instant::spell(i64::try_from(nanos / 1_000).unwrap_or(i64::MAX))
}

/// Attributes by key.
fn map<'a>(pairs: impl IntoIterator<Item = &'a KeyValue>) -> Document {
    pairs
        .into_iter()
        .map(|pair| {
            (
                pair.key.clone(),
                pair.value.as_ref().map_or(Value::Null, value),
            )
        })
        .collect()
}

/// Bytes as `{"bytes": hex}`; doubles without a JSON number as their names.
fn value(any: &AnyValue) -> Value {
    match &any.value {
        None | Some(Any::StringValueStrindex(_)) => Value::Null,
        Some(Any::StringValue(text)) => text.as_str().into(),
        Some(Any::BoolValue(is)) => (*is).into(),
        Some(Any::IntValue(number)) => (*number).into(),
        Some(Any::DoubleValue(number)) => {
            Number::from_f64(*number).map_or_else(|| number.to_string().into(), Value::Number)
        }
        Some(Any::ArrayValue(list)) => list.values.iter().map(value).collect(),
        Some(Any::KvlistValue(list)) => Value::Object(map(&list.values)),
        Some(Any::BytesValue(bytes)) => json!({ "bytes": ids::hex(bytes) }),
    }
}
