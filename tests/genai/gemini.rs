//! Gemini, of Google's AI and of Vertex AI.

use crate::play::{CHAT, Play};

const STREAM: Play<'_> = Play {
    path: "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse&key=AIza-secret",
    host: "generativelanguage.googleapis.com",
    request: br#"{"contents":[{"parts":[{"text":"hi"}]}],"generationConfig":{"maxOutputTokens":2048,"temperature":0.2,"topP":0.9,"responseSchema":{"temperature":3}}}"#,
    ..CHAT
};

const FIRST: &str = r#"{"candidates": [{"content": {"parts": [{"text": "usageMetadata"}],"role": "model"},"index": 0}],"usageMetadata": {"promptTokenCount": 100,"totalTokenCount": 130,"thoughtsTokenCount": 30},"modelVersion": "gemini-2.5-flash","responseId": "mAitaLmkHPPlz7IP"}"#;
const LAST: &str = r#"{"candidates": [{"content": {"parts": [{"text": " ü\n"}],"role": "model"},"finishReason": "STOP","index": 0}],"usageMetadata": {"promptTokenCount": 100,"toolUsePromptTokenCount": 11,"candidatesTokenCount": 20,"thoughtsTokenCount": 30,"cachedContentTokenCount": 64,"totalTokenCount": 161,"promptTokensDetails": [{"modality": "TEXT","tokenCount": 100,"promptTokenCount": 9}]},"modelVersion": "gemini-2.5-flash","responseId": "mAitaLmkHPPlz7IP"}"#;

const FOUND: &str = r#"operation.name = generate_content
    provider.name = gcp.gemini
    request.model = gemini-2.5-flash
    request.stream = true
    request.max_tokens = 2048
    request.temperature = 0.2
    request.top_p = 0.9
    response.id = mAitaLmkHPPlz7IP
    response.finish_reasons = ["STOP"]
    response.time_to_first_chunk = 0.25 s
    gatespan.usage.status = reported
    usage.input_tokens = 111
    usage.output_tokens = 50
    usage.cache_read.input_tokens = 64
    usage.reasoning.output_tokens = 30
    response.model = gemini-2.5-flash
    google_ai = prompt_tokens 111, completion_tokens 50, total_tokens 161, original_usage.prompt_token_count 100, original_usage.tool_use_prompt_token_count 11, original_usage.cached_content_token_count 64, original_usage.candidates_token_count 50, original_usage.completion_tokens_details.reasoning_tokens 30"#;

fn sse(data: &[&str]) -> Vec<u8> {
    data.iter()
        .flat_map(|data| format!("data: {data}\r\n\r\n").into_bytes())
        .collect()
}

fn list(data: &[&str]) -> Vec<u8> {
    format!("[{}\r\n]\r\n", data.join("\r\n,\r\n")).into_bytes()
}

#[test]
fn a_stream_says_all_of_it() {
    STREAM.sse(&sse(&[FIRST, LAST])).finds(FOUND);
}

#[test]
fn a_stream_may_be_one_list() {
    STREAM.json(&list(&[FIRST, LAST])).finds(FOUND);
    let pretty = [FIRST, LAST].map(|data| data.replace(',', ",\n      "));
    STREAM.json(&list(&[&pretty[0], &pretty[1]])).finds(FOUND);
}

#[test]
fn an_answer_says_the_same() {
    let found = FOUND
        .replace("    request.stream = true\n", "")
        .replace("    response.time_to_first_chunk = 0.25 s\n", "");
    Play {
        path: "/v1beta/models/gemini-2.5-flash:generateContent",
        ..STREAM
    }
    .json(LAST.as_bytes())
    .finds(&found);
}

#[test]
fn a_list_that_breaks_off_keeps_its_whole_events() {
    let body = list(&[FIRST, LAST]);
    let cut = &body[..body.len() - 30];
    STREAM.json(cut).cut().tells(&[
        "gatespan.usage.status = partial",
        "usage.input_tokens = 100",
        "usage.output_tokens = 30",
        "!response.finish",
    ]);
    // A finish reason ends it, and the bracket behind counts for nothing.
    let cut = &body[..body.len() - 4];
    STREAM
        .json(cut)
        .cut()
        .tells(&["gatespan.usage.status = reported"]);
    // What is no JSON ends a list for good.
    let broken = String::from_utf8(list(&[
        FIRST,
        "{\"usageMetadata\":{\"promptTokenCount\":7}",
        LAST,
    ]))
    .unwrap();
    STREAM.json(broken.as_bytes()).tells(&[
        "gatespan.usage.status = partial",
        "usage.input_tokens = 100",
    ]);
}

