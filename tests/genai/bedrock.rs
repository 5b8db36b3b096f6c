//! Amazon Bedrock's converse, as documents and as binary frames.

use crate::play::{CHAT, FRAMES, Play};

pub const CONVERSE: Play<'_> = Play {
    path: "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
    host: "bedrock-runtime.us-east-1.amazonaws.com",
    request: br#"{"messages":[{"role":"user","content":[{"text":"hi"}]}],"inferenceConfig":{"maxTokens":512,"temperature":0.5,"topP":0.9}}"#,
    ..CHAT
};

fn frames(body: &[u8]) -> Play<'_> {
    Play {
        path: "/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream",
        kind: FRAMES,
        body,
        ..CONVERSE
    }
}

/// A frame with headers that are texts, and one of each other type before them.
pub fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    for (kind, size) in [
        (0, 0),
        (1, 0),
        (2, 1),
        (3, 2),
        (4, 4),
        (5, 8),
        (8, 8),
        (9, 16),
    ] {
        all.extend([2, b':', b'x', kind]);
        all.extend(vec![7; size]);
    }
    all.extend(*b"\x05bytes\x06\x00\x03abc");
    for (name, value) in headers {
        all.push(name.len() as u8);
        all.extend(name.as_bytes());
        all.push(7);
        all.extend((value.len() as u16).to_be_bytes());
        all.extend(value.as_bytes());
    }
    let total = 16 + all.len() + payload.len();
    let mut frame = (total as u32).to_be_bytes().to_vec();
    frame.extend((all.len() as u32).to_be_bytes());
    frame.extend([0xde, 0xad, 0xbe, 0xef]);
    frame.extend(all);
    frame.extend(payload);
    frame.extend([0xca, 0xfe, 0xba, 0xbe]);
    frame
}

pub fn event(kind: &str, payload: &str) -> Vec<u8> {
    frame(
        &[
            (":event-type", kind),
            (":content-type", "application/json"),
            (":message-type", "event"),
        ],
        payload.as_bytes(),
    )
}

pub const FOUND: &str = r#"operation.name = chat
    provider.name = aws.bedrock
    request.model = us.anthropic.claude-sonnet-4-5-20250929-v1:0
    request.max_tokens = 512
    request.temperature = 0.5
    request.top_p = 0.9
    response.finish_reasons = ["end_turn"]
    gatespan.usage.status = reported
    usage.input_tokens = 62040
    usage.output_tokens = 300
    usage.cache_read.input_tokens = 60000
    usage.cache_creation.input_tokens = 2000
    bedrock = prompt_tokens 62040, completion_tokens 300, total_tokens 62340, original_usage.inputTokens 40, original_usage.outputTokens 300, original_usage.cacheReadInputTokens 60000, original_usage.cacheWriteInputTokens 2000"#;

const USAGE: &str = r#"{"usage":{"inputTokens":40,"outputTokens":300,"totalTokens":62340,"cacheReadInputTokens":60000,"cacheWriteInputTokens":2000},"metrics":{"latencyMs":1200}}"#;

