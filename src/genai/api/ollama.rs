//! Ollama: a document a line, unless the request says otherwise. The last line is `done`, and counts.

use super::{Api, Counts, Facts, STREAMS, ending};
use crate::genai::dialect::Named;
use crate::genai::key::Count::{Input, MaxTokens, Output};
use crate::genai::key::Mark::{Ended, Failed};
use crate::genai::key::Text::{Finish, Model, RequestModel, Temperature, TopP};
use crate::genai::key::{
    Key, count, decimal, document, each, mark, name, object, payload, stream, word,
};
use crate::genai::provider::OLLAMA;

pub(super) const CHAT: Api = Api {
    facts: Facts {
        named: Named::OllamaChat,
        operation: "chat",
        provider: &OLLAMA,
        paths: &[ending("/api/chat")],
        counts: Counts::Inclusive,
        traits: STREAMS,
    },
    request: document(REQUEST),
    body: document(ANSWER),
    event: document(ANSWER),
};

pub(super) const GENERATE: Api = Api {
    facts: Facts {
        named: Named::OllamaGenerate,
        operation: "text_completion",
        provider: &OLLAMA,
        paths: &[ending("/api/generate")],
        counts: Counts::Inclusive,
        traits: STREAMS,
    },
    request: document(REQUEST),
    body: document(ANSWER),
    event: document(ANSWER),
};

pub(super) const EMBED: Api = Api {
    facts: Facts {
        named: Named::OllamaEmbed,
        operation: "embeddings",
        provider: &OLLAMA,
        paths: &[ending("/api/embed"), ending("/api/embeddings")],
        counts: Counts::Inclusive,
        traits: 0,
    },
    request: document(&[name("model", RequestModel)]),
    body: document(ANSWER),
    event: document(&[]),
};

const REQUEST: &[Key] = &[
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

const ANSWER: &[Key] = &[
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
