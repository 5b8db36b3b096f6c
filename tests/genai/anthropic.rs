//! Anthropic's messages.

use crate::play::{CHAT, Play};

const MESSAGES: Play<'_> = Play {
    path: "/v1/messages",
    host: "api.anthropic.com",
    request: br#"{"max_tokens":1024,"messages":[{"role":"user","content":[{"type":"text","text":"hi","model":"no"}]}],"system":"stream","temperature":1,"stream":true,"model":"claude-sonnet-4-5"}"#,
    ..CHAT
};

const START: &str = r#"{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":40,"cache_creation_input_tokens":2000,"cache_read_input_tokens":60000,"cache_creation":{"ephemeral_5m_input_tokens":2000},"output_tokens":1,"service_tier":"standard"}}}"#;
const BLOCK: &str = r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":"","usage":{"input_tokens":7}}}"#;
const PING: &str = r#"{"type": "ping"}"#;
const TEXT: &str = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hé \u00e9 \"usage\":{\"output_tokens\":1}"}}"#;
const TOOL: &str = r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"stop_reason\":\"no\""}}"#;
const EMPTY: &str = r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}"#;
const DELTA: &str = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":300}}"#;
const STOP: &str = r#"{"type":"message_stop"}"#;

fn stream(data: &[&str]) -> Vec<u8> {
    let event = |data: &&str| {
        let kind = data.split('"').nth(3).unwrap();
        format!("event: {kind}\ndata: {data}\n\n").into_bytes()
    };
    data.iter().flat_map(event).collect()
}

const FOUND: &str = r#"operation.name = chat
    provider.name = anthropic
    request.model = claude-sonnet-4-5
    request.stream = true
    request.max_tokens = 1024
    request.temperature = 1
    response.id = msg_1
    response.finish_reasons = ["end_turn"]
    response.time_to_first_chunk = 0.25 s
    gatespan.usage.status = reported
    usage.input_tokens = 62040
    usage.output_tokens = 300
    usage.cache_read.input_tokens = 60000
    usage.cache_creation.input_tokens = 2000
    response.model = claude-sonnet-4-5-20250929
    anthropic = prompt_tokens 62040, completion_tokens 300, total_tokens 62340, original_usage.input_tokens 40, original_usage.output_tokens 300, original_usage.cache_read_input_tokens 60000, original_usage.cache_creation_input_tokens 2000"#;

#[test]
fn a_stream_says_all_of_it() {
    MESSAGES
        .sse(&stream(&[START, BLOCK, PING, TEXT, TOOL, DELTA, STOP]))
        .finds(FOUND);
}

#[test]
fn an_answer_says_the_same() {
    let body = br#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[{"type":"text","text":"x"},{"type":"tool_use","id":"toolu_1","name":"usage","input":{"usage":{"input_tokens":9},"stop_reason":"no"}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":40,"cache_creation_input_tokens":2000,"cache_read_input_tokens":60000,"output_tokens":300,"server_tool_use":{"input_tokens":1}}}"#;
    let found = FOUND.replace("response.time_to_first_chunk = 0.25 s\n    ", "");
    MESSAGES.json(body).finds(&found);
}

#[test]
fn counts_replace_those_before_and_are_never_added() {
    let delta = r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"input_tokens":50,"cache_creation_input_tokens":0,"cache_read_input_tokens":70000,"output_tokens":310}}"#;
    MESSAGES.sse(&stream(&[START, DELTA, delta, STOP])).tells(&[
        "usage.input_tokens = 70050",
        "usage.output_tokens = 310",
        "usage.cache_creation.input_tokens = 0",
        r#"response.finish_reasons = ["tool_use"]"#,
    ]);
}

#[test]
fn what_is_empty_is_no_first_token() {
    for (data, comes) in [
        (START, false),
        (BLOCK, false),
        (PING, false),
        (EMPTY, false),
        (TEXT, true),
        (TOOL, true),
        (DELTA, false),
    ] {
        let expected = if comes {
            "response.time_to_first_chunk = 0.25 s"
        } else {
            "!response.time"
        };
        MESSAGES.sse(&stream(&[data])).tells(&[expected]);
    }
}

