//! Amazon Bedrock. Converse has one shape for all models; invoke hands over the vendor's own body, and wraps the events of a
//! stream. The model stands in the path alone. Errors are named in a header.

use super::anthropic;
use super::{Api, Counts, Facts, WRAPPED, naming, streaming};
use crate::genai::dialect::Named;
use crate::genai::key::Count::{CacheRead, CacheWrite, Input, MaxTokens, Output, Total};
use crate::genai::key::Mark::Ended;
use crate::genai::key::Text::{ErrorType, Finish, Id, Model, Temperature, TopP};
use crate::genai::key::{
    Key, Means, count, decimal, document, failure, mark, name, object, one_of, payload, word,
};
use crate::genai::provider::BEDROCK;

pub(super) const CONVERSE: Api = Api {
    facts: Facts {
        named: Named::BedrockConverse,
        operation: "chat",
        provider: &BEDROCK,
        paths: &[
            naming("/model/", "/converse"),
            streaming("/model/", "/converse-stream"),
        ],
        counts: Counts::CacheApart,
        traits: 0,
    },
    request: document(&[object(
        "inferenceConfig",
        &[
            count("maxTokens", MaxTokens),
            decimal("temperature", Temperature),
            decimal("topP", TopP),
        ],
    )]),
    body: document(&[word("stopReason", Finish), object("usage", USAGE), KIND]),
    event: document(&[
        word("stopReason", Finish),
        object("usage", USAGE),
        object(
            "delta",
            &[
                payload("text"),
                payload("toolUse"),
                payload("reasoningContent"),
            ],
        ),
    ]),
};

/// Anthropic's bodies, Amazon's own, and what Bedrock adds to the last event.
pub(super) const INVOKE: Api = Api {
    facts: Facts {
        named: Named::BedrockInvoke,
        operation: "chat",
        provider: &BEDROCK,
        paths: &[
            naming("/model/", "/invoke"),
            streaming("/model/", "/invoke-with-response-stream"),
        ],
        counts: Counts::CacheApart,
        traits: WRAPPED,
    },
    request: document(&[
        count("max_tokens", MaxTokens),
        decimal("temperature", Temperature),
        decimal("top_p", TopP),
    ]),
    body: document(&[
        name("id", Id),
        name("model", Model),
        word("stop_reason", Finish),
        word("stopReason", Finish),
        object("usage", VENDORS_USAGE),
        KIND,
    ]),
    event: document(&[
        one_of("type", &[mark("message_stop", Ended)]),
        object(
            "message",
            &[
                name("id", Id),
                name("model", Model),
                object("usage", VENDORS_USAGE),
            ],
        ),
        object("delta", anthropic::DELTA),
        object("usage", VENDORS_USAGE),
        object("messageStop", &[word("stopReason", Finish)]),
        object("metadata", &[object("usage", USAGE)]),
        METRICS,
        failure("error", &[word("type", ErrorType)]),
    ]),
};

const USAGE: &[Key] = &[
    count("inputTokens", Input),
    count("outputTokens", Output),
    count("totalTokens", Total),
    count("cacheReadInputTokens", CacheRead),
    count("cacheWriteInputTokens", CacheWrite),
];

/// Anthropic's and Amazon's.
const VENDORS_USAGE: &[Key] = &[
    count("input_tokens", Input),
    count("cache_read_input_tokens", CacheRead),
    count("cache_creation_input_tokens", CacheWrite),
    count("output_tokens", Output),
    count("inputTokens", Input),
    count("outputTokens", Output),
    count("totalTokens", Total),
    count("cacheReadInputTokens", CacheRead),
    count("cacheReadInputTokenCount", CacheRead),
    count("cacheWriteInputTokens", CacheWrite),
    count("cacheWriteInputTokenCount", CacheWrite),
];

/// What Bedrock counted of any vendor's stream, in its last event.
const METRICS: Key = Key {
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

/// The name of an error, where a body has it.
const KIND: Key = word("__type", ErrorType);
