//! Gemini, of Google's AI and of Vertex AI. Usage stands in every event; a stream without `alt=sse` is one array. Nothing
//! ends it but a finish reason. Thoughts are not in the candidates' count, what tools used is not in the prompt's.

use super::{Api, Counts, FINISH_ENDS, Facts, naming, streaming};
use crate::genai::dialect::Named;
use crate::genai::key::Count::{CacheRead, Input, MaxTokens, Output, Reasoning, ToolUse, Total};
use crate::genai::key::Text::{ErrorCode, ErrorName, Finish, Id, Model, Temperature, TopP};
use crate::genai::key::{
    Key, count, decimal, document, each, failure, name, object, payload, word,
};
use crate::genai::provider::GEMINI;

pub(super) const API: Api = Api {
    facts: Facts {
        named: Named::GeminiGenerateContent,
        operation: "generate_content",
        provider: &GEMINI,
        paths: &[
            naming("/models/", ":generateContent"),
            streaming("/models/", ":streamGenerateContent"),
            naming("/endpoints/", ":generateContent"),
            streaming("/endpoints/", ":streamGenerateContent"),
        ],
        counts: Counts::ThoughtsApart,
        traits: FINISH_ENDS,
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

const RESPONSE: &[Key] = &[
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

const PART: &[Key] = &[
    payload("text"),
    payload("functionCall"),
    payload("inlineData"),
];
