//! Whatever a caller writes, the list keeps the contract: one bad span costs every other in it.

use proptest::prelude::*;
use serde_json::Value;

use super::sent::span;
use super::stage::{STORY, Story};

const MORE: &str = r#", "formats": {"extract": ["opik", "w3c", "b3", "jaeger"]},
    "span": {"headers": ["user-agent", "x-any"], "thread": "x-session-id", "query": ["q"], "name": "{method} {path} {host} {route}"}"#;

/// A request that says the same thing everywhere.
fn everywhere(text: &[u8]) -> Value {
    let path = [b"/", text, b"?q=", text].concat();
    let story = Story {
        method: text,
        path: &path,
        host: text,
        route: Some(text),
        headers: &[
            (b"user-agent", text),
            (b"x-any", text),
            (b"x-session-id", text),
            (b"traceparent", text),
            (b"opik_trace_id", text),
            (b"uber-trace-id", text),
            (b"b3", text),
        ],
        ..STORY
    };
    span(MORE, &story)
}

#[test]
fn texts_arrive_as_they_were_sent() {
    for text in [
        r#"say "hi""#,
        r"C:\temp\",
        "tab\tline\r\nnul\0escape\u{1b}delete\u{7f}",
        "emoji 🦀, \u{202e}, \u{2028}, \u{ffff}",
        r#"","span_id":"0"}]"#,
        "",
    ] {
        let span = everywhere(text.as_bytes());
        assert_eq!(span["attributes"]["http.request.header.x-any"], text);
        assert_eq!(span["attributes"]["gatespan.route"], text);
        assert_eq!(span["session_id"], Value::Null);
    }
}

#[test]
fn long_texts_are_cut_before_the_server_minds() {
    for filler in ["x", "\"", "\u{1}", "🦀"] {
        everywhere(filler.repeat(16_384).as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn any_bytes_keep_the_contract(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            prop::collection::vec(prop_oneof![Just(b'"'), Just(b'\\'), 0_u8..0x20, Just(0xff)], 0..300),
        ],
    ) {
        everywhere(&bytes);
    }
}
