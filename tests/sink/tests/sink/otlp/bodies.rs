//! OTLP bodies, how to send them, and the form of a rejection.

use gatespan_sink::Sink;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use serde_json::{Value, json};

use crate::client::{Client, Response};

pub(crate) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub(crate) const SPAN: &str = "9c1b2281eda8d7fe";
pub(crate) const SECOND: &str = "9c1b2281eda8d7ff";
pub(crate) const PARENT: &str = "b7ad6b7169203331";

pub(crate) const PROTOBUF: &str = "application/x-protobuf";
pub(crate) const JSON: &str = "application/json";

/// A span with every field, and a plain one below it.
pub(crate) fn request() -> Value {
    json!({ "resourceSpans": [{
        "resource": { "attributes": [
            { "key": "service.name", "value": { "stringValue": "gatespan" } },
            { "key": "deployment.environment.name", "value": { "stringValue": "prod" } },
        ] },
        "scopeSpans": [{
            "scope": { "name": "gatespan", "version": "0.1.0" },
            "spans": [
                {
                    "traceId": TRACE, "spanId": SPAN, "parentSpanId": PARENT, "traceState": "vendor=1,ot=th:8",
                    "flags": 769, "name": "POST /v1/chat", "kind": 2,
                    "startTimeUnixNano": "1772446530125000001", "endTimeUnixNano": "1772446532480000000",
                    "attributes": [
                        { "key": "http.request.method", "value": { "stringValue": "POST" } },
                        { "key": "http.response.status_code", "value": { "intValue": "503" } },
                        { "key": "gatespan.ratio", "value": { "doubleValue": 0.5 } },
                        { "key": "gatespan.flag", "value": { "boolValue": true } },
                        { "key": "gatespan.list", "value": { "arrayValue": { "values": [
                            { "stringValue": "a" }, { "intValue": "-9007199254740993" },
                        ] } } },
                        { "key": "gatespan.map", "value": { "kvlistValue": { "values": [
                            { "key": "b", "value": { "bytesValue": "AP8=" } },
                        ] } } },
                    ],
                    "events": [{
                        "timeUnixNano": "1772446531000000000", "name": "retry",
                        "attributes": [{ "key": "n", "value": { "intValue": "1" } }],
                    }],
                    "links": [{
                        "traceId": "80f198ee56343ba864fe8b2a57d3eff7", "spanId": "e457b5a2e4d86bd1",
                        "traceState": "other=2", "flags": 257,
                        "attributes": [{ "key": "why", "value": { "stringValue": "caller" } }],
                    }],
                    "status": { "code": 2, "message": "upstream answered 503" },
                },
                {
                    "traceId": TRACE, "spanId": SECOND, "parentSpanId": SPAN, "name": "retry", "kind": 3,
                    "startTimeUnixNano": "1772446531000000000", "endTimeUnixNano": "1772446531000000000",
                },
            ],
        }],
    }] })
}

/// The same in protobuf, encoded by the protocol's own crate.
pub(crate) fn message(body: &Value) -> ExportTraceServiceRequest {
    serde_json::from_value(body.clone()).expect("a request")
}

pub(crate) fn send(sink: &Sink, path: &str, kind: &str, body: &[u8]) -> Response {
    let headers = format!("content-type: {kind}\r\n");
    Client::new(sink)
        .send("POST", path, &headers, body)
        .expect("a response")
}

pub(crate) fn json_(sink: &Sink, body: &Value) -> Response {
    send(sink, "/v1/traces", JSON, body.to_string().as_bytes())
}

pub(crate) fn protobuf(sink: &Sink, body: &ExportTraceServiceRequest) -> Response {
    send(sink, "/v1/traces", PROTOBUF, &body.encode_to_vec())
}

/// Puts `value` at `place`, which may be new. `@` is the first span; the text `(gone)` removes the field.
pub(crate) fn mutate(place: &str, value: &Value) -> Value {
    let mut body = request();
    let place = place.replace('@', "/resourceSpans/0/scopeSpans/0/spans/0");
    let (above, last) = place.rsplit_once('/').expect("a place");
    match body
        .pointer_mut(above)
        .expect("the place is in the example")
    {
        Value::Array(items) => items[last.parse::<usize>().expect("a number")] = value.clone(),
        Value::Object(members) if *value == "(gone)" => {
            members.remove(last).expect("it is there");
        }
        Value::Object(members) => drop(members.insert(last.to_owned(), value.clone())),
        _ => panic!("{place}"),
    }
    body
}

/// `google.rpc.Status` as a client reads it.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

/// The message of a rejection in either encoding.
pub(super) fn told(response: &Response) -> String {
    if response
        .head
        .contains(&format!("content-type: {PROTOBUF}\r\n"))
    {
        let status = Status::decode(response.body.as_slice()).expect("a status");
        assert_eq!(status.code, 3);
        return status.message;
    }
    assert_eq!(response.json()["code"], 3);
    response.json()["message"]
        .as_str()
        .expect("a message")
        .to_owned()
}

/// Refused with 400 for this reason, which is logged; nothing is stored.
pub(super) fn refused(sink: &Sink, response: &Response, reason: &str, what: &str) {
    let message = told(response);
    assert_eq!(response.status, 400, "{what}: {message}");
    assert!(message.contains(reason), "{what}: {message}");
    let mut client = Client::new(sink);
    let counts = client.read("/read/overview")["counts"].clone();
    assert_eq!(
        (&counts["otlp"], &counts["refused"]),
        (&json!(0), &json!(1)),
        "{what}"
    );
    let log = client.read("/read/refused")["refused"][0].clone();
    let first = &log["reasons"][0];
    let (field, why) = (
        first["field"].as_str().unwrap(),
        first["reason"].as_str().unwrap(),
    );
    let both = if field.is_empty() {
        why.to_owned()
    } else {
        format!("{field}: {why}")
    };
    assert_eq!(
        (both, &log["path"]),
        (message, &json!("/v1/traces")),
        "{what}"
    );
    client.post("/control/reset", &json!({}));
}
