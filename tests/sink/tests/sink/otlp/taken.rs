//! What is accepted, the response, and the read-back.

use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use prost::Message;
use serde_json::json;
use std::io::Write as _;

use super::bodies::{
    JSON, PARENT, PROTOBUF, SECOND, SPAN, TRACE, json_, message, mutate, protobuf, request, send,
};
use crate::client::{Client, sink};

#[test]
fn both_encodings_give_the_same_row() {
    let sink = sink();
    let mut spans = Vec::new();
    for encoding in ["json", "protobuf"] {
        let response = if encoding == "json" {
            json_(&sink, &request())
        } else {
            protobuf(&sink, &message(&request()))
        };
        assert_eq!(response.status, 200);
        let mut read = Client::new(&sink).read("/read/otlp")["spans"].clone();
        Client::new(&sink).post("/control/reset", &json!({}));
        assert_eq!(read[0]["encoding"], encoding);
        for span in read.as_array_mut().unwrap() {
            span["encoding"] = json!("");
        }
        spans.push(read);
    }
    assert_eq!(spans[0], spans[1]);
    let resource = json!({ "service.name": "gatespan", "deployment.environment.name": "prod" });
    let scope = json!({ "name": "gatespan", "version": "0.1.0", "attributes": {} });
    assert_eq!(
        spans[0][0],
        json!({
            "system": "otlp", "id": SPAN, "trace_id": TRACE, "parent_span_id": PARENT, "name": "POST /v1/chat",
            "kind": "server", "start_time": "2026-03-02T10:15:30.125000Z", "end_time": "2026-03-02T10:15:32.480000Z",
            "start_time_unix_nano": "1772446530125000001", "end_time_unix_nano": "1772446532480000000",
            "status": { "code": "error", "message": "upstream answered 503" },
            "attributes": {
                "http.request.method": "POST", "http.response.status_code": 503, "gatespan.ratio": 0.5,
                "gatespan.flag": true, "gatespan.list": ["a", -9_007_199_254_740_993_i64],
                "gatespan.map": { "b": { "bytes": "00ff" } },
            },
            "dropped_attributes_count": 0,
            "events": [{ "name": "retry", "time": "2026-03-02T10:15:31.000000Z", "attributes": { "n": 1 } }],
            "links": [{
                "trace_id": "80f198ee56343ba864fe8b2a57d3eff7", "span_id": "e457b5a2e4d86bd1",
                "trace_state": "other=2", "flags": 257, "attributes": { "why": "caller" },
            }],
            "trace_state": "vendor=1,ot=th:8", "flags": 769, "service": "gatespan", "resource": resource,
            "scope": scope, "encoding": "", "path": "/v1/traces", "times": 1,
        })
    );
    let second = &spans[0][1];
    assert_eq!(
        (&second["id"], &second["status"]["code"]),
        (&json!(SECOND), &json!("unset"))
    );
}

#[test]
fn response_has_the_encoding_of_the_request() {
    let sink = sink();
    let json = json_(&sink, &request());
    assert_eq!((json.status, json.body.as_slice()), (200, &b"{}"[..]));
    assert!(
        json.head.contains("content-type: application/json\r\n"),
        "{}",
        json.head
    );
    let binary = protobuf(&sink, &message(&request()));
    assert_eq!(binary.status, 200);
    assert!(
        binary
            .head
            .contains("content-type: application/x-protobuf\r\n"),
        "{}",
        binary.head
    );
    let read = ExportTraceServiceResponse::decode(binary.body.as_slice()).unwrap();
    assert_eq!(read.partial_success, None, "a full success leaves it out");
}

