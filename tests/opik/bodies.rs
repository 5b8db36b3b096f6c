//! Whole documents, one for each way in which a span comes about.

use serde_json::{Value, json};

use super::sent::{DOCUMENT, PARENT, TRACE, span, told};
use super::stage::{STORY, Story};

/// A caller of Opik's.
const OPIK: &[(&[u8], &[u8])] = &[
    (b"opik_trace_id", TRACE.as_bytes()),
    (b"opik_parent_span_id", PARENT.as_bytes()),
];

/// What the entropy of a story makes.
const OWN_TRACE: &str = "019cae0b-ba4d-7811-9049-423b342d261f";
const OWN_SPAN: &str = "019cae0b-ba4d-7e57-968f-88817a736c65";

fn metadata(further: &Value) -> Value {
    let mut metadata = json!({
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
    });
    for (key, value) in further.as_object().unwrap() {
        metadata[key] = value.clone();
    }
    metadata
}

#[test]
fn a_minted_trace_is_a_row_and_a_span() {
    let written = told(DOCUMENT, &STORY);
    let metadata = metadata(&json!({}));
    assert_eq!(
        json!(written.rows),
        json!([{
            "id": OWN_TRACE,
            "name": "POST /v1/chat",
            "start_time": "2026-03-02T10:15:30.125000Z",
            "end_time": "2026-03-02T10:15:32.480001Z",
            "last_updated_at": "2026-03-02T10:15:32.480001Z",
            "source": "sdk",
            "metadata": metadata,
        }])
    );
    assert_eq!(
        json!(written.spans),
        json!([{
            "id": OWN_SPAN,
            "trace_id": OWN_TRACE,
            "type": "general",
            "name": "POST /v1/chat",
            "start_time": "2026-03-02T10:15:30.125000Z",
            "end_time": "2026-03-02T10:15:32.480001Z",
            "last_updated_at": "2026-03-02T10:15:32.480001Z",
            "source": "sdk",
            "metadata": metadata,
        }])
    );
}

#[test]
fn a_joined_trace_is_a_span_and_no_row() {
    let story = Story {
        headers: OPIK,
        ..STORY
    };
    let written = told(DOCUMENT, &story);
    assert!(written.rows.is_empty(), "a row would wipe the caller's");
    assert_eq!(
        json!(written.spans),
        json!([{
            "id": OWN_SPAN,
            "trace_id": TRACE,
            "parent_span_id": PARENT,
            "type": "general",
            "name": "POST /v1/chat",
            "start_time": "2026-03-02T10:15:30.125000Z",
            "end_time": "2026-03-02T10:15:32.480001Z",
            "last_updated_at": "2026-03-02T10:15:32.480001Z",
            "source": "sdk",
            "metadata": metadata(&json!({"gatespan.decision": "joined"})),
        }])
    );
}

#[test]
fn a_trace_id_without_a_parent_has_no_parent_and_not_an_empty_one() {
    let story = Story {
        headers: &OPIK[..1],
        ..STORY
    };
    let span = span(DOCUMENT, &story);
    assert_eq!(span["trace_id"], TRACE);
    assert!(span.get("parent_span_id").is_none());
}

#[test]
fn a_row_of_a_v7_trace_that_came_by_w3c_is_as_old_as_its_id() {
    let headers: &[(&[u8], &[u8])] = &[(
        b"traceparent",
        b"00-019cae0bb9f27d088b6127e4a1c05f93-b0c791d62f4e8a1d-01",
    )];
    let story = Story { headers, ..STORY };
    let written = told(DOCUMENT, &story);
    let (row, span) = (&written.rows[0], &written.spans[0]);
    assert_eq!(row["id"], TRACE);
    assert_eq!(
        row["last_updated_at"], "2026-03-02T10:15:30.034000Z",
        "the row of whoever made the id wins over ours"
    );
    assert_eq!(span["trace_id"], TRACE);
    assert_eq!(span["last_updated_at"], "2026-03-02T10:15:32.480001Z");
    assert!(
        span.get("parent_span_id").is_none(),
        "it would be an orphan"
    );
    assert_eq!(
        span["metadata"],
        metadata(&json!({
            "gatespan.decision": "joined",
            "gatespan.client.trace_id": "019cae0bb9f27d088b6127e4a1c05f93",
            "gatespan.client.span_id": "b0c791d62f4e8a1d",
        }))
    );
}

