//! OpenAI's responses.

use crate::play::{CHAT, Play, events};

const RESPONSES: Play<'_> = Play {
    path: "/v1/responses",
    request: br#"{"input":[{"role":"user","content":"hi"}],"max_output_tokens":100,"stream":true,"model":"gpt-5"}"#,
    ..CHAT
};

const ANSWER: &str = r#"{"id":"resp_1","object":"response","created_at":1,"status":"completed","error":null,"incomplete_details":null,"instructions":null,"max_output_tokens":null,"model":"gpt-5-2025-08-07","output":[{"type":"message","id":"msg_1","status":"incomplete","role":"assistant","content":[{"type":"output_text","text":"usage","annotations":[],"usage":{"input_tokens":9}}]}],"text":{"format":{"type":"text"}},"usage":{"input_tokens":328,"input_tokens_details":{"cached_tokens":256,"cache_write_tokens":2},"output_tokens":52,"output_tokens_details":{"reasoning_tokens":40},"total_tokens":380},"user":null,"metadata":{"model":"no"}}"#;

const FOUND: &str = r#"operation.name = chat
    provider.name = openai
    request.model = gpt-5
    request.stream = true
    request.max_tokens = 100
    response.id = resp_1
    response.finish_reasons = ["completed"]
    gatespan.usage.status = reported
    usage.input_tokens = 328
    usage.output_tokens = 52
    usage.cache_read.input_tokens = 256
    usage.cache_creation.input_tokens = 2
    usage.reasoning.output_tokens = 40
    response.model = gpt-5-2025-08-07
    openai = prompt_tokens 328, completion_tokens 52, total_tokens 380, original_usage.input_tokens_details.cached_tokens 256, original_usage.completion_tokens_details.reasoning_tokens 40"#;

const CREATED: &str = r#"{"type":"response.created","sequence_number":0,"response":{"id":"resp_1","status":"in_progress","model":"gpt-5-2025-08-07","output":[],"usage":null,"error":null}}"#;
const ADDED: &str = r#"{"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"msg_1","status":"in_progress","usage":{"input_tokens":9}}}"#;
const DELTA: &str = r#"{"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"\"response\":{\"usage\""}"#;

/// Events with their names, as they are sent.
fn named(data: &[&str]) -> Vec<u8> {
    let event = |data: &&str| {
        let kind = data.split('"').nth(3).unwrap();
        format!("event: {kind}\ndata: {data}\n\n").into_bytes()
    };
    data.iter().flat_map(event).collect()
}

#[test]
fn an_answer_says_all_of_it() {
    RESPONSES.json(ANSWER.as_bytes()).finds(FOUND);
}

#[test]
fn a_stream_says_the_same_at_its_end() {
    let last =
        format!(r#"{{"type":"response.completed","sequence_number":9,"response":{ANSWER}}}"#);
    let body = named(&[CREATED, ADDED, DELTA, &last]);
    let found = FOUND.replace(
        "gatespan.usage.status",
        "response.time_to_first_chunk = 0.25 s\ngatespan.usage.status",
    );
    RESPONSES.sse(&body).finds(&found);
}

#[test]
fn it_may_end_otherwise() {
    let incomplete = r#"{"type":"response.incomplete","response":{"id":"resp_1","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"usage":{"input_tokens":3,"output_tokens":4,"total_tokens":7}}}"#;
    RESPONSES.sse(&named(&[CREATED, incomplete])).tells(&[
        r#"response.finish_reasons = ["incomplete"]"#,
        "gatespan.usage.status = reported",
        "openai = prompt_tokens 3, completion_tokens 4, total_tokens 7",
    ]);
    let failed = r#"{"type":"response.failed","response":{"id":"resp_1","status":"failed","error":{"code":"rate_limit_exceeded","message":"x"},"usage":null}}"#;
    RESPONSES.sse(&named(&[CREATED, failed])).tells(&[
        r#"response.finish_reasons = ["failed"]"#,
        "gatespan.usage.status = error",
        "error.type = rate_limit_exceeded",
    ]);
    let error =
        r#"{"type":"error","code":"server_error","message":"x","param":null,"sequence_number":1}"#;
    RESPONSES
        .sse(&named(&[CREATED, error]))
        .tells(&["gatespan.usage.status = error", "error.type = server_error"]);
    // An old one, with the error inside.
    let error =
        r#"{"type":"error","error":{"type":"invalid_request_error","code":"bad","message":"x"}}"#;
    RESPONSES
        .sse(&named(&[CREATED, error]))
        .tells(&["error.type = bad"]);
}

#[test]
fn one_that_breaks_off_has_no_end() {
    RESPONSES.sse(&named(&[CREATED, DELTA])).cut().tells(&[
        "gatespan.usage.status = partial",
        "response.id = resp_1",
        "!response.finish",
        "!usage",
    ]);
    // `[DONE]` is none of its marks, but means what it says.
    let body = [named(&[CREATED, DELTA]), events(&["[DONE]"])].concat();
    RESPONSES
        .sse(&body)
        .tells(&["gatespan.usage.status = absent"]);
}

#[test]
fn a_code_outside_an_error_is_no_error() {
    let event =
        r#"{"type":"response.code_interpreter_call_code.delta","code":"print","delta":"x"}"#;
    let last = r#"{"type":"response.completed","response":{"usage":{"input_tokens":1,"output_tokens":1}}}"#;
    RESPONSES
        .sse(&named(&[CREATED, event, last]))
        .tells(&["!error", "gatespan.usage.status = reported"]);
}

/// The code that a model wrote, which may be a single word.
#[test]
fn a_code_of_another_event_does_not_name_the_error() {
    let written = r#"{"type":"response.code_interpreter_call_code.done","item_id":"ci_1","code":"secret_answer_42"}"#;
    let failed = r#"{"type":"response.failed","response":{"status":"failed","error":{"code":null,"message":"x"}}}"#;
    let named = |failed: &str| RESPONSES.sse(&named(&[CREATED, written, failed])).found();
    assert!(!named(failed).contains("secret_answer_42"));
    let failed = failed.replace("null", "\"server_error\"");
    assert!(named(&failed).contains("error.type = server_error\n"));
    // Nor does it where HTTP failed.
    let body = r#"{"code":"secret_answer_42","type":"secret_answer_42"}"#.to_owned();
    for kind in [crate::play::JSON, crate::play::SSE] {
        let sent = match kind {
            crate::play::JSON => body.clone().into_bytes(),
            _ => events(&[&body]),
        };
        let play = Play {
            kind,
            ..RESPONSES.json(&sent)
        }
        .failed(500);
        play.tells(&["!error.type", "gatespan.usage.status = error"]);
    }
}
