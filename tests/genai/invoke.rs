//! Amazon Bedrock's invoke: a vendor's own bodies, and its events in their envelopes.

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
