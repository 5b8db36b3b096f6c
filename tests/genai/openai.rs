//! OpenAI's chat completions.

use crate::play::{CHAT, Play};

#[test]
fn an_answer_counts() {
    CHAT.json(br#"{"id":"chatcmpl-1","model":"gpt-5-mini-2025-08-07","choices":[{"index":0,"message":{"content":"hi","usage":{"prompt_tokens":9}},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":3,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":4}}}"#)
        .finds("
");
}

#[test]
fn a_stream_counts() {
    CHAT.sse(b"data: {\"id\":\"chatcmpl-1\",\"model\":\"gpt\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\\u00e9\xc3\xa9\"},\"finish_reason\":null}]}\r\n\r\ndata: {\"id\":\"chatcmpl-1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: {\"choices\":[],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":3}}\n\ndata: [DONE]\n")
        .finds("
");
}
