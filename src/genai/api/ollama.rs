//! Ollama: a document a line, unless the request says otherwise. The last line is `done`, and counts.

use super::name::ApiName;
use super::provider::OLLAMA;
use super::row::{Api, Counts, Facts, ending};
use crate::genai::json::Count::{Input, MaxTokens, Output};
use crate::genai::json::Mark::{Ended, Failed};
use crate::genai::json::Text::{Finish, Model, RequestModel, Temperature, TopP};
use crate::genai::json::{
    JsonKey, count, decimal, document, each, mark, name, object, payload, stream, word,
};

pub(super) const CHAT: Api = Api {
    facts: Facts {
        named: ApiName::OllamaChat,
        operation: "chat",
        provider: &OLLAMA,
        paths: &[ending("/api/chat")],
        counts: Counts::Inclusive,
        streams_by_default: true,
        ..Facts::PLAIN
    },
    request: document(REQUEST),
    body: document(ANSWER),
    event: document(ANSWER),
};

pub(super) const GENERATE: Api = Api {
    facts: Facts {
        named: ApiName::OllamaGenerate,
        operation: "text_completion",
        provider: &OLLAMA,
        paths: &[ending("/api/generate")],
        counts: Counts::Inclusive,
        streams_by_default: true,
        ..Facts::PLAIN
    },
    request: document(REQUEST),
    body: document(ANSWER),
    event: document(ANSWER),
};

pub(super) const EMBED: Api = Api {
    facts: Facts {
        named: ApiName::OllamaEmbed,
        operation: "embeddings",
        provider: &OLLAMA,
        paths: &[ending("/api/embed"), ending("/api/embeddings")],
        counts: Counts::Inclusive,
        ..Facts::PLAIN
    },
    request: document(&[name("model", RequestModel)]),
    body: document(ANSWER),
    event: document(&[]),
};

const REQUEST: &[JsonKey] = &[
    name("model", RequestModel),
    stream("stream"),
    object(
        "options",
        &[
            count("num_predict", MaxTokens),
            decimal("temperature", Temperature),
            decimal("top_p", TopP),
        ],
    ),
];

const ANSWER: &[JsonKey] = &[
    name("model", Model),
    word("done_reason", Finish),
    count("prompt_eval_count", Input),
    count("eval_count", Output),
    mark("done", Ended),
    object(
        "message",
        &[
            payload("content"),
            payload("thinking"),
            each("tool_calls", &[payload("function")]),
        ],
    ),
    payload("response"),
    // A text, which is not read.
    mark("error", Failed),
];
