//! Amazon Bedrock's invoke: the bodies and the requests of every vendor.

use gatespan::genai::Status;

use crate::bedrock::CONVERSE;
use crate::invoke::{INVOKE, invoke, wrapped};
use crate::play::Play;

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

#[test]
fn invoke_hands_over_the_vendors_body() {
    let body = br#"{"id":"msg_1","type":"message","model":"claude-3-haiku-20240307","content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","usage":{"input_tokens":40,"cache_read_input_tokens":60000,"cache_creation_input_tokens":2000,"output_tokens":300}}"#;
    Play { path: "/model/anthropic.claude-3-haiku-20240307-v1:0/invoke", request: br#"{"anthropic_version":"bedrock-2023-05-31","max_tokens":99,"messages":[]}"#, ..CONVERSE }
        .json(body)
        .tells(&["request.max_tokens = 99", "usage.input_tokens = 62040", "response.model = claude-3-haiku-20240307",
            "bedrock = prompt_tokens 62040, completion_tokens 300, total_tokens 62340, original_usage.inputTokens 40, original_usage.outputTokens 300, original_usage.cacheReadInputTokens 60000, original_usage.cacheWriteInputTokens 2000"]);
}

#[test]
fn choices_have_their_places() {
    let body =
        br#"{"choices":[{"index":1,"finish_reason":"length"},{"index":0,"finish_reason":"stop"}]}"#;
    INVOKE
        .json(body)
        .tells(&[r#"response.finish_reasons = ["stop", "length"]"#]);
}

#[test]
fn an_error_may_name_itself() {
    for (body, name) in [
        (
            r#"{"__type":"ValidationException","message":"said"}"#,
            "ValidationException",
        ),
        (
            r#"{"error":{"message":"said","type":"invalid_request_error","code":"too_long"}}"#,
            "too_long",
        ),
        (
            r#"{"type":"error","error":{"type":"overloaded_error","message":"said"}}"#,
            "overloaded_error",
        ),
    ] {
        let told = format!("error.type = {name}");
        let all = ["gatespan.usage.status = error", &told];
        INVOKE.failed(400).json(body.as_bytes()).tells(&all);
        // In a stream what has a place for it.
        if body.contains("\"error\"") {
            invoke(&wrapped(body)).tells(&all);
        }
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
        "bedrock = prompt_tokens 5000, completion_tokens 100, total_tokens 5100, original_usage.inputTokens 1000, original_usage.outputTokens 100, original_usage.cacheReadInputTokens 4000, original_usage.completion_tokens_details.reasoning_tokens 60",
    ]);
}
