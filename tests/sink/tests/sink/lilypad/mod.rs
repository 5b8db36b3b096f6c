//! The Lilypad receiver.

use gatespan_sink::{Options, Sink};
use serde_json::{Value, json};

use crate::client::{Client, Response, with};

mod stored;

pub(crate) const PROJECT: &str = "7d8f3c52-9e3b-4c8e-a6d1-0f2b9c4e5a71";
const OTHER: &str = "11111111-2222-4333-8444-555555555555";
const TRACE: &str = "019cae0bba4d7c419a3e5d0f6b72e814";
const ROOT: &str = "9c1b2281eda8d7fe";
const CHILD: &str = "8fa9fc74dec2bb0c";
const KEY: &str = "x-api-key: k\r\n";

fn sink(queue: bool) -> Sink {
    with(Options {
        lilypad_keys: vec![
            ("k".to_owned(), PROJECT.to_owned()),
            ("o".to_owned(), OTHER.to_owned()),
        ],
        lilypad_queue: queue,
        ..Options::default()
    })
}

fn span(id: &str, parent: Option<&str>) -> Value {
    let resource = json!({ "attributes": { "service.name": "edge" }, "schema_url": "" });
    json!({
        "trace_id": TRACE, "span_id": id, "parent_span_id": parent,
        "instrumentation_scope": { "name": "gatespan", "version": "0.1.0", "schema_url": null, "attributes": {} },
        "resource": resource.to_string(), "name": "POST /v1/chat",
        "start_time": 1_772_446_530_125_000_000_u64, "end_time": 1_772_446_532_480_000_000_u64,
        "attributes": { "lilypad.type": "trace", "http.response.status_code": 200, "a": ["b", 1, true] },
        "status": "ERROR", "session_id": "conv-7",
        "events": [{ "name": "retry", "attributes": {}, "timestamp": 1_772_446_531_000_000_000_u64 }],
        "links": [{ "context": { "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7" }, "attributes": {} }],
    })
}

/// A root and its child.
pub(crate) fn tree() -> Value {
    json!([span(ROOT, None), span(CHILD, Some(ROOT))])
}

fn path(project: &str) -> String {
    format!("/v0/projects/{project}/traces")
}

fn post(sink: &Sink, body: &Value) -> Response {
    raw(
        sink,
        &path(PROJECT),
        &format!("content-type: application/json\r\n{KEY}"),
        body.to_string().as_bytes(),
    )
}

fn raw(sink: &Sink, path: &str, headers: &str, body: &[u8]) -> Response {
    Client::new(sink)
        .send("POST", path, headers, body)
        .expect("a response")
}

fn read(sink: &Sink) -> Value {
    Client::new(sink).read("/read/lilypad")
}

fn count(list: &Value) -> usize {
    list.as_array().expect("a list").len()
}

