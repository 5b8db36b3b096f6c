//! The Model Context Protocol: JSON-RPC 2.0, in one document or as events. Known by the route alone. A tool that ran and
//! failed says so in its result; everything else that failed is an error.

use super::name::ApiName;
use super::provider::NO_PROVIDER;
use super::row::{Api, Counts, Facts};
use crate::genai::json::Mark::{Ended, ToolFailed};
use crate::genai::json::Text::{ErrorCode, Method, Tool, Traceparent};
use crate::genai::json::{JsonKey, Means, document, failure, mark, name, object, word};

pub(super) const API: Api = Api {
    facts: Facts {
        named: ApiName::Mcp,
        operation: "execute_tool",
        provider: &NO_PROVIDER,
        paths: &[],
        counts: Counts::Inclusive,
        calls_tools: true,
        ..Facts::PLAIN
    },
    request: document(&[
        name("method", Method),
        object(
            "params",
            &[
                name("name", Tool),
                object("_meta", &[word("traceparent", Traceparent)]),
            ],
        ),
    ]),
    body: document(ANSWER),
    event: document(ANSWER),
};

const ANSWER: &[JsonKey] = &[
    JsonKey {
        means: Means::Mark(Ended),
        ..object("result", &[mark("isError", ToolFailed)])
    },
    failure("error", &[word("code", ErrorCode)]),
];
