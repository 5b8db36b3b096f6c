//! JSON as the specification has it: hex ids, 64 bits in quotes, enumerations as numbers.

use gatespan::End;
use serde_json::{Value, json};

use super::expected::{OWN_SPAN, OWN_TRACE};
use super::stage::{END, STORY, Story};
use super::told::told;

fn body(more: &str, story: Story<'_>) -> Value {
    let [_, call] = told("", more, &[story]);
    serde_json::from_slice(&call.body).unwrap()
}

fn text(key: &str, says: &str) -> Value {
    json!({"key": key, "value": {"stringValue": says}})
}

fn whole(key: &str, says: &str) -> Value {
    json!({"key": key, "value": {"intValue": says}})
}

#[test]
fn a_whole_body() {
    let more =
        r#", "rule": {"inbound": "link", "tags": ["edge"]}, "span": {"headers": ["user-agent"]}"#;
    let story = Story {
        headers: &[
            (
                b"traceparent",
                b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            ),
            (b"user-agent", b"curl/8"),
        ],
        end: End {
            status: Some(503),
            ..END
        },
        ..STORY
    };
    let span = json!({
        "traceId": OWN_TRACE,
        "spanId": OWN_SPAN,
        "flags": 0x103,
        "name": "POST /v1/chat",
        "kind": 2,
        "startTimeUnixNano": "1772446530125000000",
        "endTimeUnixNano": "1772446532480001001",
        "attributes": [
            text("http.request.method", "POST"),
            text("url.scheme", "https"),
            text("url.path", "/v1/chat"),
            text("url.query", "stream=true&user=REDACTED"),
            text("server.address", "llm.example.com"),
            whole("http.response.status_code", "503"),
            whole("http.request.body.size", "17"),
            whole("http.response.body.size", "9007199254740993"),
            text("error.type", "503"),
            text("gatespan.decision", "linked"),
            text("gatespan.end", "complete"),
            text("gatespan.client.trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
            text("gatespan.client.span_id", "00f067aa0ba902b7"),
            {"key": "http.request.header.user-agent", "value": {"arrayValue": {"values": [{"stringValue": "curl/8"}]}}},
            {"key": "gatespan.tags", "value": {"arrayValue": {"values": [{"stringValue": "edge"}]}}},
        ],
        "links": [{"traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7"}],
        "status": {"code": 2},
    });
    assert_eq!(
        body(more, story),
        json!({"resourceSpans": [{
            "resource": {"attributes": [text("service.name", "gatespan")]},
            "scopeSpans": [{
                "scope": {"name": "gatespan", "version": env!("CARGO_PKG_VERSION")},
                "spans": [span],
            }],
        }]})
    );
}

#[test]
fn a_joined_span_has_parent_and_state_and_nothing_that_is_empty() {
    let story = Story {
        headers: &[
            (
                b"traceparent",
                b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            ),
            (b"tracestate", b"a=\"b\\"),
        ],
        ..STORY
    };
    let found = body("", story);
    let span = &found["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(span["parentSpanId"], "00f067aa0ba902b7");
    assert_eq!(span["traceState"], "a=\"b\\");
    assert_eq!(span["flags"], 0x301);
    for absent in ["links", "status", "events", "droppedAttributesCount"] {
        assert_eq!(span.get(absent), None);
    }
    let root = body("", STORY);
    let root = &root["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    for absent in ["parentSpanId", "traceState"] {
        assert_eq!(root.get(absent), None, "an empty one is refused by some");
    }
}
