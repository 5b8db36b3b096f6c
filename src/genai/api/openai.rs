//! OpenAI's chat completions, and everything of that shape: Azure, Mistral, Groq, DeepSeek, OpenRouter, xAI and others, who
//! add keys and take none away. Beside it the older completions, and embeddings.
//!
//! A stream has usage only where the request asks for it: in a last event without choices, or, of some, in that of the last
//! choice. It ends in `[DONE]`. Azure's first event has an empty id and model.

use super::name::ApiName;
use super::provider::OPENAI;
use super::row::{Api, Counts, Facts, PathMark, common, deployment, ending};
use crate::genai::json::Count::{
    CacheRead, CacheWrite, Index, Input, InputAudio, MaxTokens, Output, OutputAudio, Reasoning,
    Total,
};
use crate::genai::json::Text::{
    Cost, ErrorCode, ErrorType, Id, Model, Pending, RequestModel, Temperature, TopP,
};
use crate::genai::json::{
    JsonKey, choices, count, decimal, document, each, failure, name, object, payload, stream, word,
};

pub(super) const CHAT: Api = Api {
    facts: Facts {
        named: ApiName::OpenAiChat,
        operation: "chat",
        provider: &OPENAI,
        paths: &[deployment("/chat/completions"), ending("/chat/completions")],
        counts: Counts::Inclusive,
        ..Facts::PLAIN
    },
    request: document(REQUEST),
    body: document(BODY),
    event: document(EVENT),
};

pub(super) const COMPLETIONS: Api = Api {
    facts: Facts {
        named: ApiName::OpenAiCompletions,
        operation: "text_completion",
        provider: &OPENAI,
        paths: &[
            deployment("/completions"),
            ending("/v1/completions"),
            ending("/openai/completions"),
            common("/completions"),
        ],
        counts: Counts::Inclusive,
        ..Facts::PLAIN
    },
    request: document(REQUEST),
    body: document(BODY),
    event: document(EVENT),
};

pub(super) const EMBEDDINGS: Api = Api {
    facts: Facts {
        named: ApiName::OpenAiEmbeddings,
        operation: "embeddings",
        provider: &OPENAI,
        paths: EMBEDDINGS_PATHS,
        counts: Counts::Inclusive,
        ..Facts::PLAIN
    },
    request: document(&[name("model", RequestModel)]),
    body: document(BODY),
    event: document(&[]),
};

const EMBEDDINGS_PATHS: &[PathMark] = &[
    deployment("/embeddings"),
    ending("/v1/embeddings"),
    ending("/openai/embeddings"),
    common("/embeddings"),
];

const REQUEST: &[JsonKey] = &[
    name("model", RequestModel),
    stream("stream"),
    count("max_tokens", MaxTokens),
    count("max_completion_tokens", MaxTokens),
    decimal("temperature", Temperature),
    decimal("top_p", TopP),
];

const BODY: &[JsonKey] = &[
    name("id", Id),
    name("model", Model),
    choices("choices", &[INDEX, FINISH]),
    object("usage", USAGE),
    ERROR,
];

const EVENT: &[JsonKey] = &[
    name("id", Id),
    name("model", Model),
    choices(
        "choices",
        &[
            INDEX,
            FINISH,
            object("delta", DELTA),
            payload("text"),
            // Moonshot's.
            object("usage", USAGE),
        ],
    ),
    object("usage", USAGE),
    // Groq's.
    object("x_groq", &[object("usage", USAGE)]),
    ERROR,
];

pub(super) const INDEX: JsonKey = count("index", Index);
const FINISH: JsonKey = word("finish_reason", Pending);

pub(super) const DELTA: &[JsonKey] = &[
    payload("content"),
    each("tool_calls", &[payload("function")]),
    payload("refusal"),
    // DeepSeek's and OpenRouter's.
    payload("reasoning_content"),
    payload("reasoning"),
];

const USAGE: &[JsonKey] = &[
    count("prompt_tokens", Input),
    count("completion_tokens", Output),
    count("total_tokens", Total),
    PROMPT_DETAILS,
    COMPLETION_DETAILS,
    // DeepSeek's.
    count("prompt_cache_hit_tokens", CacheRead),
    // Moonshot's.
    count("cached_tokens", CacheRead),
    // OpenRouter's.
    decimal("cost", Cost),
];

pub(super) const PROMPT_DETAILS: JsonKey = object(
    "prompt_tokens_details",
    &[
        count("cached_tokens", CacheRead),
        count("cache_write_tokens", CacheWrite),
        count("audio_tokens", InputAudio),
    ],
);

pub(super) const COMPLETION_DETAILS: JsonKey = object(
    "completion_tokens_details",
    &[
        count("reasoning_tokens", Reasoning),
        count("audio_tokens", OutputAudio),
    ],
);

/// The error of these APIs, in a body as in a stream.
pub(super) const ERROR: JsonKey =
    failure("error", &[word("code", ErrorCode), word("type", ErrorType)]);
