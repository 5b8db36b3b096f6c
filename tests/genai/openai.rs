//! OpenAI's chat completions, those of the same shape, completions and embeddings.

use crate::play::{CHAT, NOW, Play, STARTED, events};

pub const ANSWER: &str = r#"{
  "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
  "object": "chat.completion", "created": 1741569952,
  "model": "gpt-5-mini-2025-08-07",
  "choices": [
    {"index": 0, "message": {"role": "assistant", "content": "{\"usage\": {\"prompt_tokens\": 999}}",
      "annotations": [], "usage": {"prompt_tokens": 998}}, "logprobs": null, "finish_reason": "stop"},
    {"index": 1, "message": {"role": "assistant", "content": null,
      "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{\"model\":\"no\"}"}}]},
      "finish_reason": "tool_calls"}
  ],
  "usage": {"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 7, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0}},
  "service_tier": "default"
}"#;

#[test]
fn an_answer_says_all_of_it() {
    CHAT.json(ANSWER.as_bytes()).finds(
        r#"operation.name = chat
        provider.name = openai
        request.model = gpt-5-mini
        response.id = chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT
        response.finish_reasons = ["stop", "tool_calls"]
        gatespan.usage.status = reported
        usage.input_tokens = 19
        usage.output_tokens = 10
        usage.cache_read.input_tokens = 7
        usage.reasoning.output_tokens = 0
        response.model = gpt-5-mini-2025-08-07
        openai = prompt_tokens 19, completion_tokens 10, total_tokens 29, original_usage.prompt_tokens 19, original_usage.completion_tokens 10, original_usage.prompt_tokens_details.cached_tokens 7, original_usage.prompt_tokens_details.audio_tokens 0, original_usage.completion_tokens_details.audio_tokens 0, original_usage.completion_tokens_details.reasoning_tokens 0"#,
    );
}

pub const FIRST: &str = r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-5-mini-2025-08-07","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null}],"usage":null}"#;
pub const TEXT: &str = r#"{"id":"chatcmpl-1","object":"chat.completion.chunk","model":"gpt-5-mini-2025-08-07","choices":[{"index":0,"delta":{"content":"Grüße, \ud83d\ude00 \"usage\":{\"prompt_tokens\":5}"},"finish_reason":null}],"usage":null}"#;
pub const TOOL: &str = r#"{"id":"chatcmpl-1","model":"gpt-5-mini-2025-08-07","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","function":{"name":"f","arguments":"{\"usage\":1}"}}]},"finish_reason":null}]}"#;
pub const REFUSAL: &str = r#"{"id":"chatcmpl-1","model":"gpt-5-mini-2025-08-07","choices":[{"index":0,"delta":{"refusal":"I cannot"},"finish_reason":null}]}"#;
pub const LAST: &str = r#"{"id":"chatcmpl-1","model":"gpt-5-mini-2025-08-07","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}"#;
pub const USAGE: &str = r#"{"id":"chatcmpl-1","model":"gpt-5-mini-2025-08-07","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":8}}}"#;
pub const DONE: &str = "[DONE]";

pub fn stream() -> Play<'static> {
    Play {
        request: br#"{"model":"gpt-5-mini","stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":256,"temperature":0.70,"top_p":1e0,"messages":[{"role":"user","content":"\"model\":\"no\"","model":"no","stream":false}]}"#,
        ..CHAT
    }
}

#[test]
fn a_stream_says_all_of_it() {
    stream().sse(&events(&[FIRST, TEXT, LAST, USAGE, DONE])).finds(
        r#"operation.name = chat
        provider.name = openai
        request.model = gpt-5-mini
        request.stream = true
        request.max_tokens = 256
        request.temperature = 0.70
        request.top_p = 1e0
        response.id = chatcmpl-1
        response.finish_reasons = ["stop"]
        response.time_to_first_chunk = 0.25 s
        gatespan.usage.status = reported
        usage.input_tokens = 12
        usage.output_tokens = 3
        usage.cache_read.input_tokens = 8
        response.model = gpt-5-mini-2025-08-07
        openai = prompt_tokens 12, completion_tokens 3, total_tokens 15, original_usage.prompt_tokens 12, original_usage.completion_tokens 3, original_usage.prompt_tokens_details.cached_tokens 8"#,
    );
}

