//! Amazon Bedrock: converse and invoke, as documents and as binary frames.

use crate::play::{CHAT, FRAMES, Play};

const CONVERSE: Play<'_> = Play {
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

fn invoke(body: &[u8]) -> Play<'_> {
    Play {
        path: "/model/anthropic.claude-3-haiku-20240307-v1:0/invoke-with-response-stream",
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

fn event(kind: &str, payload: &str) -> Vec<u8> {
    frame(
        &[
            (":event-type", kind),
            (":content-type", "application/json"),
            (":message-type", "event"),
        ],
        payload.as_bytes(),
    )
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |value: u32| char::from(DIGITS[value as usize % 64]);
    bytes
        .chunks(3)
        .flat_map(|chunk| {
            let word = (0..3).fold(0, |word, at| {
                word << 8 | u32::from(chunk.get(at).copied().unwrap_or(0))
            });
            let mut digits = [18, 12, 6, 0].map(|shift| digit(word >> shift));
            digits
                .iter_mut()
                .skip(chunk.len() + 1)
                .for_each(|digit| *digit = '=');
            digits
        })
        .collect()
}

fn wrapped(payload: &str) -> Vec<u8> {
    event(
        "chunk",
        &format!(
            r#"{{"bytes":"{}","p":"abcdefgh"}}"#,
            base64(payload.as_bytes())
        ),
    )
}

const FOUND: &str = r#"operation.name = chat
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
        (1 << 24, 200_000),
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
    let long = "x".repeat(5_000);
    let body = [frame(
        &[
            ("long", &long),
            (":event-type", "metadata"),
            (&long[..255], "x"),
        ],
        USAGE.as_bytes(),
    )]
    .concat();
    frames(&body).tells(&[
        "gatespan.usage.status = reported",
        "usage.input_tokens = 62040",
    ]);
}

const START: &str = r#"{"type":"message_start","message":{"id":"msg_bdrk_1","model":"claude-3-haiku-20240307","usage":{"input_tokens":40,"cache_read_input_tokens":60000,"cache_creation_input_tokens":2000,"output_tokens":1}}}"#;
const TEXT: &str =
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hé"}}"#;
const DELTA: &str =
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":300}}"#;
const STOP: &str = r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":40,"outputTokenCount":300,"invocationLatency":1,"firstByteLatency":1,"cacheReadInputTokenCount":60000,"cacheWriteInputTokenCount":2000}}"#;

#[test]
fn invoke_wraps_the_vendors_events() {
    let body = [START, TEXT, DELTA, STOP].map(wrapped).concat();
    let found = FOUND
        .replace("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-3-haiku-20240307-v1:0\n    request.stream = true")
        .replace("    request.max_tokens = 512\n    request.temperature = 0.5\n    request.top_p = 0.9\n", "    response.id = msg_bdrk_1\n")
        .replace("    gatespan", "    response.time_to_first_chunk = 0.25 s\n    gatespan")
        .replace("    bedrock", "    response.model = claude-3-haiku-20240307\n    bedrock");
    invoke(&body).finds(&found);
    // What Bedrock counted is enough, whoever the vendor is.
    let body = wrapped(
        r#"{"outputText":"x","amazon-bedrock-invocationMetrics":{"inputTokenCount":5,"outputTokenCount":7}}"#,
    );
    invoke(&body).tells(&[
        "gatespan.usage.status = reported",
        "usage.input_tokens = 5",
        "usage.output_tokens = 7",
    ]);
    // Amazon's own.
    let own = [
        r#"{"messageStop":{"stopReason":"max_tokens"}}"#,
        r#"{"metadata":{"usage":{"inputTokens":5,"outputTokens":7}},"amazon-bedrock-invocationMetrics":{"inputTokenCount":5,"outputTokenCount":7}}"#,
    ];
    invoke(&own.map(wrapped).concat()).tells(&[
        r#"response.finish_reasons = ["max_tokens"]"#,
        "usage.output_tokens = 7",
    ]);
}

#[test]
fn an_envelope_is_opened_however_it_is_written() {
    let inside = base64(DELTA.as_bytes());
    for envelope in [
        format!(r#"{{ "p" : "a\"bytes\":\"" , "bytes" : "{inside}" }}"#),
        format!(
            r#"{{"n":1,"byte":"x","bytesx":"y","bytes":"{}"}}"#,
            inside.replace('/', "\\/").trim_end_matches('=')
        ),
    ] {
        invoke(&event("chunk", &envelope)).tells(&[
            "usage.output_tokens = 300",
            "gatespan.usage.status = partial",
        ]);
    }
    let body = event("chunk", r#"{"p":"x"}"#);
    invoke(&body).tells(&["!usage"]);
}

#[test]
fn invoke_hands_over_the_vendors_body() {
    let body = br#"{"id":"msg_1","type":"message","model":"claude-3-haiku-20240307","content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","usage":{"input_tokens":40,"cache_read_input_tokens":60000,"cache_creation_input_tokens":2000,"output_tokens":300}}"#;
    Play { path: "/model/anthropic.claude-3-haiku-20240307-v1:0/invoke", request: br#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":99,"messages":[]}"#, ..CONVERSE }
        .json(body)
        .tells(&["request.max_tokens = 99", "usage.input_tokens = 62040", "response.model = claude-3-haiku-20240307",
            "bedrock = prompt_tokens 62040, completion_tokens 300, total_tokens 62340, original_usage.inputTokens 40, original_usage.outputTokens 300, original_usage.cacheReadInputTokens 60000, original_usage.cacheWriteInputTokens 2000"]);
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
