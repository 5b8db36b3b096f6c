//! Each rule refuses something, with the place and the reason in response and log.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::Value;

use super::bodies::{JSON, json_, message, mutate, protobuf, refused, request, send};
use crate::client::{Client, Response, sink};

fn rows(table: &str) -> Vec<(String, Value, String)> {
    serde_json::from_str(table).expect("a table")
}

#[test]
fn every_rule_refuses_in_both_encodings() {
    let sink = sink();
    let rows = rows(include_str!("rules.json"));
    for (place, value, reason) in &rows {
        let body = mutate(place, value);
        let what = format!("{place} = {value}");
        refused(&sink, &json_(&sink, &body), reason, &format!("json {what}"));
        refused(
            &sink,
            &protobuf(&sink, &message(&body)),
            reason,
            &format!("protobuf {what}"),
        );
    }
    assert!(rows.len() >= 50, "{}", rows.len());
}

#[test]
fn json_has_additional_rules() {
    let sink = sink();
    let rows = rows(include_str!("shapes.json"));
    for (place, value, reason) in &rows {
        let body = mutate(place, value);
        refused(
            &sink,
            &json_(&sink, &body),
            reason,
            &format!("{place} = {value}"),
        );
    }
    assert!(rows.len() >= 50, "{}", rows.len());
    let whole = request().to_string();
    let key_twice = whole.replace(r#""kind":2"#, r#""kind":2,"kind":2"#);
    for (body, reason) in [
        ("", "EOF"),
        ("{", "EOF"),
        ("[]", "must be an object"),
        (&whole[..whole.len() - 1], "EOF"),
        (&key_twice, "duplicate field `kind`"),
        ("{}", "resourceSpans: is empty"),
    ] {
        let response = send(&sink, "/v1/traces", JSON, body.as_bytes());
        refused(&sink, &response, reason, &format!("{body:.30}"));
    }
    let invalid = whole.replace("retry", "re\u{1}try").into_bytes();
    let invalid: Vec<u8> = invalid
        .into_iter()
        .map(|byte| if byte == 1 { 0xff } else { byte })
        .collect();
    refused(
        &sink,
        &send(&sink, "/v1/traces", JSON, &invalid),
        "",
        "not UTF-8",
    );
}

#[test]
fn one_invalid_span_refuses_a_thousand() {
    let sink = sink();
    let mut body = message(&request());
    let spans = &mut body.resource_spans[0].scope_spans[0].spans;
    let plain = spans.remove(1);
    *spans = (1..=1_000_u64)
        .map(|number| Span {
            span_id: number.to_be_bytes().to_vec(),
            ..plain.clone()
        })
        .collect();
    let good = body.clone();
    body.resource_spans[0].scope_spans[0].spans[999]
        .name
        .clear();
    refused(
        &sink,
        &protobuf(&sink, &body),
        "spans[999].name: is empty",
        "the last is bad",
    );
    assert_eq!(protobuf(&sink, &good).status, 200);
    assert_eq!(
        Client::new(&sink).read("/read/overview")["counts"]["otlp"],
        1_000
    );
}

#[test]
fn every_fault_is_logged() {
    let sink = sink();
    let mut body = message(&request());
    let spans = &mut body.resource_spans[0].scope_spans[0].spans;
    spans[0].kind = 9;
    spans[1].name.clear();
    assert_eq!(protobuf(&sink, &body).status, 400);
    let reasons = Client::new(&sink).read("/read/refused")["refused"][0]["reasons"].clone();
    let fields: Vec<_> = reasons
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["field"].as_str().unwrap().to_owned())
        .collect();
    let span = |number| format!("resourceSpans[0].scopeSpans[0].spans[{number}]");
    assert_eq!(
        fields,
        [format!("{}.kind", span(0)), format!("{}.name", span(1))]
    );
}

#[test]
fn body_needs_its_media_type() {
    let sink = sink();
    let (json, protobuf) = (
        request().to_string().into_bytes(),
        message(&request()).encode_to_vec(),
    );
    for (kind, body, status) in [
        ("", &json, 415),
        ("content-type: text/plain\r\n", &json, 415),
        ("content-type: application/protobuf\r\n", &protobuf, 415),
        ("content-type: application/grpc\r\n", &protobuf, 415),
        ("content-type: application/x-protobuf\r\n", &json, 400),
        ("content-type: application/json\r\n", &protobuf, 400),
        (
            "content-type: application/json\r\ncontent-encoding: zstd\r\n",
            &json,
            415,
        ),
        (
            "content-type: application/json; charset=utf-8\r\n",
            &json,
            200,
        ),
        ("Content-Type: Application/X-Protobuf\r\n", &protobuf, 200),
    ] {
        let response = Client::new(&sink)
            .send("POST", "/v1/traces", kind, body)
            .unwrap();
        assert_eq!(response.status, status, "{kind:?}");
    }
    let get = Client::new(&sink)
        .send("GET", "/v1/traces", "", b"")
        .unwrap();
    assert_eq!(get.status, 405);
    let empty = empty_protobuf(&sink);
    assert_eq!(
        empty.status, 400,
        "an empty body is a request without spans"
    );
}

fn empty_protobuf(sink: &gatespan_sink::Sink) -> Response {
    protobuf(sink, &ExportTraceServiceRequest::default())
}