fn stream() -> Vec<u8> {
    [
        event("messageStart", r#"{"role":"assistant","p":"ab"}"#),
        event("contentBlockDelta", r#"{"contentBlockIndex":0,"delta":{"text":"é \"usage\":{\"inputTokens\":9}"},"p":"abc"}"#),
        event("contentBlockStop", r#"{"contentBlockIndex":0}"#),
        event("messageStop", r#"{"additionalModelResponseFields":{"usage":{"inputTokens":9}},"stopReason":"end_turn"}"#),
        event("metadata", USAGE),
    ]
    .concat()
}

#[test]
fn an_answer_says_all_of_it() {
    let body = br#"{"metrics":{"latencyMs":1200},"output":{"message":{"role":"assistant","content":[{"text":"x"},{"toolUse":{"input":{"usage":{"inputTokens":9}}}}]}},"stopReason":"end_turn","usage":{"inputTokens":40,"outputTokens":300,"totalTokens":62340,"cacheReadInputTokens":60000,"cacheWriteInputTokens":2000}}"#;
    CONVERSE.json(body).finds(FOUND);
}

#[test]
fn frames_say_the_same() {
    let found = FOUND
        .replace(
            "    request.max",
            "    request.stream = true\n    request.max",
        )
        .replace(
            "    gatespan",
            "    response.time_to_first_chunk = 0.25 s\n    gatespan",
        );
    frames(&stream()).finds(&found);
}

#[test]
fn frames_that_break_off_keep_what_was_whole() {
    let body = stream();
    frames(&body[..body.len() - 5]).cut().tells(&[
        "gatespan.usage.status = partial",
        r#"response.finish_reasons = ["end_turn"]"#,
        "!usage",
    ]);
    let without = [stream(), event("metadata", "{}")].concat();
    frames(&without).tells(&["gatespan.usage.status = reported"]);
    let absent = [
        event("messageStop", r#"{"stopReason":"end_turn"}"#),
        event("metadata", "{}"),
    ]
    .concat();
    frames(&absent).tells(&["gatespan.usage.status = absent", "!usage"]);
}

#[test]
fn what_is_malformed_loses_its_frame() {
    let body = [event("metadata", r#"{"usage":{"inputTokens":1}"#), stream()].concat();
    frames(&body).tells(&[
        "gatespan.usage.status = reported",
        "usage.input_tokens = 62040",
    ]);
    let body = event("metadata", r#"{"usage":{"inputTokens":1}"#);
    frames(&body).tells(&["gatespan.usage.status = error", "!usage"]);
}

#[test]
fn a_failure_is_a_frame() {
    let exception = frame(
        &[
            (":exception-type", "throttlingException"),
            (":content-type", "application/json"),
            (":message-type", "exception"),
        ],
        br#"{"message":"Too many tokens"}"#,
    );
    let body = [event("messageStart", r#"{"role":"assistant"}"#), exception].concat();
    frames(&body).tells(&[
        "gatespan.usage.status = error",
        "error.type = throttlingException",
    ]);
    let error = frame(
        &[
            (":message-type", "error"),
            (":error-code", "InternalError"),
            (":error-message", "secret words"),
        ],
        b"",
    );
    frames(&error).tells(&[
        "gatespan.usage.status = error",
        "error.type = InternalError",
    ]);
}

#[test]
fn impossible_lengths_end_it() {
    let good = event("messageStop", r#"{"stopReason":"end_turn"}"#);
    for (total, headers) in [
        (15, 0),
        (0, 0),
        (u32::MAX, 0),
        (16, 1),
        (100, 85),
        (100, u32::MAX),
        (1 << 25, 0),
    ] {
        let mut bad = u32::to_be_bytes(total).to_vec();
        bad.extend(headers.to_be_bytes());
        bad.extend([0; 200]);
        let body = [good.clone(), bad].concat();
        frames(&body).tells(&[
            "gatespan.usage.status = error",
            r#"response.finish_reasons = ["end_turn"]"#,
        ]);
    }
    // A header that is longer than all of them, one of no type, and a long one that is passed over.
    for (header, status) in [
        (&b"\x05ab"[..], "error"),
        (b"\x01a\x07\xff\xff", "error"),
        (b"\x01a\x0a", "error"),
        (b"\x00\x00", "absent"),
    ] {
        let mut body = (16 + header.len() as u32).to_be_bytes().to_vec();
        body.extend((header.len() as u32).to_be_bytes());
        body.extend([0; 4]);
        body.extend(header);
        body.extend([0; 4]);
        body.extend(event("metadata", "{}"));
        assert!(
            frames(&body)
                .found()
                .contains(&format!("status = {status}")),
            "{header:?}"
        );
    }
    // Headers are held as far as there is room; what stands behind is passed over.
    let long = "x".repeat(5_000);
    let headers = [
        (":event-type", "metadata"),
        ("long", &*long),
        (":message-type", "exception"),
    ];
    let body = frame(&headers, USAGE.as_bytes());
    frames(&body).tells(&[
        "gatespan.usage.status = reported",
        "usage.input_tokens = 62040",
    ]);
}

#[test]
fn the_model_is_in_the_path() {
    for (path, model) in [
        (
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.meta.llama3/converse",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.meta.llama3",
        ),
        (
            "/model/arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.meta.llama3/converse",
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.meta.llama3",
        ),
        ("/model/a%zzb%2/converse?x=/converse", "a%zzb%2"),
    ] {
        Play { path, ..CONVERSE }
            .json(b"{}")
            .tells(&[&format!("request.model = {model}")]);
    }
    for path in ["/model/a%0Ab/converse", "/model/%ff/converse"] {
        Play { path, ..CONVERSE }
            .json(b"{}")
            .tells(&["!request.model"]);
    }
    let path = format!("/model/{}/converse", "%41".repeat(129));
    Play {
        path: &path,
        ..CONVERSE
    }
    .json(b"{}")
    .tells(&["!request.model"]);
}

#[test]
fn an_error_may_name_itself() {
    CONVERSE
        .failed(400)
        .json(br#"{"__type":"ValidationException","message":"secret"}"#)
        .tells(&[
            "gatespan.usage.status = error",
            "error.type = ValidationException",
        ]);
}
