//! Whole documents, one for each way in which a span comes about.

use gatespan::config::Host;
use gatespan::{Config, End, EndKind};
use serde_json::{Value, json};

use super::sent::{document, span, told};
use super::stage::{END, STORY, Story};

const T: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const S: &str = "00f067aa0ba902b7";
const W3C: (&[u8], &[u8]) = (
    b"traceparent",
    b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
);
const OPIK: [(&[u8], &[u8]); 2] = [
    (b"opik_trace_id", b"019cae0b-b9f2-7d08-8b61-27e4a1c05f93"),
    (
        b"opik_parent_span_id",
        b"019cae0b-b9f3-7a5e-b0c7-91d62f4e8a1d",
    ),
];

/// The span of the story where nothing came in, with these attributes besides or instead.
fn minted(further: &Value) -> Value {
    let mut span = json!({
        "trace_id": "019cae0bba4d78119049423b342d261f",
        "span_id": "968f88817a736c65",
        "parent_span_id": null,
        "instrumentation_scope": {
            "name": "gatespan", "version": env!("CARGO_PKG_VERSION"), "schema_url": null, "attributes": {},
        },
        "resource": r#"{"attributes":{"service.name":"gatespan"},"schema_url":""}"#,
        "name": "POST /v1/chat",
        "start_time": 1_772_446_530_125_000_000_u64,
        "end_time": 1_772_446_532_480_001_001_u64,
        "attributes": {
            "lilypad.type": "trace",
            "http.request.method": "POST",
            "url.scheme": "https",
            "url.path": "/v1/chat",
            "url.query": "stream=true&user=REDACTED",
            "server.address": "llm.example.com",
            "http.response.status_code": 200,
            "http.request.body.size": 17,
            "http.response.body.size": 9_007_199_254_740_993_u64,
            "gatespan.decision": "minted",
            "gatespan.end": "complete",
        },
        "status": "UNSET",
        "session_id": null,
        "events": [],
        "links": [],
    });
    for (key, value) in further.as_object().unwrap() {
        span["attributes"][key] = value.clone();
    }
    span
}

/// A span with these fields in place of its own.
fn but(mut span: Value, fields: &Value) -> Value {
    for (key, value) in fields.as_object().unwrap() {
        span[key] = value.clone();
    }
    span
}

fn with(more: &str, headers: &[(&[u8], &[u8])]) -> Value {
    span(more, &Story { headers, ..STORY })
}

#[test]
fn a_minted_trace_has_a_root() {
    assert_eq!(span("", &STORY), minted(&json!({})));
}

#[test]
fn a_joined_trace_has_its_parent() {
    let wanted = minted(&json!({"gatespan.decision": "joined"}));
    let wanted = but(wanted, &json!({"trace_id": T, "parent_span_id": S}));
    assert_eq!(with("", &[W3C]), wanted);
    let of_opik = with("", &OPIK);
    assert_eq!(of_opik["trace_id"], "019cae0bb9f27d088b6127e4a1c05f93");
    assert_eq!(of_opik["parent_span_id"], "b0c791d62f4e8a1d");
    assert_eq!(with("", &OPIK[..1])["parent_span_id"], Value::Null);
}

#[test]
fn a_stranger_is_linked_to() {
    let link = r#", "rule": {"inbound": "link"}"#;
    let to = |trace: &str, span: &str| json!({"links": [{"context": {"trace_id": trace, "span_id": span}, "attributes": {}}]});
    let wanted = minted(&json!({
        "gatespan.decision": "linked", "gatespan.client.trace_id": T, "gatespan.client.span_id": S,
    }));
    assert_eq!(with(link, &[W3C]), but(wanted, &to(T, S)));
    let wanted = minted(&json!({
        "gatespan.decision": "linked",
        "gatespan.client.opik_trace_id": "019cae0b-b9f2-7d08-8b61-27e4a1c05f93",
        "gatespan.client.opik_parent_span_id": "019cae0b-b9f3-7a5e-b0c7-91d62f4e8a1d",
    }));
    let links = to("019cae0bb9f27d088b6127e4a1c05f93", "b0c791d62f4e8a1d");
    assert_eq!(with(link, &OPIK), but(wanted, &links));
    let restart = r#", "rule": {"inbound": "restart"}"#;
    let wanted = minted(&json!({"gatespan.decision": "restarted"}));
    assert_eq!(with(restart, &[W3C]), wanted);
}