/// The response has this status and reason, the log too, and nothing is stored.
fn refused(sink: &Sink, response: &Response, status: u16, reason: &str) {
    let told = response.json()["detail"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert_eq!(response.status, status, "{reason}: {told}");
    assert!(told.contains(reason), "{reason}: {told}");
    let kept = read(sink);
    assert_eq!(
        (count(&kept["spans"]), count(&kept["lost"])),
        (0, 0),
        "{reason}"
    );
    let log = Client::new(sink).read("/read/refused")["refused"].clone();
    let why = log[0]["reasons"][0]["reason"].as_str().unwrap();
    assert!(
        told.ends_with(why) && log[0]["status"] == status,
        "{reason}: {log}"
    );
    Client::new(sink).post("/control/reset", &json!({}));
}

#[test]
fn every_field_has_its_rule() {
    let sink = sink(false);
    let rows: Vec<(String, Value, String)> =
        serde_json::from_str(include_str!("refused.json")).unwrap();
    for (field, value, reason) in &rows {
        let mut body = tree();
        let members = body[0].as_object_mut().unwrap();
        if value == "(gone)" {
            members.remove(field).expect("it is there");
        } else {
            members.insert(field.clone(), value.clone());
        }
        refused(&sink, &post(&sink, &body), 500, reason);
    }
    assert!(rows.len() >= 65, "{}", rows.len());
}

#[test]
fn sizes_have_limits() {
    let sink = sink(false);
    let long = |length: usize| {
        let inside = json!({ "attributes": { "service.name": "s" }, "schema_url": "" }).to_string();
        json!(inside.clone() + &" ".repeat(length - inside.len()))
    };
    for (field, value, reason) in [
        (
            "resource",
            long(10_001),
            "resource: must be 10,000 characters at most",
        ),
        (
            "name",
            json!("n".repeat(10_001)),
            "name: must be 10,000 characters at most",
        ),
        (
            "attributes",
            json!({ "a": "x".repeat(1_000_000) }),
            "spans[0]: must be a megabyte at most",
        ),
    ] {
        let mut body = tree();
        body[0][field] = value;
        refused(&sink, &post(&sink, &body), 500, reason);
    }
    let mut body = tree();
    body[0]["resource"] = long(10_000);
    assert_eq!(post(&sink, &body).status, 200);
}

#[test]
fn body_that_is_no_list_of_spans_gets_500() {
    let sink = sink(false);
    let json = format!("content-type: application/json\r\n{KEY}");
    let good = tree().to_string();
    for (headers, body, reason) in [
        (json.as_str(), "", "the body is no JSON"),
        (&json, "[", "the body is no JSON"),
        (&json, "[]", "the list is empty"),
        (&json, "{\"resourceSpans\":[]}", "must be a list of spans"),
        (&json, "[1]", "spans[0]: must be an object"),
        (KEY, &good, "content-type must be application/json"),
    ] {
        let response = raw(&sink, &path(PROJECT), headers, body.as_bytes());
        refused(&sink, &response, 500, reason);
    }
}

#[test]
fn one_invalid_span_refuses_a_thousand() {
    let sink = sink(false);
    let mut spans: Vec<Value> = (1..=1_000)
        .map(|number| span(&format!("{number:016x}"), None))
        .collect();
    let good = json!(spans);
    spans[999]["status"] = json!("error");
    refused(
        &sink,
        &post(&sink, &json!(spans)),
        500,
        "spans[999].status: must be UNSET",
    );
    assert_eq!(post(&sink, &good).json()["span_count"], 1_000);
}

#[test]
fn keys_belong_to_projects() {
    let (sink, open) = (sink(false), with(Options::default()));
    for (own, key, project, status, reason) in [
        (&sink, "", PROJECT, 401, "an API key is required"),
        (
            &sink,
            "x-api-key: \r\n",
            PROJECT,
            401,
            "an API key is required",
        ),
        (
            &sink,
            "x-api-key: unknown\r\n",
            PROJECT,
            401,
            "the API key is not known",
        ),
        (
            &sink,
            "authorization: Bearer k\r\n",
            PROJECT,
            401,
            "an API key is required",
        ),
        (
            &sink,
            "x-api-key: o\r\n",
            PROJECT,
            400,
            "the API key belongs to another project",
        ),
        (
            &sink,
            KEY,
            OTHER,
            400,
            "the API key belongs to another project",
        ),
        (&open, "", PROJECT, 401, "an API key is required"),
    ] {
        let headers = format!("content-type: application/json\r\n{key}");
        let response = raw(own, &path(project), &headers, tree().to_string().as_bytes());
        refused(own, &response, status, reason);
    }
    assert_eq!(
        post(&open, &tree()).status,
        200,
        "where no key is configured any is good"
    );
    let log = Client::new(&open).read("/read/requests").to_string();
    assert!(
        log.contains("\"x-api-key\":\"***\""),
        "a secret is in the log: {log}"
    );
}

#[test]
fn other_paths_get_404() {
    let sink = sink(false);
    let headers = format!("content-type: application/json\r\n{KEY}");
    for path in [
        "/v0/projects/not-a-uuid/traces".to_owned(),
        format!("/v0/projects/{PROJECT}"),
        format!("/v0/projects/{PROJECT}/traces/"),
        format!("/v0/projects/{PROJECT}/spans"),
        format!("/v0/projects/{PROJECT}x/traces"),
        format!("/v0/projects/{PROJECT}/traces/by-trace-id/{TRACE}"),
    ] {
        let response = raw(&sink, &path, &headers, tree().to_string().as_bytes());
        refused(&sink, &response, 404, "there is no such path");
    }
}
