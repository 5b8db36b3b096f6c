//! Opik's OTLP endpoint.

use gatespan_sink::{Options, Sink};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde_json::{Value, json};

use crate::client::{CHILD, Client, ROOT, Response, TRACE, sink, with};

const PATH: &str = "/api/v1/private/otel/v1/traces";

/// An attribute: a text, a whole number, or an OTLP value.
fn pair(key: &str, value: &Value) -> Value {
    let value = match value {
        Value::String(text) => json!({ "stringValue": text }),
        Value::Number(number) if number.is_i64() => json!({ "intValue": number.to_string() }),
        other => other.clone(),
    };
    json!({ "key": key, "value": value })
}

/// A root span, and a span below it, with Opik's ids.
fn request(more: &[(String, Value)]) -> Value {
    let own = |id: &str, parent: Option<&str>| {
        let parent = parent.map(|parent| pair("opik.parent_span_id", &json!(parent)));
        let ids = [
            pair("opik.trace_id", &json!(TRACE)),
            pair("opik.span_id", &json!(id)),
        ];
        ids.into_iter().chain(parent).collect::<Vec<_>>()
    };
    let span = |id: &str, name: &str, attributes: Vec<Value>| {
        json!({
            "traceId": TRACE.replace('-', ""), "spanId": &id.replace('-', "")[16..], "name": name, "kind": 2,
            "parentSpanId": "b7ad6b7169203331", "startTimeUnixNano": "1772446530125999999",
            "endTimeUnixNano": "1772446532480000000", "attributes": attributes,
        })
    };
    let told = more.iter().map(|(key, value)| pair(key, value));
    let child = own(CHILD, Some(ROOT)).into_iter().chain(told).collect();
    json!({ "resourceSpans": [{
        "resource": { "attributes": [pair("service.name", &json!("gatespan"))] },
        "scopeSpans": [{
            "scope": { "name": "gatespan" },
            "spans": [span(ROOT, "POST /v1/chat", own(ROOT, None)), span(CHILD, "chat", child)],
        }],
    }] })
}

fn post(sink: &Sink, body: &Value, headers: &str) -> Response {
    let message: ExportTraceServiceRequest =
        serde_json::from_value(body.clone()).expect("a request");
    let headers = format!("content-type: application/x-protobuf\r\n{headers}");
    let sent = Client::new(sink).send("POST", PATH, &headers, &message.encode_to_vec());
    sent.expect("a response")
}

fn child(sink: &Sink) -> Value {
    Client::new(sink).read("/read/spans")["spans"][1].clone()
}

