//! Gemini, of Google's AI and of Vertex AI. Usage stands in every event; a stream without `alt=sse` is one array. Nothing
//! ends it but a finish reason. Thoughts are not in the candidates' count, what tools used is not in the prompt's.

use super::name::ApiName;
use super::provider::GEMINI;
use super::row::{Api, Counts, Facts, naming, streaming};
use crate::genai::json::Count::{CacheRead, Input, MaxTokens, Output, Reasoning, ToolUse, Total};
use crate::genai::json::Text::{ErrorCode, ErrorName, Finish, Id, Model, Temperature, TopP};
use crate::genai::json::{
    JsonKey, count, decimal, document, each, failure, name, object, payload, word,
};

pub(super) const API: Api = Api {
    facts: Facts {
        named: ApiName::GeminiGenerateContent,
        operation: "generate_content",
        provider: &GEMINI,
        paths: &[
            naming("/models/", ":generateContent"),
            streaming("/models/", ":streamGenerateContent"),
            naming("/endpoints/", ":generateContent"),
            streaming("/endpoints/", ":streamGenerateContent"),
        ],
        counts: Counts::ThoughtsApart,
        is_ended_by_finish: true,
        ..Facts::PLAIN
    },
    request: document(&[object(
        "generationConfig",
        &[
            count("maxOutputTokens", MaxTokens),
            decimal("temperature", Temperature),
            decimal("topP", TopP),
        ],
    )]),
    body: document(RESPONSE),
    event: document(RESPONSE),
};

const RESPONSE: &[JsonKey] = &[
    name("responseId", Id),
    name("modelVersion", Model),
    each(
        "candidates",
        &[
            word("finishReason", Finish),
            object("content", &[each("parts", PART)]),
        ],
    ),
    object(
        "usageMetadata",
        &[
            count("promptTokenCount", Input),
            count("toolUsePromptTokenCount", ToolUse),
            count("candidatesTokenCount", Output),
            count("thoughtsTokenCount", Reasoning),
            count("cachedContentTokenCount", CacheRead),
            count("totalTokenCount", Total),
        ],
    ),
    object("promptFeedback", &[word("blockReason", ErrorName)]),
    failure("error", &[word("status", ErrorCode)]),
];

const PART: &[JsonKey] = &[
    payload("text"),
    payload("functionCall"),
    payload("inlineData"),
];