#[test]
fn an_error_ends_it() {
    let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    MESSAGES.sse(&stream(&[START, TEXT, error])).tells(&[
        "gatespan.usage.status = error",
        "error.type = overloaded_error",
        "usage.input_tokens = 62040",
    ]);
    MESSAGES.failed(400).json(br#"{"type":"error","error":{"type":"invalid_request_error","message":"x"},"request_id":"req_1"}"#)
        .tells(&["gatespan.usage.status = error", "error.type = invalid_request_error", "!usage", "!response.id"]);
}

#[test]
fn one_that_breaks_off_keeps_what_it_had() {
    let body = stream(&[START, TEXT, DELTA, STOP]);
    let cut = &body[..body.len() - 60];
    MESSAGES.sse(cut).cut().tells(&[
        "gatespan.usage.status = partial",
        "usage.input_tokens = 62040",
        "usage.output_tokens = 1",
    ]);
}

#[test]
fn without_counts_there_are_none() {
    let start = r#"{"type":"message_start","message":{"id":"msg_1","model":"m","usage":{}}}"#;
    MESSAGES.sse(&stream(&[start, TEXT, STOP])).tells(&[
        "gatespan.usage.status = absent",
        "!usage",
        "!anthropic",
    ]);
    // What came from the cache is no input by itself.
    let start = r#"{"type":"message_start","message":{"usage":{"cache_read_input_tokens":5}}}"#;
    MESSAGES
        .sse(&stream(&[start, STOP]))
        .tells(&["!usage.input_tokens", "usage.cache_read.input_tokens = 5"]);
}

#[test]
fn at_vertex_its_path_tells() {
    let path = "/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-sonnet-4-5@20250929:streamRawPredict";
    let play = Play {
        path,
        host: "us-east5-aiplatform.googleapis.com",
        request: br#"{"anthropic_version":"vertex-2023-10-16","messages":[],"max_tokens":5}"#,
        ..MESSAGES
    };
    play.sse(&stream(&[START, DELTA, STOP])).tells(&[
        "provider.name = gcp.vertex_ai",
        "request.model = claude-sonnet-4-5@20250929",
        "request.stream = true",
        "anthropic_vertexai = prompt_tokens 62040, completion_tokens 300, total_tokens 62340, original_usage.input_tokens 40, original_usage.output_tokens 300, original_usage.cache_read_input_tokens 60000, original_usage.cache_creation_input_tokens 2000",
    ]);
}

/// The iterations of a call that summed the conversation up, asked an advisor and went on.
const ITERATIONS: &str = r#"[{"type":"compaction","input_tokens":180000,"output_tokens":3500,"cache_creation_input_tokens":500,"cache_read_input_tokens":1000,"cache_creation":{"input_tokens":9}},{"type":"advisor_message","model":"claude-opus-4-7","input_tokens":7,"output_tokens":7,"cache_creation_input_tokens":7,"cache_read_input_tokens":7},{"output_tokens":300,"cache_creation_input_tokens":2000,"cache_read_input_tokens":60000,"input_tokens":40,"type":"message"},{"cache_creation_input_tokens":1,"output_tokens":1,"input_tokens":1,"cache_read_input_tokens":1,"type":"compaction"}]"#;

/// 40 + 180,000 + 1 and so on.
const SUMS: &str = "anthropic = prompt_tokens 243543, completion_tokens 3801, total_tokens 247344, original_usage.input_tokens 180041, original_usage.output_tokens 3801, original_usage.cache_read_input_tokens 61001, original_usage.cache_creation_input_tokens 2501";

#[test]
fn what_sums_the_conversation_up_is_counted_as_well() {
    let usage = format!(
        r#"{{"input_tokens":40,"cache_creation_input_tokens":2000,"iterations":{ITERATIONS},"cache_read_input_tokens":60000,"output_tokens":300}}"#
    );
    let body = format!(r#"{{"id":"msg_1","stop_reason":"end_turn","usage":{usage}}}"#);
    let all = [
        "gatespan.usage.status = reported",
        "usage.input_tokens = 243543",
        "usage.output_tokens = 3801",
        SUMS,
    ];
    MESSAGES.json(body.as_bytes()).tells(&all);
    let delta = format!(
        r#"{{"type":"message_delta","delta":{{"stop_reason":"end_turn"}},"usage":{usage}}}"#
    );
    MESSAGES
        .sse(&stream(&[START, TEXT, &delta, STOP]))
        .tells(&all);
    // Lists are sums so far, as the counts beside them are: the same again adds nothing, one that is not there takes nothing.
    MESSAGES
        .sse(&stream(&[START, &delta, &delta, DELTA, STOP]))
        .tells(&all);
}

#[test]
fn a_list_of_iterations_replaces_the_one_before() {
    let delta = |list: &str| {
        format!(r#"{{"type":"message_delta","usage":{{"output_tokens":300,"iterations":{list}}}}}"#)
    };
    let first = delta(
        r#"[{"type":"compaction","input_tokens":9,"output_tokens":9,"cache_read_input_tokens":9}]"#,
    );
    for (later, input, output) in [
        // As much as before, and then more: what is kept already is no reason to pass it over.
        (
            r#"[{"type":"compaction","input_tokens":9,"output_tokens":9},{"type":"compaction","input_tokens":2,"output_tokens":1}]"#,
            62_051,
            310,
        ),
        (r#"[{"type":"message","input_tokens":9}]"#, 62_040, 300),
        ("[]", 62_040, 300),
        ("null", 62_058, 309),
        // Of duplicates the last one counts.
        (
            r#"[{"type":"compaction","type":"message","input_tokens":5}],"iterations":[{"type":"x","input_tokens":7,"input_tokens":6,"type":"compaction"}]"#,
            62_046,
            300,
        ),
        (
            r#"[{"type":"compaction","input_tokens":5}],"iterations":null"#,
            62_058,
            309,
        ),
        // What is no count is absent, and what is larger than any is one.
        (
            r#"[{"type":"compaction","input_tokens":"5","output_tokens":-1}]"#,
            62_040,
            300,
        ),
        (
            r#"[{"type":"compaction","output_tokens":9007199254740992},{"type":"compaction","output_tokens":9007199254740992}]"#,
            62_040,
            9_007_199_254_741_292_u64,
        ),
    ] {
        MESSAGES
            .sse(&stream(&[START, &first, &delta(later), STOP]))
            .tells(&[
                &format!("usage.input_tokens = {input}"),
                &format!("usage.output_tokens = {output}"),
            ]);
    }
    // An event that is malformed loses its list as well.
    let broken = delta(r#"[{"type":"compaction","input_tokens":5}]"#).replace("}]}}", "}]}");
    MESSAGES
        .sse(&stream(&[START, &first, &broken, STOP]))
        .tells(&["usage.input_tokens = 62058"]);
}