#[test]
fn the_first_token_is_the_first_payload() {
    for (data, comes) in [
        (FIRST, false),
        (TEXT, true),
        (TOOL, true),
        (REFUSAL, true),
        (LAST, false),
        (USAGE, false),
    ] {
        let body = events(&[data]);
        let play = stream().sse(&body);
        let first = play.run([play.request], [&*body]).first_token();
        assert_eq!(first, comes.then_some(NOW), "{data}");
    }
    // Of events that come later than others, the earliest counts; one that was not whole did not come.
    let body = events(&[FIRST, r#"{"choices":[{"delta":{"content":"x"}"#, TEXT, TEXT]);
    let play = stream().sse(&body);
    let dialect =
        gatespan::genai::ModelApi::find(None, b"POST", b"/chat/completions", b"").unwrap();
    let mut exchange = gatespan::genai::Exchange::new(dialect, b"");
    exchange.response_headers(200, [play.kind]);
    let mut now = STARTED;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        now.0 += 1;
        exchange.response_chunk(line, now);
    }
    assert_eq!(exchange.end(true).first_token().unwrap().0 - STARTED.0, 5);
}

#[test]
fn lines_end_in_any_way() {
    let plain = events(&[FIRST, TEXT, LAST, USAGE, DONE]);
    let text = String::from_utf8(plain.clone()).unwrap();
    let expected = stream().sse(&plain).found();
    for other in [
        text.replace('\n', "\r\n"),
        text.replace('\n', "\r"),
        format!("\u{feff}{text}"),
        format!(
            ": OPENROUTER PROCESSING\n\n:\n{}",
            text.replace("data: ", "data:")
        ),
        text.replace(
            "data: ",
            "event: x\nid: 7\nretry: 1\ndatas: {}\nunknown\n:data: {}\ndata: ",
        ),
        // Lines of data are one document; a field without a colon is an empty line of it.
        text.replace(",\"choices\"", ",\ndata:\"choices\"\ndata\ndata:"),
        text.replace(",\"choices\"", ",\ndata:\"choices\"")
            .replace('\n', "\r\n"),
        text.replace(",\"choices\"", ",\ndata:  \"choices\"")
            .replace('\n', "\r"),
        text.trim_end().into(),
        format!("{}\n", text.trim_end()),
    ] {
        assert_eq!(stream().sse(other.as_bytes()).found(), expected, "{other}");
    }
    // A mark that is none spoils its own line.
    let other = format!("\u{feff}\u{feff}{text}");
    let play = stream();
    let play = play.sse(other.as_bytes());
    play.tells(&["gatespan.usage.status = reported"]);
}

#[test]
fn what_is_malformed_loses_only_itself() {
    for bad in [
        r#"{"usage":{"prompt_tokens":99}"#,
        r#"{"usage":{"prompt_tokens":99}}}"#,
        r#"{"usage":{"prompt_tokens":99}} x"#,
        r#"{"usage":{"prompt_tokens":99},}"#,
        r#"{"usage":{"prompt_tokens":99},"a":tru}"#,
        r#"{"usage":{"prompt_tokens":99},"a":01}"#,
        "{\"usage\":{\"prompt_tokens\":99},\"a\":\"\u{1}\"}",
        r#"{"usage":{"prompt_tokens":99},"a":"\x"}"#,
        r#"{"usage":{"prompt_tokens":99},"a":"\u12g4"}"#,
        r#"{"usage":{"prompt_tokens":99},"a":[1 2]}"#,
        r#"{"usage":{"prompt_tokens":99},"a":[1}}"#,
        "{\"usage\":{\"prompt_tokens\":99},\"a\":\"\ndata: \"}",
        "usage",
        "[DONE",
        "[DONE]]",
        "[1,DONE]",
        "[[DONE]]",
    ] {
        let body = events(&[FIRST, TEXT, LAST, USAGE, bad, DONE]);
        stream().sse(&body).tells(&[
            "usage.input_tokens = 12",
            "gatespan.usage.status = reported",
        ]);
        let body = events(&[FIRST, TEXT, LAST, bad, DONE]);
        stream()
            .sse(&body)
            .tells(&["!usage", "gatespan.usage.status = absent"]);
    }
}

#[test]
fn a_stream_that_breaks_off_keeps_what_it_had() {
    let body = events(&[FIRST, TEXT, USAGE]);
    stream()
        .sse(&body)
        .cut()
        .tells(&["gatespan.usage.status = partial", "usage.input_tokens = 12"]);
    // In the middle of the event with the counts: nothing of it, for a number may have gone on.
    let cut = &body[..body.len() - 40];
    stream().sse(cut).cut().tells(&[
        "gatespan.usage.status = partial",
        "!usage",
        "response.id = chatcmpl-1",
    ]);
    // Who hears the end mark may leave.
    let body = events(&[FIRST, TEXT, USAGE, DONE]);
    stream()
        .sse(&body)
        .cut()
        .tells(&["gatespan.usage.status = reported"]);
}

#[test]
fn choices_stand_in_the_order_of_their_index() {
    let choice = |index: &str, reason: &str| {
        format!(r#"{{"choices":[{{"finish_reason":"{reason}","index":{index},"delta":{{}}}}]}}"#)
    };
    let (one, two, three) = (
        choice("2", "length"),
        choice("0", "stop"),
        choice("1", "stop"),
    );
    let body = events(&[&one, &two, &three, DONE]);
    stream()
        .sse(&body)
        .tells(&[r#"response.finish_reasons = ["stop", "stop", "length"]"#]);
    // Without one it is their turn that counts; beyond the sixteenth nothing does.
    let choices = vec![r#"{"finish_reason":"stop"}"#; 20].join(",");
    let body = format!(
        r#"{{"choices":[{{"finish_reason":"length"}},{{"finish_reason":null}},{choices}]}}"#
    );
    let play = CHAT.json(body.as_bytes());
    let found = play.run([play.request], [play.body]);
    assert_eq!(found.finish_reasons().count(), 15);
    assert_eq!(found.finish_reasons().next(), Some(&b"length"[..]));
    for index in ["16", "-1", "1e99", "\"0\""] {
        let body = format!(r#"{{"choices":[{{"index":{index},"finish_reason":"stop"}}]}}"#);
        let place = index == "-1" || index.starts_with('"');
        let expected = if place {
            r#"response.finish_reasons = ["stop"]"#
        } else {
            "!response.finish"
        };
        let expected = if index == "1e99" {
            r#"response.finish_reasons = ["stop"]"#
        } else {
            expected
        };
        CHAT.json(body.as_bytes()).tells(&[expected]);
    }
}

#[test]
fn absent_is_not_zero() {
    let body = events(&[FIRST, TEXT, LAST, DONE]);
    stream()
        .sse(&body)
        .tells(&["gatespan.usage.status = absent", "!usage", "!openai"]);
    CHAT.json(br#"{"id":"x","usage":{"prompt_tokens":0,"completion_tokens":0}}"#)
        .tells(&[
            "usage.input_tokens = 0",
            "usage.output_tokens = 0",
            "gatespan.usage.status = reported",
        ]);
    CHAT.json(br#"{"id":"x","usage":null}"#)
        .tells(&["!usage", "gatespan.usage.status = absent"]);
}

#[test]
fn counts_are_whole_numbers() {
    for (number, expected) in [
        ("12", "usage.input_tokens = 12"),
        ("2e3", "usage.input_tokens = 2000"),
        ("2.0", "usage.input_tokens = 2"),
        ("9007199254740992", "usage.input_tokens = 9007199254740992"),
        ("9007199254740993", "!usage"),
        ("1e400", "!usage"),
        ("-1", "!usage"),
        ("1.5", "!usage"),
        ("\"12\"", "!usage"),
        ("true", "!usage"),
        ("[12]", "!usage"),
        ("{}", "!usage"),
    ] {
        let body = format!(r#"{{"usage":{{"prompt_tokens":{number}}}}}"#);
        CHAT.json(body.as_bytes()).tells(&[expected]);
    }
    let digits = "0".repeat(300);
    let body = format!(r#"{{"usage":{{"prompt_tokens":1.{digits}}}}}"#);
    CHAT.json(body.as_bytes()).tells(&["!usage"]);
    // Opik's numbers have 32 bits, and one that is too large would cost its batch.
    CHAT.json(br#"{"usage":{"prompt_tokens":2147483647,"completion_tokens":2147483648}}"#)
        .tells(&["openai = prompt_tokens 2147483647, original_usage.prompt_tokens 2147483647"]);
}

#[test]
fn of_duplicates_the_last_counts() {
    for (body, expected) in [
        (
            r#"{"usage":{"prompt_tokens":1,"prompt_tokens":2}}"#,
            "usage.input_tokens = 2",
        ),
        (
            r#"{"usage":{"prompt_tokens":1,"prompt_tokens":null}}"#,
            "!usage.input",
        ),
        (
            r#"{"usage":{"prompt_tokens":1},"usage":{"completion_tokens":2}}"#,
            "!usage.input",
        ),
        (
            r#"{"usage":{"prompt_tokens":1},"usage":null}"#,
            "!usage.input",
        ),
        (
            r#"{"usage":{"prompt_tokens":1,"\u0070rompt_tokens":3}}"#,
            "usage.input_tokens = 3",
        ),
        (r#"{"model":"one","model":"two"}"#, "response.model = two"),
        (r#"{"model":"one","model":7}"#, "!response.model"),
        (r#"{"error":{"code":"x"},"error":null}"#, "!error"),
        (
            r#"{"choices":[{"finish_reason":"a"},{"finish_reason":"b"}],"choices":[{"finish_reason":"c"}]}"#,
            r#"response.finish_reasons = ["c"]"#,
        ),
        (
            r#"{"choices":[{"finish_reason":"a","finish_reason":"b"}]}"#,
            r#"response.finish_reasons = ["b"]"#,
        ),
    ] {
        CHAT.json(body.as_bytes()).tells(&[expected]);
    }
    // Two names for one thing are no duplicates.
    let request = br#"{"model":"m","max_completion_tokens":5,"max_tokens":null}"#;
    Play {
        request,
        ..CHAT.json(b"{}")
    }
    .tells(&["request.max_tokens = 5"]);
}
