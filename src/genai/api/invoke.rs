//! Amazon Bedrock's invoke, which hands over the vendor's own body, and wraps the events of a stream. The path names the
//! model and not the vendor: every vendor's keys count. Where a body counts nothing, Bedrock's headers do, and in a stream
//! what it adds to the last event.

use super::name::ApiName;
use super::openai::{COMPLETION_DETAILS, ERROR, INDEX, PROMPT_DETAILS};
use super::provider::BEDROCK;
use super::row::{Api, Counts, Facts, naming, streaming};
use super::{anthropic, bedrock, openai};
use crate::genai::json::Count::{CacheRead, CacheWrite, Input, MaxTokens, Output, Prompt, Total};
use crate::genai::json::Mark::Ended;
use crate::genai::json::Text::{Finish, Id, Model, Pending, Temperature, TopP};
use crate::genai::json::{
    JsonKey, Means, choices, count, decimal, document, mark, name, object, one_of, payload, word,
};

pub(super) const API: Api = Api {
    facts: Facts {
        named: ApiName::BedrockInvoke,
        operation: "chat",
        provider: &BEDROCK,
        paths: &[
            naming("/model/", "/invoke"),
            streaming("/model/", "/invoke-with-response-stream"),
        ],
        counts: Counts::CacheApart,
        wraps_events: true,
        has_amazon_errors: true,
        ..Facts::PLAIN
    },
    request: document(&[
        count("max_tokens", MaxTokens),
        count("max_completion_tokens", MaxTokens),
        // Meta's.
        count("max_gen_len", MaxTokens),
        TEMPERATURE,
        decimal("top_p", TopP),
        // Cohere's.
        decimal("p", TopP),
        // Amazon's: Nova's and Titan's.
        object(
            "inferenceConfig",
            &[
                count("maxTokens", MaxTokens),
                count("max_new_tokens", MaxTokens),
                TEMPERATURE,
                decimal("topP", TopP),
                decimal("top_p", TopP),
            ],
        ),
        object(
            "textGenerationConfig",
            &[
                count("maxTokenCount", MaxTokens),
                TEMPERATURE,
                decimal("topP", TopP),
            ],
        ),
    ]),
    body: document(VENDORS),
    event: document(VENDORS),
};

const TEMPERATURE: JsonKey = decimal("temperature", Temperature);

/// Of a body as of an event: there are no two vendors who call different things by one name.
const VENDORS: &[JsonKey] = &[
    name("id", Id),
    name("model", Model),
    object("usage", USAGE),
    // Anthropic's, and Meta's.
    word("stop_reason", Finish),
    one_of("type", &[mark("message_stop", Ended)]),
    object(
        "message",
        &[name("id", Id), name("model", Model), object("usage", USAGE)],
    ),
    object("delta", anthropic::DELTA),
    payload("completion"),
    // Of OpenAI's shape: AI21's, DeepSeek's, Mistral's, Qwen's. Mistral's older ones, Cohere's older ones, Titan's.
    choices("choices", CHOICE),
    choices("outputs", CHOICE),
    choices("generations", CHOICE),
    choices("results", CHOICE),
    // Meta's.
    count("prompt_token_count", Input),
    count("generation_token_count", Output),
    payload("generation"),
    // Cohere's.
    name("response_id", Id),
    word("finish_reason", Finish),
    payload("text"),
    // Amazon's: Nova's.
    bedrock::STOP,
    object("messageStop", &[bedrock::STOP]),
    object("metadata", &[object("usage", bedrock::USAGE)]),
    object("contentBlockDelta", &[bedrock::DELTA]),
    // Titan's, which embeds as well.
    count("inputTextTokenCount", Input),
    count("totalOutputTextTokenCount", Output),
    word("completionReason", Finish),
    payload("outputText"),
    METRICS,
    bedrock::KIND,
    ERROR,
];

const CHOICE: &[JsonKey] = &[
    INDEX,
    word("finish_reason", Pending),
    word("stop_reason", Pending),
    word("completionReason", Pending),
    count("tokenCount", Output),
    payload("text"),
    object("delta", openai::DELTA),
    // Mistral's, in a stream.
    object("message", openai::DELTA),
];

/// Anthropic's, Amazon's, and those of OpenAI's shape.
const USAGE: &[JsonKey] = &[
    count("input_tokens", Input),
    count("cache_read_input_tokens", CacheRead),
    count("cache_creation_input_tokens", CacheWrite),
    count("output_tokens", Output),
    count("inputTokens", Input),
    count("outputTokens", Output),
    count("cacheReadInputTokens", CacheRead),
    count("cacheReadInputTokenCount", CacheRead),
    count("cacheWriteInputTokens", CacheWrite),
    count("cacheWriteInputTokenCount", CacheWrite),
    count("prompt_tokens", Prompt),
    count("completion_tokens", Output),
    count("total_tokens", Total),
    PROMPT_DETAILS,
    COMPLETION_DETAILS,
];

/// What Bedrock counted of any vendor's stream, in its last event.
const METRICS: JsonKey = JsonKey {
    means: Means::Mark(Ended),
    ..object(
        "amazon-bedrock-invocationMetrics",
        &[
            count("inputTokenCount", Input),
            count("outputTokenCount", Output),
            count("cacheReadInputTokenCount", CacheRead),
            count("cacheWriteInputTokenCount", CacheWrite),
        ],
    )
};
