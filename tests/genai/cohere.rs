//! Cohere's chat.

use crate::play::{CHAT, Play, events};

const COHERE: Play<'_> = Play {
    path: "/v2/chat",
    host: "api.cohere.com",
    request: br#"{"model":"command-a-03-2025","messages":[{"role":"user","content":"hi"}],"stream":true,"max_tokens":64,"p":0.75}"#,
    ..CHAT
};

const START: &str = r#"{"id":"29f14a5a","type":"message-start","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}}"#;
const BLOCK: &str = r#"{"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}}"#;
const TEXT: &str = r#"{"type":"content-delta","index":0,"delta":{"message":{"content":{"text":"hé \"usage\""}},"finish":{"usage":{"tokens":{"input_tokens":9}}}}}"#;
const END: &str = r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE","usage":{"billed_units":{"input_tokens":5,"output_tokens":7},"tokens":{"input_tokens":71,"output_tokens":9}}}}"#;

const FOUND: &str = r#"operation.name = chat
    provider.name = cohere
    request.model = command-a-03-2025
    request.stream = true
    request.max_tokens = 64
    request.top_p = 0.75
    response.id = 29f14a5a
    response.finish_reasons = ["COMPLETE"]
    response.time_to_first_chunk = 0.25 s
    gatespan.usage.status = reported
    usage.input_tokens = 71
    usage.output_tokens = 9
    cohere = prompt_tokens 71, completion_tokens 9, total_tokens 80"#;

#[test]
fn a_stream_says_all_of_it() {
    COHERE
        .sse(&events(&[START, BLOCK, TEXT, END, "[DONE]"]))
        .finds(FOUND);
    COHERE.sse(&events(&[START, BLOCK, TEXT, END])).finds(FOUND);
}

#[test]
fn an_answer_says_the_same() {
    let body = br#"{"id":"29f14a5a","finish_reason":"COMPLETE","message":{"role":"assistant","content":[{"type":"text","text":"x"}],"tool_calls":[{"function":{"arguments":"{\"usage\":1}"}}],"usage":{"tokens":{"input_tokens":9}}},"usage":{"billed_units":{"input_tokens":5,"output_tokens":7},"tokens":{"input_tokens":71,"output_tokens":9}}}"#;
    COHERE
        .json(body)
        .finds(&FOUND.replace("response.time_to_first_chunk = 0.25 s\n    ", ""));
}

#[test]
fn the_first_token_is_not_a_start() {
    COHERE.sse(&events(&[START, BLOCK])).cut().tells(&[
        "!response.time",
        "gatespan.usage.status = partial",
        "!usage",
    ]);
    let call = r#"{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"c","type":"function","function":{"name":"f","arguments":""}}}}}"#;
    COHERE
        .sse(&events(&[START, call]))
        .tells(&["response.time_to_first_chunk = 0.25 s"]);
}

#[test]
fn without_counts_there_are_none() {
    let end = r#"{"type":"message-end","delta":{"finish_reason":"ERROR"}}"#;
    COHERE.sse(&events(&[START, end])).tells(&[
        "gatespan.usage.status = absent",
        "!usage",
        r#"response.finish_reasons = ["ERROR"]"#,
    ]);
    COHERE
        .failed(429)
        .json(br#"{"message":"trial key"}"#)
        .tells(&["gatespan.usage.status = error", "!error"]);
}
