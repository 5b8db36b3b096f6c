//! JSON, held against another reader of it.

use proptest::prelude::*;
use serde_json::Value;

use crate::play::{CHAT, LINES, Play, pieces};

/// Whether a body is one document, as we see it.
fn is_whole(body: &[u8], seed: u64) -> bool {
    let body = [b"{\"a\":", body, b",\"id\":\"whole\"}"].concat();
    let play = CHAT.json(&body);
    let found = play.run([], pieces(&body, seed));
    found.response_id() == Some(b"whole") && found.status() == gatespan::genai::Status::Absent
}

/// The same as serde sees it; none where a number is too large for it.
fn is_json(body: &[u8]) -> Option<bool> {
    let body = [b"{\"a\":", body, b",\"id\":\"whole\"}"].concat();
    match serde_json::from_slice::<Value>(&body) {
        Ok(value) => Some(value["id"] == "whole"),
        Err(error) => (!error.to_string().starts_with("number out of range")).then_some(false),
    }
}

#[test]
fn every_short_text_of_these_signs() {
    let signs: &[&str] = &[
        "{", "}", "[", "]", ",", ":", "\"", "\\", "1", "-", "0", ".", "e", "true", "null", "
",
        "\"k\":",
    ];
    let mut count = 0;
    for length in 1..=4 {
        for mut number in 0..signs.len().pow(length) {
            let mut text = String::new();
            for _ in 0..length {
                text.push_str(signs[number % signs.len()]);
                number /= signs.len();
            }
            let expected = is_json(text.as_bytes()).unwrap();
            count += usize::from(expected);
            assert_eq!(is_whole(text.as_bytes(), 1), expected, "{text}");
        }
    }
    assert!(count > 400, "{count}");
}

