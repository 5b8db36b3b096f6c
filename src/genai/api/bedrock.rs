//! Amazon Bedrock's converse, which has one shape for all models. The model stands in the path alone. Errors are named in a
//! header.

use super::name::ApiName;
use super::provider::BEDROCK;
use super::row::{Api, Counts, Facts, naming, streaming};
use crate::genai::json::Count::{CacheRead, CacheWrite, Input, MaxTokens, Output, Total};
use crate::genai::json::Text::{ErrorName, Finish, Temperature, TopP};
use crate::genai::json::{JsonKey, count, decimal, document, object, payload, word};

pub(super) const CONVERSE: Api = Api {
    facts: Facts {
        named: ApiName::BedrockConverse,
        operation: "chat",
        provider: &BEDROCK,
        paths: &[
            naming("/model/", "/converse"),
            streaming("/model/", "/converse-stream"),
        ],
        counts: Counts::CacheApart,
        has_amazon_errors: true,
        ..Facts::PLAIN
    },
    request: document(&[object(
        "inferenceConfig",
        &[
            count("maxTokens", MaxTokens),
            decimal("temperature", Temperature),
            decimal("topP", TopP),
        ],
    )]),
    body: document(&[STOP, object("usage", USAGE), KIND]),
    event: document(&[STOP, object("usage", USAGE), DELTA]),
};

pub(super) const STOP: JsonKey = word("stopReason", Finish);

pub(super) const DELTA: JsonKey = object(
    "delta",
    &[
        payload("text"),
        payload("toolUse"),
        payload("reasoningContent"),
    ],
);

pub(super) const USAGE: &[JsonKey] = &[
    count("inputTokens", Input),
    count("outputTokens", Output),
    count("totalTokens", Total),
    count("cacheReadInputTokens", CacheRead),
    count("cacheWriteInputTokens", CacheWrite),
];

/// The name of an error, where a body has it.
pub(super) const KIND: JsonKey = word("__type", ErrorName);
