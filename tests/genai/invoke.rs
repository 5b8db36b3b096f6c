//! Amazon Bedrock's invoke: the events of every vendor, in their envelopes.

use crate::bedrock::{CONVERSE, FOUND, event};
use crate::play::{FRAMES, Play};

/// A call without a stream.
pub const INVOKE: Play<'_> = Play {
    path: "/model/m/invoke",
    request: b"{}",
    ..CONVERSE
};

pub fn invoke(body: &[u8]) -> Play<'_> {
    Play {
        path: "/model/anthropic.claude-3-haiku-20240307-v1:0/invoke-with-response-stream",
        kind: FRAMES,
        body,
        ..INVOKE
    }
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

pub fn wrapped(payload: &str) -> Vec<u8> {
    event(
        "chunk",
        &format!(
            r#"{{"bytes":"{}","p":"abcdefgh"}}"#,
            base64(payload.as_bytes())
        ),
    )
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
    // Anthropic's own last event is one as well.
    let stop = STOP.split(",\"amazon").next().unwrap().to_owned() + "}";
    let body = [START, &*stop].map(wrapped).concat();
    invoke(&body).tells(&["gatespan.usage.status = reported"]);
    // What Bedrock counted is enough, whoever the vendor is.
    let body = wrapped(
        r#"{"outputText":"x","amazon-bedrock-invocationMetrics":{"inputTokenCount":5,"outputTokenCount":7,"cacheReadInputTokenCount":3,"cacheWriteInputTokenCount":2}}"#,
    );
    invoke(&body).tells(&[
        "gatespan.usage.status = reported",
        "usage.input_tokens = 10",
        "usage.cache_read.input_tokens = 3",
        "usage.cache_creation.input_tokens = 2",
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

/// A vendor's stream: events before the last one, which Bedrock adds its counts to, and why it ended.
const STREAMS: &[(&[&str], &str)] = &[
    (
        &[
            r#"{"generation":" s","prompt_token_count":5,"generation_token_count":1,"stop_reason":null}"#,
            r#"{"generation":"aid","prompt_token_count":null,"generation_token_count":2,"stop_reason":null}"#,
            r#"{"generation":"","prompt_token_count":null,"generation_token_count":10,"stop_reason":"stop","§}"#,
        ],
        "stop",
    ),
    (
        &[
            r#"{"outputText":"said","index":0,"totalOutputTextTokenCount":null,"completionReason":null,"inputTextTokenCount":5}"#,
            r#"{"outputText":"","index":0,"totalOutputTextTokenCount":10,"completionReason":"FINISH","inputTextTokenCount":5,"§}"#,
        ],
        "FINISH",
    ),
    (
        &[
            r#"{"outputs":[{"text":"said","stop_reason":null}]}"#,
            r#"{"outputs":[{"text":"","stop_reason":"stop"}],"§}"#,
        ],
        "stop",
    ),
    (
        &[
            r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"said"},"stop_reason":null}]}"#,
            r#"{"choices":[{"index":0,"message":{"role":"assistant","content":""},"stop_reason":"stop"}],"§}"#,
        ],
        "stop",
    ),
    (
        &[
            r#"{"is_finished":false,"event_type":"text-generation","text":"said"}"#,
            r#"{"is_finished":true,"event_type":"stream-end","finish_reason":"COMPLETE","response":{"text":"said","meta":{"billed_units":{"input_tokens":9}}},"§}"#,
        ],
        "COMPLETE",
    ),
    (
        &[
            r#"{"id":"cmpl-1","choices":[{"index":0,"delta":{"role":"assistant"},"finish_reason":null}]}"#,
            r#"{"id":"cmpl-1","choices":[{"index":0,"delta":{"content":"said"},"finish_reason":null}]}"#,
            r#"{"id":"cmpl-1","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":10,"total_tokens":15},"§}"#,
        ],
        "stop",
    ),
    (
        &[
            r#"{"choices":[{"text":"said","stop_reason":null}]}"#,
            r#"{"choices":[{"text":"","stop_reason":"length"}],"§}"#,
        ],
        "length",
    ),
    (
        &[
            r#"{"messageStart":{"role":"assistant"}}"#,
            r#"{"contentBlockDelta":{"delta":{"text":"said"},"contentBlockIndex":0}}"#,
            r#"{"messageStop":{"stopReason":"end_turn"}}"#,
            r#"{"metadata":{"usage":{"inputTokens":5,"outputTokens":10},"metrics":{},"trace":{}},"§}"#,
        ],
        "end_turn",
    ),
    (
        &[
            r#"{"type":"completion","completion":"said","stop_reason":null}"#,
            r#"{"type":"completion","completion":"","stop_reason":"stop_sequence","§}"#,
        ],
        "stop_sequence",
    ),
];

/// Without the brace and the quote before it, which stand there.
const METRICS: &str = r#"amazon-bedrock-invocationMetrics":{"inputTokenCount":5,"outputTokenCount":10,"invocationLatency":604,"firstByteLatency":190}"#;

#[test]
fn every_vendors_stream_is_read() {
    for (events, reason) in STREAMS {
        let frames: Vec<u8> = events
            .iter()
            .flat_map(|event| wrapped(&event.replace('§', METRICS)))
            .collect();
        invoke(&frames).tells(&[
            &format!("response.finish_reasons = [\"{reason}\"]"),
            "response.time_to_first_chunk = 0.25 s",
            "gatespan.usage.status = reported",
            "usage.input_tokens = 5",
            "usage.output_tokens = 10",
            "bedrock = prompt_tokens 5, completion_tokens 10, total_tokens 15, original_usage.inputTokens 5, original_usage.outputTokens 10",
        ]);
        // What Bedrock adds ends it.
        let (last, before) = events.split_last().unwrap();
        let frames: Vec<u8> = before.iter().flat_map(|event| wrapped(event)).collect();
        invoke(&frames).tells(&["gatespan.usage.status = partial"]);
        assert!(last.contains('§'), "{last}");
    }
}

/// Last events as they would be if Bedrock added nothing: what vendors count themselves.
#[test]
fn a_vendors_own_counts_are_enough() {
    for (event, told) in [
        (
            r#"{"generation":"","prompt_token_count":5,"generation_token_count":10}"#,
            "original_usage.inputTokens 5, original_usage.outputTokens 10",
        ),
        (
            r#"{"outputText":"","totalOutputTextTokenCount":10,"inputTextTokenCount":5}"#,
            "original_usage.inputTokens 5, original_usage.outputTokens 10",
        ),
        (
            r#"{"metadata":{"usage":{"inputTokens":5,"outputTokens":10}}}"#,
            "original_usage.inputTokens 5, original_usage.outputTokens 10",
        ),
        (
            r#"{"usage":{"inputTokens":5,"outputTokens":10,"cacheReadInputTokens":3,"cacheWriteInputTokens":2}}"#,
            "original_usage.inputTokens 5, original_usage.outputTokens 10, original_usage.cacheReadInputTokens 3, original_usage.cacheWriteInputTokens 2",
        ),
        // Embeddings of OpenAI's shape.
        (
            r#"{"usage":{"prompt_tokens":5,"total_tokens":5}}"#,
            "bedrock = prompt_tokens 5, total_tokens 5, original_usage.inputTokens 5",
        ),
    ] {
        let found = invoke(&wrapped(event)).found();
        assert!(found.trim_end().ends_with(told), "{event}\n{found}");
        assert!(found.contains("usage.status = partial"), "{event}");
    }
}