#[test]
fn depth_is_skipped_and_not_failed() {
    for depth in [1, 62, 63, 64, 65, 66, 200, 100_000] {
        for (open, close) in [("[", "]"), ("{\"usage\":", "}")] {
            let nested = format!("{}\"]}}\\\"\"{}", open.repeat(depth), close.repeat(depth));
            let body = format!(r#"{{"a":{nested},"usage":{{"prompt_tokens":1}}}}"#);
            let play = CHAT.json(body.as_bytes());
            assert_eq!(
                play.run([], [play.body]).input_tokens(),
                Some(1),
                "{depth} {open}"
            );
            assert_eq!(
                play.run([], pieces(play.body, 3)).input_tokens(),
                Some(1),
                "{depth} {open}"
            );
        }
        let more = format!(
            r#"{{"a":{}1{},"usage":{{"prompt_tokens":1}}}}"#,
            "[".repeat(depth),
            "]".repeat(depth + 1)
        );
        let play = CHAT.json(more.as_bytes());
        assert_eq!(play.run([], [play.body]).input_tokens(), None, "{depth}");
    }
}

#[test]
fn keys_are_what_they_spell() {
    for (key, counts) in [
        (r"usage", true),
        (r"\u0075sage", true),
        (r"us\u0061ge", true),
        (r"usag\u0065", true),
        (r"usage\u0000", false),
        (r"\ud83dusage", false),
        (r"usage\/", false),
        (r"Usage", false),
    ] {
        let body = format!(r#"{{"{key}":{{"prompt_tokens":1}}}}"#);
        let expected = if counts {
            "usage.input_tokens = 1"
        } else {
            "!usage"
        };
        CHAT.json(body.as_bytes()).tells(&[expected]);
    }
    let long = "u".repeat(1_000);
    let body = format!(r#"{{"{long}":1,"usage":{{"{long}":2,"prompt_tokens":1}}}}"#);
    CHAT.json(body.as_bytes())
        .tells(&["usage.input_tokens = 1"]);
}

#[test]
fn names_are_bounded_and_stay_on_their_line() {
    let fit = "m".repeat(128);
    let unfit = "m".repeat(129);
    let very = "m".repeat(10_000);
    for (model, expected) in [
        (&*fit, Some(&*fit)),
        (&*unfit, None),
        (&*very, None),
        ("", None),
        (r"a\/b\u003a\u00e9 \t", None),
        (r"a\/b\u003a\u00e9 c", Some("a/b:é c")),
        (r"a\nb", None),
        (r"a\u007fb", None),
        (r"a\u0085b", None),
        (r"a\ud83d\ude00", None),
        ("a\u{1f600}", Some("a\u{1f600}")),
    ] {
        let body = format!(r#"{{"model":"{model}"}}"#);
        let expected = expected.map_or("!response.model".into(), |model| {
            format!("response.model = {model}")
        });
        CHAT.json(body.as_bytes()).tells(&[&expected]);
    }
    CHAT.json(b"{\"model\":\"a\xff\"}")
        .tells(&["!response.model"]);
    // The last one that says something counts.
    let body = "data: {\"model\":\"one\"}\n\ndata: {\"model\":\"\"}\n\ndata: {\"model\":null}\n\n";
    CHAT.sse(body.as_bytes()).tells(&["response.model = one"]);
    for (reason, expected) in [
        ("content_filter", true),
        ("a b", false),
        ("", false),
        (&fit[..64], true),
        (&fit[..65], false),
    ] {
        let body = format!(r#"{{"choices":[{{"finish_reason":"{reason}"}}]}}"#);
        let line = format!("response.finish_reasons = [{reason:?}]");
        CHAT.json(body.as_bytes())
            .tells(&[if expected { &line } else { "!response.finish" }]);
    }
}

#[test]
fn room_is_bounded_and_counts_always_find_it() {
    let long = "m".repeat(128);
    let reason = "r".repeat(64);
    let choices = vec![format!(r#"{{"finish_reason":"{reason}"}}"#); 16].join(",");
    let body = format!(
        r#"{{"id":"{long}","model":"{long}","choices":[{choices}],"usage":{{"prompt_tokens":7,"completion_tokens":8}}}}"#
    );
    let request = format!(r#"{{"model":"{long}"}}"#);
    Play {
        request: request.as_bytes(),
        ..CHAT.json(body.as_bytes())
    }
    .tells(&[
        "usage.input_tokens = 7",
        "usage.output_tokens = 8",
        "gatespan.usage.status = reported",
    ]);
    let event = format!("data: {body}\n\n").repeat(5);
    Play {
        request: request.as_bytes(),
        ..CHAT.sse(event.as_bytes())
    }
    .tells(&["usage.input_tokens = 7"]);
}

/// Everything that a call can count at once, beside names as long as they may be.
#[test]
fn every_count_finds_room() {
    // Together they take all that is not left to numbers, and what would take more finds no room.
    let (long, id) = ("m".repeat(128), "i".repeat(98));
    let counts = r#""input_tokens":1,"output_tokens":2,"cache_read_input_tokens":3,"cache_creation_input_tokens":4"#;
    let list = format!(r#"[{{"type":"compaction",{counts}}},{{"type":"message",{counts}}}]"#);
    let event = |kind: &str| {
        format!(
            r#"data: {{"type":"{kind}","message":{{"id":"{id}"}},"delta":{{"stop_reason":"{id:.28}"}},"usage":{{{counts},"iterations":{list}}}}}"#
        )
    };
    let body = ["message_start", "message_delta", "message_stop"]
        .map(|kind| event(kind) + "\n\n")
        .concat();
    // What was counted before takes its room until then.
    let body = body.replacen("tokens\":", "tokens\":9", 12);
    let digits = "0.1111111111222222222233";
    let request =
        format!(r#"{{"model":"{long}","max_tokens":5,"temperature":{digits},"top_p":{digits}}}"#);
    Play {
        path: "/v1/messages",
        host: "api.anthropic.com",
        request: request.as_bytes(),
        ..CHAT.sse(body.as_bytes())
    }
    .tells(&[
        "request.max_tokens = 5",
        &format!("response.id = {id}"),
        "!response.finish",
        "anthropic = prompt_tokens 16, completion_tokens 4, total_tokens 20, original_usage.input_tokens 2, original_usage.output_tokens 4, original_usage.cache_read_input_tokens 6, original_usage.cache_creation_input_tokens 8",
    ]);
    let usage = r#"{"input_tokens":1,"cache_read_input_tokens":3,"cache_creation_input_tokens":4,"total_tokens":9,"prompt_tokens":8,"completion_tokens":2,"prompt_tokens_details":{"audio_tokens":1},"completion_tokens_details":{"reasoning_tokens":1,"audio_tokens":1}}"#;
    let body = format!(
        r#"{{"id":"{long}","model":"{long}","choices":[{{"index":0,"finish_reason":"stop"}}],"usage":{usage}}}"#
    );
    let body = format!("{}\n{body}", body.replace("tokens\":", "tokens\":9"));
    let headers: &[(&str, &str)] = &[
        ("x-amzn-bedrock-input-token-count", "10"),
        ("x-amzn-bedrock-output-token-count", "10"),
        ("x-amzn-bedrock-cache-read-input-token-count", "10"),
        ("x-amzn-bedrock-cache-write-input-token-count", "10"),
    ];
    Play {
        path: &format!("/model/{long}/invoke"),
        host: "",
        request: request.as_bytes(),
        headers,
        kind: LINES,
        ..CHAT.json(body.as_bytes())
    }
    .tells(&[
        "request.max_tokens = 5",
        "usage.reasoning.output_tokens = 1",
        "bedrock = prompt_tokens 8, completion_tokens 2, total_tokens 10, original_usage.inputTokens 1, original_usage.outputTokens 2, original_usage.cacheReadInputTokens 3, original_usage.cacheWriteInputTokens 4, original_usage.prompt_tokens_details.audio_tokens 1, original_usage.completion_tokens_details.audio_tokens 1, original_usage.completion_tokens_details.reasoning_tokens 1",
    ]);
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[\\\\\"/{}\\[\\]:, \u{1}-\u{1f}]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 6, |inner| {
        let key = prop_oneof![
            "[a-c]",
            Just("usage".to_owned()),
            Just("prompt_tokens".to_owned())
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6).prop_map(|pairs| pairs.into_iter().collect()),
        ]
    })
}

proptest! {
    /// Any document, anywhere beside what counts, in any pieces.
    #[test]
    fn every_document_is_read_to_its_end(value in json(), pretty: bool, seed: u64) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        prop_assert!(is_whole(text.unwrap().as_bytes(), seed));
    }

    /// A document with a byte changed is one, or is none, for both.
    #[test]
    fn a_changed_byte_is_seen(value in json(), place: prop::sample::Index, byte in 0..=127u8, seed: u64) {
        let mut text = serde_json::to_vec(&value).unwrap();
        let place = place.index(text.len());
        text[place] = byte;
        // Whether a text that nobody keeps is UTF-8 is not looked at.
        prop_assume!(std::str::from_utf8(&text).is_ok());
        let expected = is_json(&text);
        prop_assume!(expected.is_some());
        prop_assert_eq!(Some(is_whole(&text, seed)), expected, "{}", text.escape_ascii());
    }

    /// What counts is what a whole reading of the document finds there.
    #[test]
    fn counts_are_those_at_their_path(value in json(), seed: u64) {
        let text = serde_json::to_vec(&value).unwrap();
        let play = CHAT.json(&text);
        let found = play.run([], pieces(&text, seed)).input_tokens();
        let expected = value["usage"]["prompt_tokens"].as_f64().filter(|number| number.fract() == 0.0 && *number >= 0.0 && *number <= 9e15);
        // A list is one of events.
        prop_assume!(!value.is_array());
        prop_assume!(expected != Some(0.0));
        let large = value["usage"]["prompt_tokens"].as_f64().is_some_and(|number| number > 9e15);
        prop_assume!(!large);
        prop_assert_eq!(found, expected.map(|number| number as u64));
    }
}