#[test]
fn a_failure_is_an_error_and_a_mistake_of_the_caller_is_none() {
    for (kind, status, grpc_status, error) in [
        (EndKind::Complete, Some(503), None, Some("503")),
        (EndKind::Timeout, Some(504), None, Some("timeout")),
        (EndKind::Complete, Some(200), Some(13), Some("13")),
        (EndKind::Complete, Some(404), None, None),
        (EndKind::Complete, Some(200), Some(3), None),
        (EndKind::DownstreamReset, None, None, None),
    ] {
        let end = End {
            kind,
            status,
            grpc_status,
            ..END
        };
        let headers: &[(&[u8], &[u8])] = match grpc_status {
            Some(_) => &[(b"content-type", b"application/grpc")],
            None => &[],
        };
        let span = span(
            "",
            &Story {
                end,
                headers,
                ..STORY
            },
        );
        let wanted = if error.is_some() { "ERROR" } else { "UNSET" };
        assert_eq!(span["status"], wanted, "{kind:?} {status:?}");
        let class = span["attributes"]
            .get("error.type")
            .map(|class| class.as_str().unwrap());
        assert_eq!(class, error);
    }
}

#[test]
fn a_thread_is_a_session_and_headers_are_attributes() {
    let more = r#", "span": {"thread": "x-session", "headers": ["user-agent"]}"#;
    let headers: [(&[u8], &[u8]); 2] = [(b"x-session", b"conv-7"), (b"user-agent", b"a \"b\"")];
    let wanted = minted(&json!({"http.request.header.user-agent": "a \"b\""}));
    assert_eq!(
        with(more, &headers),
        but(wanted, &json!({"session_id": "conv-7"}))
    );
}

/// By the older name its server knows who answers; a tool is nobody's, and an empty name would be one.
#[test]
fn a_model_has_a_system_and_a_tool_has_none() {
    let system = |api: &str| {
        let rule = format!(r#", "rule": {{"genai": "metadata", "genai_api": "{api}"}}"#);
        span(&rule, &STORY)["attributes"]["gen_ai.system"].clone()
    };
    assert_eq!(system("mistral"), Value::Null, "the path tells no API");
    assert_eq!(system("cohere_chat"), "cohere");
    assert_eq!(system("mcp"), Value::Null);
}

#[test]
fn the_resource_is_a_text_that_holds_json() {
    for (resource, wanted) in [
        ("{}", json!({"service.name": "edge \"1\""})),
        (
            r#"{"deployment.environment.name": "prod", "back\\slash": "\"é"}"#,
            json!({"service.name": "edge \"1\"", "deployment.environment.name": "prod", "back\\slash": "\"é"}),
        ),
        (
            r#"{"service.name": "other"}"#,
            json!({"service.name": "other"}),
        ),
    ] {
        let of_backend = format!(r#", "resource": {resource}"#);
        let document = document(&of_backend, r#", "service": "edge \"1\"""#);
        let span = &told(&document, &[STORY])[0];
        let inside: Value = serde_json::from_str(span["resource"].as_str().unwrap()).unwrap();
        assert_eq!(inside, json!({"attributes": wanted, "schema_url": ""}));
    }
}

#[test]
fn spans_stand_in_one_list_in_the_order_in_which_they_ended() {
    let paths = ["/0", "/1", "/2"];
    let stories = paths.map(|path| Story {
        path: path.as_bytes(),
        ..STORY
    });
    let spans = told(&document("", ""), &stories);
    let names: Vec<_> = spans
        .iter()
        .map(|span| span["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["POST /0", "POST /1", "POST /2"]);
}

#[test]
fn a_resource_that_no_server_takes_is_a_fault_at_the_start() {
    let faults = |length: usize, service: &str| {
        let resource = format!(r#", "resource": {{"a": "{}"}}"#, "x".repeat(length));
        let document = document(&resource, &format!(r#", "service": "{service}""#));
        match Config::parse(&document, Host::Worker, &|_| None) {
            Ok(_) => Vec::new(),
            Err(faults) => faults.iter().map(ToString::to_string).collect(),
        }
    };
    // What stands around that text.
    let around = r#"{"attributes":{"service.name":"edge","a":""},"schema_url":""}"#.len();
    let none = Vec::<String>::new();
    let fault = ["backend.resource: is so long that the server takes no span with it"];
    assert_eq!(faults(10_000 - around, "edge"), none);
    assert_eq!(faults(10_001 - around, "edge"), fault);
    // What is escaped is longer, and the service is in it.
    assert_eq!(faults(10_000 - around, "edge\\\""), fault);
    assert_eq!(faults(0, &"s".repeat(10_000)), fault);
}
