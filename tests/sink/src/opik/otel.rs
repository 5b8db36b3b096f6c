//! Opik's OTLP endpoint: an OTLP span as the document of a span in the REST API.
//!
//! | refused here, although Opik accepts it | reason |
//! |---|---|
//! | JSON | Opik reads its ids as base64 and stores the span under wrong ids |
//! | a span without `opik.trace_id` and `opik.span_id` | Opik creates new ids, and a trace row for a root |
//! | an id there that is not a UUID of version 7 | Opik ignores it with a warning, and creates new ids too |
//! | a count of tokens that needs more than 32 bits | Opik truncates it |
//!
//! A span with `opik.trace_id` never creates a trace row, and its OpenTelemetry parent is ignored.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::{Value, json};

use super::mapping::Mapped;
use super::rejection::{Fault, Rejection, Stage};
use crate::otlp::{self, Encoding};
use crate::store::Document;
use crate::{ids, instant};

const DEFAULT_PROJECT: &str = "Default Project";
const ERROR: i32 = 2;

/// The spans of a request, checked only by OTLP's own rules.
pub(super) fn documents(
    body: &[u8],
    content_type: Option<&str>,
    project: Option<&str>,
) -> Result<Vec<Value>, Rejection> {
    let whole = |stage, field, reason| Rejection::of(Fault::whole(stage, field, reason));
    match Encoding::of(content_type) {
        Some(Encoding::Protobuf) => {}
        Some(Encoding::Json) => {
            let reason = "must be application/x-protobuf: Opik reads ids in JSON as base64, and files the span under junk";
            return Err(whole(Stage::Parse, "content-type", reason));
        }
        None => {
            return Err(whole(
                Stage::Media,
                "content-type",
                "must be application/x-protobuf",
            ));
        }
    }
    let request = otlp::read(body, Encoding::Protobuf).map_err(refuse)?;
    let groups = request.resource_spans.iter();
    let spans = groups
        .flat_map(|group| &group.scope_spans)
        .flat_map(|scope| &scope.spans);
    let project = project
        .filter(|name| !name.is_empty())
        .unwrap_or(DEFAULT_PROJECT);
    let (mut documents, mut faults) = (Vec::new(), Vec::new());
    for (item, span) in spans.enumerate() {
        match document(span, project) {
            Ok(document) => documents.push(Value::Object(document)),
            Err(broken) => faults.push(Fault::of(item, broken)),
        }
    }
    if faults.is_empty() {
        return Ok(documents);
    }
    Err(Rejection {
        items: Some(documents.len() + faults.len()),
        faults,
        list: "spans",
    })
}

fn refuse(faults: Vec<otlp::Fault>) -> Rejection {
    let faults = faults.into_iter().map(|fault| Fault {
        stage: Stage::Parse,
        item: None,
        field: fault.field.into(),
        reason: fault.reason.into(),
    });
    Rejection {
        faults: faults.collect(),
        items: None,
        list: "",
    }
}

type Broken = (Stage, &'static str, &'static str);

fn document(span: &Span, project: &str) -> Result<Document, Broken> {
    let id = |name: &'static str| match found(&span.attributes, name) {
        None => Ok(None),
        Some(Any::StringValue(text)) => Ok(Some(text.clone())),
        Some(_) => Err((Stage::Parse, name, "must be a string")),
    };
    let needed = |name| {
        id(name)?.ok_or((
            Stage::Parse,
            name,
            "is required: without it Opik makes an id of its own",
        ))
    };
    let mut document = Document::new();
    let mut put = |name: &str, value: Value| drop(document.insert(name.to_owned(), value));
    put("id", needed("opik.span_id")?.into());
    put("trace_id", needed("opik.trace_id")?.into());
    put("parent_span_id", id("opik.parent_span_id")?.into());
    put("project_name", project.into());
    put("name", span.name.as_str().into());
    put("start_time", millis(span.start_time_unix_nano).into());
    put("end_time", millis(span.end_time_unix_nano).into());
    put("source", "sdk".into());
    put("error_info", error(span));
    put("via", "otlp".into());
    put(
        "otel",
        json!({
            "trace_id": ids::hex(&span.trace_id),
            "span_id": ids::hex(&span.span_id),
            "parent_span_id": ids::hex(&span.parent_span_id),
        }),
    );
    let own = |pair: &&KeyValue| {
        !["opik.trace_id", "opik.span_id", "opik.parent_span_id"].contains(&pair.key.as_str())
    };
    let mut mapped = Mapped::default();
    for pair in span.attributes.iter().filter(own) {
        mapped
            .take(pair)
            .map_err(|reason| (Stage::Parse, "attributes", reason))?;
    }
    mapped.write(&mut document);
    Ok(document)
}

pub(super) fn found<'a>(pairs: &'a [KeyValue], key: &str) -> Option<&'a Any> {
    let pair = pairs.iter().find(|pair| pair.key == key)?;
    pair.value
        .as_ref()
        .and_then(|value: &AnyValue| value.value.as_ref())
}

/// In whole milliseconds.
fn millis(nanos: u64) -> String {
    instant::spell(i64::try_from(nanos / 1_000_000 * 1_000).unwrap_or(i64::MAX))
}

/// From an event `exception`, or from the status.
fn error(span: &Span) -> Value {
    let text = |pairs: &[KeyValue], key| match found(pairs, key) {
        Some(Any::StringValue(text)) if !text.is_empty() => Some(text.clone()),
        _ => None,
    };
    let told = span.status.as_ref().filter(|status| status.code == ERROR);
    let message = told
        .map(|status| status.message.clone())
        .filter(|text| !text.is_empty());
    if let Some(event) = span.events.iter().find(|event| event.name == "exception") {
        return json!({
            "exception_type": text(&event.attributes, "exception.type").unwrap_or_else(|| "exception".to_owned()),
            "message": text(&event.attributes, "exception.message"),
            "traceback": text(&event.attributes, "exception.stacktrace").unwrap_or_else(|| "none".to_owned()),
        });
    }
    told.map_or(Value::Null, |_| {
        json!({
            "exception_type": "ERROR",
            "message": message,
            "traceback": message.as_deref().unwrap_or("status ERROR"),
        })
    })
}
