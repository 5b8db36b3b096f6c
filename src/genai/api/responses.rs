//! OpenAI's responses. In a stream each event has a type, and the answer so far stands under `response`; the last one of
//! three types ends it. There is no `[DONE]`, and details of usage may be missing.

use super::name::ApiName;
use super::openai::ERROR;
use super::provider::OPENAI;
use super::row::{Api, Counts, Facts, common, ending};
use crate::genai::json::Count::{
    CacheRead, CacheWrite, Input, MaxTokens, Output, Reasoning, Total,
};
use crate::genai::json::Mark::{Ended, Failed};
use crate::genai::json::Text::{ErrorCode, Finish, Id, Model, RequestModel, Temperature, TopP};
use crate::genai::json::{
    JsonKey, count, decimal, document, mark, name, object, one_of, payload, stream, word, word_of,
};

pub(super) const API: Api = Api {
    facts: Facts {
        named: ApiName::OpenAiResponses,
        operation: "chat",
        provider: &OPENAI,
        paths: &[
            ending("/v1/responses"),
            ending("/openai/responses"),
            common("/responses"),
        ],
        counts: Counts::Inclusive,
        has_newer_names: true,
        ..Facts::PLAIN
    },
    request: document(&[
        name("model", RequestModel),
        stream("stream"),
        count("max_output_tokens", MaxTokens),
        decimal("temperature", Temperature),
        decimal("top_p", TopP),
    ]),
    body: document(RESPONSE),
    event: document(&[
        one_of(
            "type",
            &[
                mark("response.completed", Ended),
                mark("response.incomplete", Ended),
                mark("response.failed", Failed),
                mark("error", Failed),
            ],
        ),
        object("response", RESPONSE),
        // Of an event `error`.
        word("code", ErrorCode),
        ERROR,
        // Of text, of reasoning, of the arguments of a tool.
        payload("delta"),
    ]),
};

const RESPONSE: &[JsonKey] = &[
    name("id", Id),
    name("model", Model),
    word_of("status", Finish, FINAL),
    object("usage", USAGE),
    ERROR,
];

/// The other ones tell how far it is.
const FINAL: &[JsonKey] = &[
    object("completed", &[]),
    object("incomplete", &[]),
    object("failed", &[]),
    object("cancelled", &[]),
];

const USAGE: &[JsonKey] = &[
    count("input_tokens", Input),
    count("output_tokens", Output),
    count("total_tokens", Total),
    object(
        "input_tokens_details",
        &[
            count("cached_tokens", CacheRead),
            count("cache_write_tokens", CacheWrite),
        ],
    ),
    object(
        "output_tokens_details",
        &[count("reasoning_tokens", Reasoning)],
    ),
];