#[test]
fn a_foreign_trace_gets_a_row_of_its_own_that_ends_like_it() {
    let headers: &[(&[u8], &[u8])] = &[(
        b"traceparent",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    )];
    let written = told(DOCUMENT, &Story { headers, ..STORY });
    let id = "019cae0b-ba4d-7da6-a3ce-929d0e0e4736";
    assert_eq!(written.rows[0]["id"], id);
    assert_eq!(
        written.rows[0]["last_updated_at"],
        written.rows[0]["end_time"]
    );
    assert_eq!(written.spans[0]["trace_id"], id);
}

#[test]
fn a_rule_says_project_and_tags_and_a_header_the_thread() {
    let document = r#"{
        "service": "edge",
        "rule": {"project": "checkout", "tags": ["edge", "eu \"west\""]},
        "routes": [{"match": {"path": "/refund"}, "project": "refunds"}],
        "span": {"thread": "x-session-id", "headers": ["user-agent"], "name": "{host} {route}"},
        "backend": {"kind": "opik", "url": "http://a.test", "cluster": "a", "project": "gateway"}
    }"#;
    let story = Story {
        headers: &[(b"x-session-id", b"conv-7"), (b"user-agent", b"curl/8")],
        route: Some(b"llm"),
        ..STORY
    };
    let written = told(document, &story);
    let (row, span) = (&written.rows[0], &written.spans[0]);
    assert_eq!(row["thread_id"], "conv-7");
    assert!(span.get("thread_id").is_none(), "a span has no such field");
    for item in [row, span] {
        assert_eq!(item["project_name"], "checkout");
        assert_eq!(item["tags"], json!(["edge", "eu \"west\""]));
        assert_eq!(item["name"], "llm.example.com llm");
        assert_eq!(
            item["metadata"],
            metadata(&json!({
                "gatespan.route": "llm",
                "http.request.header.user-agent": "curl/8",
            }))
        );
    }
    let refund = Story {
        path: b"/refund",
        ..story
    };
    assert_eq!(
        super::sent::span(document, &refund)["project_name"],
        "refunds"
    );
}

#[test]
fn the_backends_project_is_that_of_spans_whose_rule_names_none() {
    let document = DOCUMENT.replace(r#""url""#, r#""project": "gateway", "url""#);
    let story = Story { ..STORY };
    assert_eq!(span(&document, &story)["project_name"], "gateway");
    assert!(span(DOCUMENT, &STORY).get("project_name").is_none());
}

#[test]
fn what_was_refused_or_disagreed_is_told() {
    let other = "019cae0b-ba4d-7c41-9a3e-5d0f6b72e814";
    let baggage = format!("opik.trace_id={other},opik.span_id={PARENT}");
    let headers: Vec<(&[u8], &[u8])> = OPIK
        .iter()
        .copied()
        .chain([
            (b"traceparent".as_slice(), b"garbage".as_slice()),
            (b"baggage", baggage.as_bytes()),
        ])
        .collect();
    let story = Story {
        headers: &headers,
        ..STORY
    };
    let metadata = &span(DOCUMENT, &story)["metadata"];
    assert_eq!(
        metadata["gatespan.conflict"],
        "opik and opik_baggage carry different ids"
    );
    let fault = metadata["gatespan.fault"].as_str().unwrap();
    assert!(fault.starts_with("traceparent "), "{fault}");
}

#[test]
fn a_stranger_is_remembered_in_the_trace_that_is_not_his() {
    let document = DOCUMENT.replacen('{', r#"{"rule": {"inbound": "link"}, "#, 1);
    let story = Story {
        headers: OPIK,
        ..STORY
    };
    let written = told(&document, &story);
    assert_eq!(written.rows[0]["id"], OWN_TRACE);
    let metadata = &written.spans[0]["metadata"];
    assert_eq!(metadata["gatespan.decision"], "linked");
    assert_eq!(metadata["gatespan.client.opik_trace_id"], TRACE);
    assert_eq!(metadata["gatespan.client.opik_parent_span_id"], PARENT);
}

#[test]
fn a_name_is_never_blank() {
    for (template, route) in [("{route}", None), ("{route} ", Some(b" \t".as_slice()))] {
        let with = format!(r#"{{"span": {{"name": "{template}"}}, "service": "edge", "#);
        let story = Story { route, ..STORY };
        let name = span(&DOCUMENT.replacen('{', &with, 1), &story)["name"].clone();
        assert_eq!(name.as_str().unwrap().trim(), "edge");
    }
}
