//! Errors of OpenAI's shape, and other APIs of that shape.

use crate::openai::{DONE, FIRST, LAST, TEXT, USAGE, stream};
use crate::play::{CHAT, Play, events};

#[test]
fn an_error_may_come_inside_a_stream() {
    let error = r#"{"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}"#;
    let body = events(&[FIRST, TEXT, USAGE, error, DONE]);
    stream().sse(&body).tells(&[
        "gatespan.usage.status = error",
        "error.type = server_error",
        "usage.input_tokens = 12",
    ]);
    // OpenRouter's code is a number, or a word.
    let error = r#"{"id":"gen-1","error":{"code":502,"message":"x"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}"#;
    let body = events(&[FIRST, error]);
    stream()
        .sse(&body)
        .tells(&["error.type = 502", r#"response.finish_reasons = ["error"]"#]);
}

#[test]
fn an_error_has_a_name() {
    for (body, name) in [
        (
            r#"{"error":{"message":"no","type":"invalid_request_error","param":"model","code":"model_not_found"}}"#,
            "error.type = model_not_found",
        ),
        (
            r#"{"error":{"message":"no","type":"invalid_request_error","code":null}}"#,
            "error.type = invalid_request_error",
        ),
        (
            r#"{"error":{"message":"no","type":"not a word"}}"#,
            "!error.type",
        ),
        (r#"{"error":"sk-secret"}"#, "!error.type"),
        ("<html>", "!error.type"),
    ] {
        CHAT.failed(404).json(body.as_bytes()).tells(&[
            "gatespan.usage.status = error",
            name,
            "!usage",
        ]);
    }
}

#[test]
fn only_exact_paths_count() {
    for body in [
        r#"{"x":{"usage":{"prompt_tokens":1}}}"#,
        r#"[[{"usage":{"prompt_tokens":1}}]]"#,
        r#"{"usage":[{"prompt_tokens":1}]}"#,
        r#"{"usage":{"x":{"prompt_tokens":1}}}"#,
        r#"{"usage":{"Prompt_tokens":1,"prompt_token":1,"prompt_tokens ":1,"":1}}"#,
        r#"{"choices":{"finish_reason":"x","usage":{"prompt_tokens":1}}}"#,
        r#"{"choices":[[{"finish_reason":"x"}]]}"#,
        r#"{"choices":[{"usage":{"prompt_tokens":1},"message":{"finish_reason":"x"}}]}"#,
        r#"{"message":"\"usage\":{\"prompt_tokens\":1}"}"#,
        r#"{"delta":{"model":"x"},"response":{"model":"x"}}"#,
    ] {
        CHAT.json(body.as_bytes()).tells(&[
            "!usage",
            "!response.model",
            "!response.finish",
            "gatespan.usage.status = absent",
        ]);
    }
}

#[test]
fn others_of_this_shape_add_keys() {
    let at = |host| Play { host, ..stream() };
    // Azure's first event has an empty id and model.
    let first = r#"{"id":"","model":"","choices":[],"prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}]}"#;
    Play {
        path: "/openai/deployments/my%20team-gpt/chat/completions?api-version=2024-10-21",
        request: br#"{"messages":[],"stream":true}"#,
        ..at("acme.openai.azure.com")
    }
    .sse(&events(&[first, FIRST, TEXT, LAST, USAGE, DONE]))
    .tells(&[
        "provider.name = azure.ai.openai",
        "request.model = my team-gpt",
        "response.model = gpt-5-mini-2025-08-07",
        "response.id = chatcmpl-1",
    ]);
    let last = r#"{"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"x_groq":{"id":"req_1","usage":{"queue_time":0.1,"prompt_tokens":20,"prompt_time":0.001,"completion_tokens":5,"total_tokens":25}}}"#;
    at("api.groq.com")
        .sse(&events(&[FIRST, last, DONE]))
        .tells(&[
            "provider.name = groq",
            "usage.input_tokens = 20",
            "groq = prompt_tokens 20, completion_tokens 5, total_tokens 25",
        ]);
    let last = r#"{"id":"c","model":"mistral-small-latest","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"total_tokens":25,"completion_tokens":5}}"#;
    at("api.mistral.ai:443")
        .sse(&events(&[FIRST, last, DONE]))
        .tells(&[
            "provider.name = mistral_ai",
            "mistral = prompt_tokens 20, completion_tokens 5, total_tokens 25",
        ]);
    let last = r#"{"id":"c","choices":[{"index":0,"delta":{"content":"","reasoning_content":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":20,"completion_tokens":5,"total_tokens":25,"prompt_cache_hit_tokens":16,"prompt_cache_miss_tokens":4,"completion_tokens_details":{"reasoning_tokens":2}}}"#;
    Play {
        path: "/chat/completions",
        ..at("api.deepseek.com")
    }
    .sse(&events(&[FIRST, last, DONE]))
    .tells(&[
        "provider.name = deepseek",
        "usage.cache_read.input_tokens = 16",
        "usage.reasoning.output_tokens = 2",
    ]);
    let last = r#"{"id":"gen-1","model":"anthropic/claude-x","choices":[{"index":0,"delta":{"content":"","reasoning":"hm"},"finish_reason":"stop","native_finish_reason":"end_turn"}],"usage":{"prompt_tokens":20,"completion_tokens":5,"total_tokens":25,"cost":0.00014,"cost_details":{"upstream_inference_cost":null},"prompt_tokens_details":{"cached_tokens":3,"cache_write_tokens":9}}}"#;
    Play {
        path: "/api/v1/chat/completions",
        ..at("openrouter.ai")
    }
    .sse(&events(&[last, DONE]))
    .tells(&[
        "provider.name = openrouter",
        "gatespan.usage.cost = 0.00014",
        "usage.cache_creation.input_tokens = 9",
        "response.time_to_first_chunk = 0.25 s",
    ]);
    at("api.x.ai").sse(&events(&[FIRST, USAGE, DONE])).tells(&["provider.name = x_ai", "xai = prompt_tokens 12, completion_tokens 3, total_tokens 15, original_usage.prompt_tokens 12, original_usage.completion_tokens 3, original_usage.prompt_tokens_details.cached_tokens 8"]);
}

#[test]
fn completions_and_embeddings() {
    let completion = r#"{"id":"cmpl-1","object":"text_completion","model":"m","choices":[{"text":"hi","index":0,"finish_reason":null}]}"#;
    let last = r#"{"id":"cmpl-1","model":"m","choices":[{"text":"","index":0,"finish_reason":"length"}],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}"#;
    Play {
        path: "/v1/completions",
        ..CHAT
    }
    .sse(&events(&[completion, last, DONE]))
    .tells(&[
        "operation.name = text_completion",
        r#"response.finish_reasons = ["length"]"#,
        "response.time_to_first_chunk = 0.25 s",
        "usage.output_tokens = 7",
    ]);
    let body = r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.0023064255,-0.009327292,1e-5]}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}"#;
    Play { path: "/v1/embeddings", request: br#"{"input":"the food was delicious","model":"text-embedding-3-small","dimensions":3}"#, ..CHAT }.json(body.as_bytes()).finds(
        "operation.name = embeddings
        provider.name = openai
        request.model = text-embedding-3-small
        gatespan.usage.status = reported
        usage.input_tokens = 8
        response.model = text-embedding-3-small
        openai = prompt_tokens 8, total_tokens 8, original_usage.prompt_tokens 8",
    );
}
