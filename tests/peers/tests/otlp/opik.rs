//! Towards Opik: its own ids, everything else as metadata, and rows of traces before that.

use gatespan::OwnIds;
use opentelemetry_proto::tonic::trace::v1::Span;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::expected::{ERROR, List, Text, Whole, attribute, hex, in_order, minted, sorted};
use super::generated::{Told, recording, stories};
use super::stage::{Call, END, STORY, Stage, Story};

pub const ROWS: &str = "/v1/private/traces/batch";
pub const SPANS: &str = "/v1/private/otel/v1/traces";

fn document(of_backend: &str, more: &str) -> String {
    let url = "http://opik.test/api/v1/private/otel";
    format!(r#"{{"backend": {{"kind": "otlp", "url": "{url}"{of_backend}}}{more}}}"#)
}

pub fn calls(of_backend: &str, more: &str, stories: &[Story<'_>]) -> Vec<Call> {
    let mut stage = Stage::new(&document(of_backend, more));
    for story in stories {
        stage.tell(story);
    }
    stage.drain()
}

pub fn rows(call: &Call) -> Vec<Value> {
    assert_eq!((call.path, call.content_type), (ROWS, "application/json"));
    let body: Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(body.as_object().unwrap().len(), 1);
    body["traces"].as_array().unwrap().clone()
}

pub fn spans(call: &Call) -> Vec<Span> {
    assert_eq!(
        (call.path, call.content_type),
        (SPANS, "application/x-protobuf")
    );
    call.spans()
}

const UUID_TRACE: &str = "019cae0b-ba4d-7811-9049-423b342d261f";
const UUID_SPAN: &str = "019cae0b-ba4d-7e57-968f-88817a736c65";
const OPIK: [(&[u8], &[u8]); 2] = [
    (b"opik_trace_id", b"019cae0b-b9f2-7d08-8b61-27e4a1c05f93"),
    (
        b"opik_parent_span_id",
        b"019cae0b-b9f3-7a5e-b0c7-91d62f4e8a1d",
    ),
];

/// The story's span with all of its attributes as metadata, but for these.
fn filed(mut span: Span, others: &[(&str, &str)]) -> Span {
    for attribute in &mut span.attributes {
        attribute.key.insert_str(0, "opik.metadata.");
    }
    let others = others.iter().map(|(key, says)| attribute(key, Text(says)));
    span.attributes.extend(others);
    in_order(span)
}

#[test]
fn a_minted_trace_is_a_row_and_then_a_span_with_its_id() {
    let calls = calls("", "", &[STORY]);
    let [first, second] = &calls[..] else {
        panic!("{calls:?}")
    };
    let [row] = &rows(first)[..] else {
        panic!("{first:?}")
    };
    assert_eq!(row["id"], UUID_TRACE);
    assert_eq!(row["name"], "POST /v1/chat");
    assert_eq!(row["metadata"]["gatespan.decision"], "minted");
    let [span] = <[_; 1]>::try_from(spans(second)).unwrap();
    let ids = [("opik.trace_id", UUID_TRACE), ("opik.span_id", UUID_SPAN)];
    assert_eq!(in_order(span), filed(minted(&[]), &ids));
}

#[test]
fn a_joined_trace_is_a_span_alone() {
    let story = Story {
        headers: &OPIK,
        ..STORY
    };
    let [call] = <[_; 1]>::try_from(calls("", "", &[story])).unwrap();
    let [span] = <[_; 1]>::try_from(spans(&call)).unwrap();
    let ids = [
        ("opik.trace_id", "019cae0b-b9f2-7d08-8b61-27e4a1c05f93"),
        ("opik.span_id", UUID_SPAN),
        (
            "opik.parent_span_id",
            "019cae0b-b9f3-7a5e-b0c7-91d62f4e8a1d",
        ),
    ];
    let wanted = Span {
        trace_id: hex("019cae0bb9f27d088b6127e4a1c05f93"),
        parent_span_id: hex("b0c791d62f4e8a1d"),
        flags: 0x301,
        ..minted(&[
            ("gatespan.decision", Text("joined")),
            (
                "gatespan.client.opik_trace_id",
                Text("019cae0b-b9f2-7d08-8b61-27e4a1c05f93"),
            ),
            (
                "gatespan.client.opik_parent_span_id",
                Text("019cae0b-b9f3-7a5e-b0c7-91d62f4e8a1d"),
            ),
        ])
    };
    assert_eq!(in_order(span), filed(wanted, &ids));
}

#[test]
fn a_foreign_trace_keeps_its_ids_for_opentelemetry_and_has_derived_ones_for_opik() {
    let story = Story {
        headers: &[(
            b"traceparent",
            b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        )],
        ..STORY
    };
    let calls = calls("", "", &[story]);
    assert_eq!(calls.len(), 2);
    let derived = "019cae0b-ba4d-7da6-a3ce-929d0e0e4736";
    assert_eq!(rows(&calls[0])[0]["id"], derived);
    let [span] = <[_; 1]>::try_from(spans(&calls[1])).unwrap();
    assert_eq!(span.trace_id, hex("4bf92f3577b34da6a3ce929d0e0e4736"));
    assert_eq!(span.parent_span_id, hex("00f067aa0ba902b7"));
    let said = |key: &str| span.attributes.iter().find(|one| one.key == key).cloned();
    assert_eq!(
        said("opik.trace_id"),
        Some(attribute("opik.trace_id", Text(derived)))
    );
    // Opik has no row of that parent, and would hide the span.
    assert_eq!(said("opik.parent_span_id"), None);
}

#[test]
fn tags_thread_and_headers_stand_where_opik_reads_them() {
    let more = r#", "span": {"headers": ["user-agent"], "thread": "x-session"}, "rule": {"tags": ["edge", "eu"]}"#;
    let story = Story {
        headers: &[(b"user-agent", b"curl/8"), (b"x-session", b"conv-7")],
        end: gatespan::End {
            status: Some(500),
            ..END
        },
        ..STORY
    };
    let calls = calls("", more, &[story]);
    let row = &rows(&calls[0])[0];
    assert_eq!(
        (&row["thread_id"], &row["tags"]),
        (&json!("conv-7"), &json!(["edge", "eu"]))
    );
    let [span] = <[_; 1]>::try_from(spans(&calls[1])).unwrap();
    let mut wanted = filed(
        minted(&[
            ("http.request.header.user-agent", Text("curl/8")),
            ("http.response.status_code", Whole(500)),
            ("error.type", Text("500")),
        ]),
        &[
            ("opik.trace_id", UUID_TRACE),
            ("opik.span_id", UUID_SPAN),
            ("thread_id", "conv-7"),
        ],
    );
    wanted.status = ERROR;
    wanted
        .attributes
        .push(attribute("opik.tags", List(&["edge", "eu"])));
    wanted.attributes = sorted(wanted.attributes);
    assert_eq!(in_order(span), wanted);
}

/// Where each attribute goes at Opik 2.1.24, the first row that fits; what fits none goes into the input.
const PLACES: [(&str, &str); 25] = [
    ("opik.trace_id", "ids"),
    ("opik.span_id", "ids"),
    ("opik.parent_span_id", "ids"),
    ("gen_ai.request.model", "model"),
    ("gen_ai.response.model", "model"),
    ("gen_ai.system", "provider"),
    ("gen_ai.usage.*", "usage"),
    ("gen_ai.request.temperature", "metadata"),
    ("gen_ai.response.id", "metadata"),
    ("gen_ai.response.finish_reasons", "metadata"),
    ("gen_ai.operation.name", "metadata"),
    ("gen_ai.tool.*", "metadata"),
    ("gen_ai.agent.*", "metadata"),
    ("server.address", "metadata"),
    ("code.*", "metadata"),
    ("metadata.*", "metadata"),
    ("opik.metadata*", "metadata"),
    ("gen_ai.response*", "output"),
    ("gen_ai.output.*", "output"),
    ("gen_ai.completion", "output"),
    ("output*", "output"),
    ("thread_id", "thread"),
    ("gen_ai.conversation.id", "thread"),
    ("opik.tags", "tags"),
    ("*", "input"),
];

fn place(key: &str) -> &'static str {
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(beginning) => key.starts_with(beginning),
        None => key == pattern,
    };
    PLACES.iter().find(|(pattern, _)| fits(pattern)).unwrap().1
}