#[test]
fn any_base_path_is_accepted_with_or_without_compression() {
    let sink = sink();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder
        .write_all(&message(&request()).encode_to_vec())
        .unwrap();
    let zipped = encoder.finish().unwrap();
    let headers = format!("content-type: {PROTOBUF}\r\ncontent-encoding: gzip\r\n");
    for path in ["/v1/traces", "/otlp/row-1/v1/traces"] {
        let response = Client::new(&sink)
            .send("POST", path, &headers, &zipped)
            .unwrap();
        assert_eq!(response.status, 200, "{path}");
        let spans = Client::new(&sink).read("/read/otlp")["spans"].clone();
        assert_eq!(
            spans[0]["path"], path,
            "the last delivery says by which path"
        );
    }
    for path in ["/v1/logs", "/v1/traces/", "/v1/tracesx"] {
        assert_eq!(send(&sink, path, JSON, b"{}").status, 404, "{path}");
    }
}

#[test]
fn span_delivered_twice_is_one_span_with_a_count() {
    let sink = sink();
    for times in 1..=3 {
        assert_eq!(json_(&sink, &request()).status, 200);
        let spans = Client::new(&sink).read("/read/otlp")["spans"].clone();
        assert_eq!(
            (spans.as_array().unwrap().len(), &spans[0]["times"]),
            (2, &json!(times))
        );
    }
}

#[test]
fn legal_and_unusual() {
    let sink = sink();
    let upper = TRACE.to_uppercase();
    for (place, value) in [
        ("@/traceId", json!(upper)),
        ("@/parentSpanId", json!("")),
        ("@/parentSpanId", json!("(gone)")),
        ("@/traceState", json!("")),
        ("@/flags", json!(0)),
        ("@/attributes", json!([])),
        ("@/attributes/0/value", json!({ "stringValue": "" })),
        (
            "@/attributes/0/value",
            json!({ "arrayValue": { "values": [] } }),
        ),
        (
            "@/attributes/0/value",
            json!({ "intValue": "-9223372036854775808" }),
        ),
        ("@/attributes/0/value", json!({ "doubleValue": 1 })),
        ("@/status", json!({})),
        ("@/status", json!("(gone)")),
        ("@/endTimeUnixNano", json!("18446744073709551615")),
        (
            "/resourceSpans/0/schemaUrl",
            json!("https://opentelemetry.io/schemas/1.40.0"),
        ),
    ] {
        let response = json_(&sink, &mutate(place, &value));
        assert_eq!(
            response.status,
            200,
            "{place} = {value}: {}",
            response.json()
        );
    }
    let read = Client::new(&sink).read(&format!("/read/otlp?trace={upper}"));
    assert_eq!(
        read["spans"][0]["trace_id"], TRACE,
        "hex of any case is one id"
    );
}

#[test]
fn partial_fault_accepts_only_a_part() {
    let sink = sink();
    let mut client = Client::new(&sink);
    let plan = json!({ "kind": "partial", "rejected": 1, "message": "too many", "times": 2 });
    client.fault(&plan);
    let response = protobuf(&sink, &message(&request()));
    let told = ExportTraceServiceResponse::decode(response.body.as_slice()).unwrap();
    let partial = ExportTracePartialSuccess {
        rejected_spans: 1,
        error_message: "too many".to_owned(),
    };
    assert_eq!(
        (response.status, told.partial_success),
        (200, Some(partial))
    );
    let kept = client.read("/read/otlp")["spans"].clone();
    assert_eq!(
        (kept.as_array().unwrap().len(), &kept[0]["id"]),
        (1, &json!(SPAN))
    );
    let told = json_(&sink, &request()).json();
    assert_eq!(
        told,
        json!({ "partialSuccess": { "rejectedSpans": "1", "errorMessage": "too many" } })
    );
    client.fault(&json!({ "kind": "partial", "rejected": 0, "message": "deprecated", "times": 1 }));
    let told = json_(&sink, &request()).json();
    assert_eq!(
        told,
        json!({ "partialSuccess": { "rejectedSpans": "0", "errorMessage": "deprecated" } })
    );
    assert_eq!(
        client.read("/read/overview")["counts"]["otlp"],
        2,
        "a warning rejects nothing"
    );
    let counted = client.read("/read/counters")["otlp"].clone();
    assert_eq!(
        counted,
        json!({
            "requests": 3, "taken": 3, "items": 4, "refused": 0, "broken": 0, "faults": { "partial": 3 },
        })
    );
}