#[test]
fn otlp_spans_of_opik_are_stored_next_to_those_of_the_rest_api() {
    let sink = sink();
    let response = post(&sink, &request(&[]), "projectName: edge-prod\r\n");
    assert_eq!(
        (response.status, response.body.len()),
        (200, 0),
        "{:?}",
        response.json_or_none()
    );
    let mut client = Client::new(&sink);
    let tree = client.read(&format!("/read/tree?trace={TRACE}"));
    assert_eq!(tree["trace"], Value::Null, "such a span makes no trace row");
    assert_eq!(
        tree["spans"][0]["id"], ROOT,
        "the parent of OpenTelemetry counts for nothing"
    );
    assert_eq!(tree["spans"][0]["children"][0]["id"], CHILD);
    let root = &tree["spans"][0];
    assert_eq!(
        (
            &root["start_time"],
            &root["project_name"],
            &root["source"],
            &root["type"],
            &root["via"]
        ),
        (
            &json!("2026-03-02T10:15:30.125000Z"),
            &json!("edge-prod"),
            &json!("sdk"),
            &json!("tool"),
            &json!("otlp")
        ),
        "what is below a millisecond is lost"
    );
    assert_eq!(
        (&root["input"], &root["metadata"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        client.read("/read/otlp")["spans"],
        json!([]),
        "they are Opik's"
    );
    assert_eq!(client.read("/read/counters")["opik"]["items"], 2);
    let again = post(&sink, &request(&[]), "");
    assert_eq!(again.status, 200);
    assert_eq!(
        client.read("/read/spans")["spans"][2]["project_name"],
        "Default Project"
    );
}

/// Attributes, the field that they become, and its value.
type Mapped = (Vec<(String, Value)>, String, Value);

#[test]
fn attributes_become_the_fields_of_opik() {
    let sink = sink();
    let rows: Vec<Mapped> = serde_json::from_str(include_str!("mapped.json")).unwrap();
    for (attributes, field, value) in rows {
        let response = post(&sink, &request(&attributes), "");
        let told = response.json_or_none();
        assert_eq!(response.status, 200, "{attributes:?}: {told:?}");
        assert_eq!(child(&sink)[field], value, "{attributes:?}");
        Client::new(&sink).post("/control/reset", &json!({}));
    }
}

#[test]
fn failed_otlp_span_is_an_error_in_opik() {
    let sink = sink();
    let place = "/resourceSpans/0/scopeSpans/0/spans/1";
    let mut body = request(&[]);
    body.pointer_mut(place).unwrap()["status"] =
        json!({ "code": 2, "message": "upstream answered 503" });
    assert_eq!(post(&sink, &body, "").status, 200);
    assert_eq!(
        child(&sink)["error_info"]["message"],
        "upstream answered 503"
    );
    let told = [
        pair("exception.type", &json!("TimeoutError")),
        pair("exception.stacktrace", &json!("line 1")),
    ];
    body.pointer_mut(place).unwrap()["events"] =
        json!([{ "name": "exception", "timeUnixNano": "1772446531000000000", "attributes": told }]);
    assert_eq!(post(&sink, &body, "").status, 200);
    let error = child(&sink)["error_info"].clone();
    assert_eq!(
        (&error["exception_type"], &error["traceback"]),
        (&json!("TimeoutError"), &json!("line 1"))
    );
}

const SPANS: &str = "/resourceSpans/0/scopeSpans/0/spans";

/// The example; its child has this attribute with another value, or does not have it.
fn with_attribute(key: &str, value: &Value) -> Value {
    let mut body = request(&[]);
    let attributes = &mut body.pointer_mut(SPANS).unwrap()[1]["attributes"];
    let attributes = attributes.as_array_mut().unwrap();
    attributes.retain(|pair| pair["key"] != key);
    attributes.extend((!value.is_null()).then(|| pair(key, value)));
    body
}

#[test]
fn one_invalid_span_refuses_the_whole_request() {
    let sink = sink();
    let rows: Vec<(String, Value, String)> =
        serde_json::from_str(include_str!("refused.json")).unwrap();
    let mut nameless = request(&[]);
    nameless.pointer_mut(SPANS).unwrap()[1]["name"] = json!("");
    let rule = "resourceSpans[0].scopeSpans[0].spans[1].name: is empty".to_owned();
    let bad = rows
        .iter()
        .map(|(key, value, reason)| (with_attribute(key, value), reason));
    for (body, reason) in bad.chain([(nameless, &rule)]) {
        let response = post(&sink, &body, "");
        let told = response.json().to_string();
        assert!(told.contains(reason), "{reason}: {told}");
        assert!([400, 422].contains(&response.status), "{told}");
        let counts = Client::new(&sink).read("/read/overview")["counts"].clone();
        let nothing = (&counts["spans"], &counts["refused"]) == (&json!(0), &json!(1));
        assert!(nothing, "{reason}: {counts}");
        Client::new(&sink).post("/control/reset", &json!({}));
    }
}

#[test]
fn json_for_opik_is_refused_because_opik_misreads_it() {
    let sink = sink();
    let body = request(&[]).to_string();
    for (kind, status, reason) in [
        ("application/json", 400, "base64"),
        ("text/plain", 415, "x-protobuf"),
    ] {
        let headers = format!("content-type: {kind}\r\n");
        let response = Client::new(&sink)
            .send("POST", PATH, &headers, body.as_bytes())
            .unwrap();
        assert_eq!(response.status, status);
        assert!(
            response.json()["message"]
                .as_str()
                .unwrap()
                .contains(reason),
            "{}",
            response.json()
        );
    }
}

#[test]
fn opik_otlp_has_the_keys_window_and_faults_of_the_rest_api() {
    let cloud = with(Options {
        key: Some("k".to_owned()),
        ..Options::default()
    });
    assert_eq!(post(&cloud, &request(&[]), "").status, 401);
    let entered = "authorization: k\r\ncomet-workspace: default\r\n";
    let old = post(&cloud, &request(&[]), entered);
    assert_eq!(old.status, 400, "its ids are of another day");
    assert!(
        old.json()["message"]
            .as_str()
            .unwrap()
            .contains("too far in the past"),
        "{}",
        old.json()
    );
    let mut client = Client::new(&cloud);
    client.fault(&json!({ "kind": "status", "code": 429, "only": "/otel/", "times": 1 }));
    assert_eq!(post(&cloud, &request(&[]), entered).status, 429);
}