/// Whether the row of the trace is ours to write.
fn has_row(own: &OwnIds) -> bool {
    own.opik.unwrap().row != gatespan::TraceRow::NotOurs
}

fn hold(told: &[Told], inbound: &str) {
    let mut stage = Stage::new(&document("", &recording(inbound)));
    let owns: Vec<OwnIds> = told
        .iter()
        .map(|one| one.told(|story| stage.tell(story)))
        .collect();
    let mut calls = stage.drain();
    let last = calls.pop().unwrap();
    let spans = spans(&last);
    let rows: Vec<Value> = calls.iter().flat_map(rows).collect();
    assert!(calls.len() <= 1, "the rows, and the spans behind them");
    let dashed = |id: gatespan::OpikId| String::from_utf8(id.dashed().to_vec()).unwrap();
    let ours = owns.iter().filter(|own| has_row(own));
    let wanted: Vec<_> = ours.map(|own| dashed(own.opik.unwrap().trace)).collect();
    let found: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(found, wanted, "a second row would wipe the caller's");
    assert_eq!(spans.len(), owns.len());
    for (span, own) in spans.iter().zip(&owns) {
        let says = |key: &str| {
            let mut found = span.attributes.iter().filter(|one| one.key == key);
            let found = (found.next().cloned(), found.next());
            assert_eq!(found.1, None, "{key} twice");
            found.0
        };
        let id = |key: &str, id: Option<gatespan::OpikId>| {
            assert_eq!(says(key), id.map(|id| attribute(key, Text(&dashed(id)))));
        };
        id("opik.trace_id", own.opik.map(|place| place.trace));
        id("opik.span_id", Some(own.id));
        id("opik.parent_span_id", own.opik.unwrap().parent);
        for attribute in &span.attributes {
            let place = place(&attribute.key);
            let is_ours = ["ids", "thread", "tags"].contains(&place)
                || attribute.key.starts_with("opik.metadata.");
            assert!(is_ours, "{} goes into {place}", attribute.key);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn nothing_lands_where_nobody_looks_and_rows_are_those_of_our_traces(
        told in stories(),
        inbound in prop::sample::select(vec!["join", "link", "restart"]),
    ) {
        hold(&told, inbound);
    }
}
