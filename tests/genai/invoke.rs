//! Amazon Bedrock's invoke: every vendor's own bodies and events, and what headers say beside them.

use gatespan::genai::Status;

use crate::bedrock::{CONVERSE, FOUND, event};
use crate::play::{FRAMES, Play};

/// A call without a stream.
const INVOKE: Play<'_> = Play {
    path: "/model/m/invoke",
    request: b"{}",
    ..CONVERSE
};

fn invoke(body: &[u8]) -> Play<'_> {
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

fn wrapped(payload: &str) -> Vec<u8> {
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

/// A vendor's whole answer, and what must be found: its id, why each choice ended, the input, the output.
type Body = (
    &'static str,
    Option<&'static str>,
    &'static [&'static str],
    Option<u64>,
    Option<u64>,
);

const BODIES: &[Body] = &[
    // Meta.
    (
        r#"{"generation":" said","prompt_token_count":5,"generation_token_count":10,"stop_reason":"length"}"#,
        None,
        &["length"],
        Some(5),
        Some(10),
    ),
    // Titan, and Titan that embeds.
    (
        r#"{"inputTextTokenCount":5,"results":[{"tokenCount":10,"outputText":" said","completionReason":"FINISH"}]}"#,
        None,
        &["FINISH"],
        Some(5),
        Some(10),
    ),
    (
        r#"{"embedding":[0.1,-0.2],"embeddingsByType":{"float":[0.1]},"inputTextTokenCount":5}"#,
        None,
        &[],
        Some(5),
        None,
    ),
    // Mistral: the older ones do not count.
    (
        r#"{"outputs":[{"text":"said","stop_reason":"length"}]}"#,
        None,
        &["length"],
        None,
        None,
    ),
    (
        r#"{"choices":[{"index":0,"message":{"role":"assistant","content":"said"},"stop_reason":"stop"}]}"#,
        None,
        &["stop"],
        None,
        None,
    ),
    (
        r#"{"id":"5b1","object":"chat.completion","created":1,"model":"pixtral","choices":[{"index":0,"message":{"role":"assistant","content":"said"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"total_tokens":15,"completion_tokens":10}}"#,
        Some("5b1"),
        &["stop"],
        Some(5),
        Some(10),
    ),
    // Cohere, and the older one.
    (
        r#"{"response_id":"379/aa2","text":"said","generation_id":"2d7","chat_history":[{"role":"USER","message":"{\"finish_reason\":\"x\"}"}],"finish_reason":"MAX_TOKENS"}"#,
        Some("379/aa2"),
        &["MAX_TOKENS"],
        None,
        None,
    ),
    (
        r#"{"id":"a09","generations":[{"id":"8b3","text":"said","finish_reason":"COMPLETE"},{"id":"8b4","text":"said","finish_reason":"MAX_TOKENS"}],"prompt":"hi"}"#,
        Some("a09"),
        &["COMPLETE", "MAX_TOKENS"],
        None,
        None,
    ),
    // AI21.
    (
        r#"{"id":"cmpl-1","choices":[{"index":0,"message":{"role":"assistant","content":"said"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":10,"total_tokens":15},"meta":{"requestDurationMillis":1}}"#,
        Some("cmpl-1"),
        &["stop"],
        Some(5),
        Some(10),
    ),
    // DeepSeek.
    (
        r#"{"choices":[{"text":"said","stop_reason":"length"}]}"#,
        None,
        &["length"],
        None,
        None,
    ),
    // OpenAI.
    (
        r#"{"id":"chatcmpl-1","model":"openai.gpt-oss-20b-1:0","choices":[{"index":0,"message":{"role":"assistant","content":"<reasoning>x</reasoning>said"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":10,"total_tokens":15}}"#,
        Some("chatcmpl-1"),
        &["stop"],
        Some(5),
        Some(10),
    ),
    // Anthropic's older ones, and Nova.
    (
        r#"{"type":"completion","completion":"said","stop_reason":"stop_sequence","stop":"\n\nHuman:"}"#,
        None,
        &["stop_sequence"],
        None,
        None,
    ),
    (
        r#"{"output":{"message":{"content":[{"text":"said"}],"role":"assistant"}},"stopReason":"max_tokens","usage":{"inputTokens":5,"outputTokens":10,"totalTokens":15,"cacheReadInputTokenCount":0,"cacheWriteInputTokenCount":0}}"#,
        None,
        &["max_tokens"],
        Some(5),
        Some(10),
    ),
];

#[test]
fn every_vendors_body_is_read() {
    for (body, id, reasons, input, output) in BODIES {
        let play = INVOKE.json(body.as_bytes());
        let found = play.run([play.request], [play.body]);
        let reasons: Vec<_> = reasons.iter().map(|reason| reason.as_bytes()).collect();
        assert_eq!(
            found.finish_reasons().collect::<Vec<_>>(),
            reasons,
            "{body}"
        );
        let id = id.map(str::as_bytes);
        let expected = (id, *input, *output);
        let told = (
            found.response_id(),
            found.input_tokens(),
            found.output_tokens(),
        );
        assert_eq!(told, expected, "{body}");
        let status = if input.is_some() {
            Status::Reported
        } else {
            Status::Absent
        };
        assert_eq!(found.status(), status, "{body}");
        assert!(!play.found().contains("said"), "{body}");
    }
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

#[test]
fn every_vendors_request_is_read() {
    for request in [
        r#"{"max_tokens":99,"temperature":0.5,"top_p":0.9}"#,
        r#"{"max_completion_tokens":99,"temperature":0.5,"top_p":0.9}"#,
        r#"{"prompt":"hi","max_gen_len":99,"temperature":0.5,"top_p":0.9}"#,
        r#"{"message":"hi","max_tokens":99,"temperature":0.5,"p":0.9}"#,
        r#"{"inferenceConfig":{"maxTokens":99,"temperature":0.5,"topP":0.9}}"#,
        r#"{"inferenceConfig":{"max_new_tokens":99,"temperature":0.5,"top_p":0.9}}"#,
        r#"{"inputText":"hi","textGenerationConfig":{"maxTokenCount":99,"temperature":0.5,"topP":0.9}}"#,
    ] {
        Play {
            request: request.as_bytes(),
            ..INVOKE
        }
        .json(b"{}")
        .tells(&[
            "request.max_tokens = 99",
            "request.temperature = 0.5",
            "request.top_p = 0.9",
        ]);
    }
}

/// A body of OpenAI's shape counts what came from the cache among its input.
#[test]
fn a_count_with_the_cache_in_it_is_not_added_to() {
    let body = br#"{"usage":{"prompt_tokens":5000,"completion_tokens":100,"total_tokens":5100,"prompt_tokens_details":{"cached_tokens":4000},"completion_tokens_details":{"reasoning_tokens":60}}}"#;
    INVOKE.json(body).tells(&[
        "usage.input_tokens = 5000",
        "usage.cache_read.input_tokens = 4000",
        "usage.reasoning.output_tokens = 60",
        "bedrock = prompt_tokens 5000, completion_tokens 100, total_tokens 5100, original_usage.inputTokens 1000, original_usage.outputTokens 100, original_usage.cacheReadInputTokens 4000",
    ]);
}