#[test]
fn thoughts_are_counted_once() {
    // Some models count them among the candidates: then the total is prompt and candidates.
    let body = br#"{"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":50,"thoughtsTokenCount":30,"totalTokenCount":150}}"#;
    STREAM.json(body).tells(&["usage.output_tokens = 50"]);
    let body = br#"{"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":50,"thoughtsTokenCount":30}}"#;
    STREAM.json(body).tells(&["usage.output_tokens = 80"]);
    // What is 0 is left out: a thought that was cut short.
    let body = br#"{"usageMetadata":{"promptTokenCount":100,"thoughtsTokenCount":30,"totalTokenCount":130}}"#;
    STREAM.json(body).tells(&["usage.output_tokens = 30"]);
    let body = br#"{"usageMetadata":{"promptTokenCount":100,"totalTokenCount":100}}"#;
    STREAM.json(body).tells(&[
        "!usage.output_tokens",
        "google_ai = prompt_tokens 100, total_tokens 100, original_usage.prompt_token_count 100",
    ]);
}

#[test]
fn a_blocked_prompt_has_a_name() {
    let body = br#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT","safetyRatings":[]},"usageMetadata":{"promptTokenCount":8,"totalTokenCount":8},"modelVersion":"gemini-2.5-flash"}"#;
    STREAM.json(body).tells(&[
        "error.type = PROHIBITED_CONTENT",
        "gatespan.usage.status = reported",
    ]);
}

#[test]
fn a_stream_of_a_blocked_prompt_has_come_to_its_end() {
    let blocked = r#"{"promptFeedback":{"blockReason":"SAFETY"},"modelVersion":"m"}"#;
    let counted =
        r#"{"promptFeedback":{"blockReason":"SAFETY"},"usageMetadata":{"promptTokenCount":8}}"#;
    for (event, expected) in [
        (blocked, "gatespan.usage.status = absent"),
        (counted, "gatespan.usage.status = reported"),
    ] {
        let expected = &["error.type = SAFETY", expected];
        STREAM.sse(&sse(&[event])).tells(expected);
        STREAM.json(&list(&[event])).tells(expected);
    }
    let open = r#"{"promptFeedback":{"safetyRatings":[]}}"#;
    let expected = &["gatespan.usage.status = partial", "!error"];
    STREAM.sse(&sse(&[open])).tells(expected);
}

#[test]
fn an_error_has_a_name() {
    let error = r#"{"error": {"code": 429,"message": "Resource has been exhausted","status": "RESOURCE_EXHAUSTED"}}"#;
    for body in [error.as_bytes().to_vec(), list(&[error])] {
        STREAM.failed(429).json(&body).tells(&[
            "error.type = RESOURCE_EXHAUSTED",
            "gatespan.usage.status = error",
        ]);
    }
    STREAM.sse(&sse(&[FIRST, error])).tells(&[
        "error.type = RESOURCE_EXHAUSTED",
        "gatespan.usage.status = error",
        "usage.input_tokens = 100",
    ]);
}

#[test]
fn tools_are_payload() {
    let call = r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":{"finishReason":"no","usageMetadata":{"promptTokenCount":9}}}}]}}]}"#;
    STREAM.sse(&sse(&[call])).tells(&[
        "response.time_to_first_chunk = 0.25 s",
        "!response.finish",
        "!usage",
    ]);
    STREAM
        .sse(&sse(&[
            r#"{"candidates":[{"content":{"parts":[{"text":""}]}}]}"#,
        ]))
        .tells(&["!response.time"]);
}

#[test]
fn at_vertex_the_host_tells() {
    let path = "/v1/projects/p/locations/europe-west4/publishers/google/models/gemini-2.5-pro:generateContent";
    let play = Play {
        path,
        host: "europe-west4-aiplatform.googleapis.com",
        ..STREAM
    };
    play.json(LAST.as_bytes()).tells(&[
        "provider.name = gcp.vertex_ai",
        "request.model = gemini-2.5-pro",
    ]);
    assert!(
        play.json(LAST.as_bytes())
            .found()
            .contains("google_vertexai = ")
    );
}
