//! Anthropic's messages. The counts of a stream are sums so far: a later one replaces an earlier one, those of the input
//! too, and so does a list of iterations. `ping` says nothing; `message_stop` ends it.

use super::name::ApiName;
use super::provider::{ANTHROPIC, VERTEX_ANTHROPIC};
use super::row::{Api, Counts, Facts, PathMark, common, ending, naming, streaming};
use crate::genai::json::Count::{
    CacheRead, CacheWrite, Input, MaxTokens, Output, PartCacheRead, PartCacheWrite, PartInput,
    PartOutput,
};
use crate::genai::json::Mark::{Beside, Ended};
use crate::genai::json::Text::{ErrorType, Finish, Id, Model, RequestModel, Temperature, TopP};
use crate::genai::json::{
    JsonKey, count, decimal, document, failure, mark, name, object, one_of, parts, payload, stream,
    word,
};

pub(super) const API: Api = Api {
    facts: Facts {
        named: ApiName::AnthropicMessages,
        operation: "chat",
        provider: &ANTHROPIC,
        paths: &[
            // OpenRouter's, and that of whoever has messages.
            common("/api/v1/messages"),
            ending("/v1/messages"),
            PathMark {
                provider: Some(&VERTEX_ANTHROPIC),
                ..naming("/publishers/anthropic/models/", ":rawPredict")
            },
            PathMark {
                provider: Some(&VERTEX_ANTHROPIC),
                ..streaming("/publishers/anthropic/models/", ":streamRawPredict")
            },
        ],
        counts: Counts::CacheApart,
        ..Facts::PLAIN
    },
    request: document(&[
        name("model", RequestModel),
        stream("stream"),
        count("max_tokens", MaxTokens),
        decimal("temperature", Temperature),
        decimal("top_p", TopP),
    ]),
    body: document(BODY),
    event: document(&[
        one_of("type", &[mark("message_stop", Ended)]),
        object(
            "message",
            &[name("id", Id), name("model", Model), object("usage", USAGE)],
        ),
        object("delta", DELTA),
        object("usage", USAGE),
        ERROR,
    ]),
};

const BODY: &[JsonKey] = &[
    name("id", Id),
    name("model", Model),
    word("stop_reason", Finish),
    object("usage", USAGE),
    ERROR,
];

pub(super) const DELTA: &[JsonKey] = &[
    word("stop_reason", Finish),
    payload("text"),
    payload("partial_json"),
    payload("thinking"),
];

const USAGE: &[JsonKey] = &[
    count("input_tokens", Input),
    count("cache_read_input_tokens", CacheRead),
    count("cache_creation_input_tokens", CacheWrite),
    count("output_tokens", Output),
    // The counts above leave out those that summed the conversation up. An advisor's are of another model, at another price.
    parts(
        "iterations",
        &[
            one_of("type", &[mark("compaction", Beside)]),
            count("input_tokens", PartInput),
            count("cache_read_input_tokens", PartCacheRead),
            count("cache_creation_input_tokens", PartCacheWrite),
            count("output_tokens", PartOutput),
        ],
    ),
];

const ERROR: JsonKey = failure("error", &[word("type", ErrorType)]);
