//! Cohere's chat, of its second version. An answer names no model.

use super::name::ApiName;
use super::provider::COHERE;
use super::row::{Api, Counts, Facts, ending};
use crate::genai::json::Count::{Input, MaxTokens, Output};
use crate::genai::json::Mark::Ended;
use crate::genai::json::Text::{Finish, Id, RequestModel, Temperature, TopP};
use crate::genai::json::{
    JsonKey, count, decimal, document, mark, name, object, one_of, payload, stream, word,
};

pub(super) const API: Api = Api {
    facts: Facts {
        named: ApiName::CohereChat,
        operation: "chat",
        provider: &COHERE,
        paths: &[ending("/v2/chat")],
        counts: Counts::Inclusive,
        ..Facts::PLAIN
    },
    request: document(&[
        name("model", RequestModel),
        stream("stream"),
        count("max_tokens", MaxTokens),
        decimal("temperature", Temperature),
        decimal("p", TopP),
    ]),
    body: document(&[
        name("id", Id),
        word("finish_reason", Finish),
        object("usage", USAGE),
    ]),
    event: document(&[
        one_of("type", &[mark("message-end", Ended)]),
        name("id", Id),
        object("delta", DELTA),
    ]),
};

const DELTA: &[JsonKey] = &[
    word("finish_reason", Finish),
    object("usage", USAGE),
    object(
        "message",
        &[
            object("content", &[payload("text"), payload("thinking")]),
            object("tool_calls", &[payload("function")]),
            payload("tool_plan"),
        ],
    ),
];

const USAGE: &[JsonKey] = &[object(
    "tokens",
    &[count("input_tokens", Input), count("output_tokens", Output)],
)];
