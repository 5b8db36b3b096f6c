//! Whatever a caller writes, a body stays JSON and keeps the contract: one bad item would cost a whole batch.

use proptest::prelude::*;
use serde_json::Value;

use super::sent::{span, told};
use super::stage::{STORY, Story};

const DOCUMENT: &str = r#"{
    "span": {"headers": ["user-agent", "x-any"], "thread": "x-session-id", "query": ["q"]},
    "backend": {"kind": "opik", "url": "http://a.test", "cluster": "a"}
}"#;

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
            (b"b3", text),
        ],
        ..STORY
    };
    span(DOCUMENT, &story)
}

#[test]
fn texts_arrive_as_they_were_sent() {
    for text in [
        r#"say "hi""#,
        r"C:\temp\",
        "tab\tline\r\nnul\0escape\u{1b}unit\u{1f}delete\u{7f}",
        "emoji 🦀, combining e\u{301}, right to left \u{202e}, \u{2028}, \u{feff}, \u{ffff}",
        r#"","id":"0"}]}"#,
        r"\u0000 \ud800",
        "</script><img src=x>",
        "12345678",
        "1234567\"",
        "\"2345678",
        "",
    ] {
        let span = everywhere(text.as_bytes());
        let metadata = &span["metadata"];
        assert_eq!(metadata["http.request.header.x-any"], text);
        assert_eq!(metadata["gatespan.route"], text);
        assert_eq!(metadata["http.request.method"], "_OTHER");
        assert_eq!(metadata["http.request.method_original"], text);
    }
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    for (bytes, text) in [
        (b"a\xffb".as_slice(), "a\u{fffd}b"),
        (b"\xc3\x28", "\u{fffd}("),
        (b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
        (b"\xf0\x9f\xa6", "\u{fffd}"),
    ] {
        let span = everywhere(bytes);
        assert_eq!(span["metadata"]["gatespan.route"], text);
    }
}

#[test]
fn a_long_path_is_cut() {
    for filler in ["x", "\"", "\u{1}", "🦀", "é"] {
        let path = format!("/{}", filler.repeat(8_192 / filler.len()));
        let story = Story {
            path: path.as_bytes(),
            ..STORY
        };
        let span = span(super::sent::DOCUMENT, &story);
        let recorded = span["metadata"]["url.path"].as_str().unwrap();
        assert!((2_000..=2_048).contains(&recorded.len()), "{filler}");
    }
}

#[test]
fn a_thread_that_could_do_harm_is_not_taken() {
    let written = |thread: &[u8]| {
        let headers: &[(&[u8], &[u8])] = &[(b"x-session-id", thread)];
        let story = Story { headers, ..STORY };
        told(DOCUMENT, &story).rows[0].get("thread_id").cloned()
    };
    assert_eq!(written(b"conv-7_a"), Some("conv-7_a".into()));
    for thread in [b"".as_slice(), b" ", b"a b", b"\"", b"\xff", &[b'a'; 129]] {
        assert_eq!(written(thread), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn any_bytes_keep_the_contract(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            prop::collection::vec(prop_oneof![Just(b'"'), Just(b'\\'), 0_u8..0x20, Just(0xff)], 0..300),
        ],
    ) {
        everywhere(&bytes);
    }

    #[test]
    fn any_text_arrives(text in ".{0,100}") {
        prop_assert_eq!(&everywhere(text.as_bytes())["metadata"]["gatespan.route"], &text);
    }
}
