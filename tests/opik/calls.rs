//! What the span of a call of a model says.

use serde_json::json;

use super::sent::told;
use super::stage::{STORY, Story};

const DOCUMENT: &str = r#"{"rule": {"genai": "metadata"},
    "backend": {"kind": "opik", "url": "http://opik.test/api"}}"#;
const EVENTS: &[&[u8]] = &[
    br#"data: {"id":"chatcmpl-1","model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{"content":"secret"}}]}

"#,
    br#"data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}

"#,
    br#"data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":40}}

data: [DONE]

"#,
];

const CALL: Story<'static> = Story {
    path: b"/v1/chat/completions",
    headers: &[
        (b"content-type", b"application/json"),
        (b"agent-session-id", b"session-7"),
    ],
    events: EVENTS,
    nanos: 500_000_000,
    ..STORY
};

#[test]
fn a_call_says_what_it_said_of_itself() {
    let written = told(DOCUMENT, &CALL);
    let span = &written.spans[0];
    assert_eq!(span["type"], "llm");
    assert_eq!(span["model"], "gpt-4o-2024-08-06");
    assert_eq!(span["provider"], "openai");
    assert_eq!(span["ttft"], json!(100.0));
    let usage = &span["usage"];
    assert_eq!(
        (&usage["prompt_tokens"], &usage["completion_tokens"]),
        (&json!(10), &json!(40))
    );
    // 40 tokens in the 400 ms behind the first.
    assert_eq!(span["metadata"]["gatespan.tokens_per_second"], 100);
    assert_eq!(span["metadata"]["gatespan.usage.status"], "reported");
    assert_eq!(
        span["metadata"]["gen_ai.response.finish_reasons"],
        json!(["stop"])
    );
    assert!(!span.to_string().contains("secret"));
}

#[test]
fn a_speed_is_told_only_where_it_means_something() {
    let speed = |story: &Story<'_>| {
        let span = told(DOCUMENT, story).spans.remove(0);
        let metadata = &span["metadata"];
        (
            metadata["gatespan.usage.status"].clone(),
            metadata["gatespan.tokens_per_second"].clone(),
        )
    };
    // An answer that came in one piece, more or less.
    for (nanos, expected) in [
        (100_000_000, json!(null)),
        (109_999_999, json!(null)),
        (110_000_000, json!(4_000)),
    ] {
        let story = Story { nanos, ..CALL };
        assert_eq!(speed(&story), (json!("reported"), expected), "{nanos}");
    }
    // One that broke off may have counted only some of it.
    let counted = br#"data: {"usage":{"prompt_tokens":10,"completion_tokens":40}}

"#;
    let mut story = Story {
        events: &[EVENTS[0], counted],
        ..CALL
    };
    story.end.kind = gatespan::EndKind::DownstreamReset;
    assert_eq!(speed(&story), (json!("partial"), json!(null)));
}

#[test]
fn the_row_of_its_trace_has_the_thread_and_no_counts() {
    let row = &told(DOCUMENT, &CALL).rows[0];
    assert_eq!(row["thread_id"], "session-7");
    for key in ["usage", "model", "provider", "ttft", "type"] {
        assert_eq!(row.get(key), None, "{key}");
    }
}

#[test]
fn without_the_rule_it_is_a_span_like_any_other() {
    let story = Story {
        events: &[],
        ..CALL
    };
    let written = told(super::sent::DOCUMENT, &story);
    assert_eq!(written.spans[0]["type"], "general");
    assert_eq!(written.rows[0].get("thread_id"), None);
}
