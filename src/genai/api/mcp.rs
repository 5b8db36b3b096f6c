//! The Model Context Protocol: JSON-RPC 2.0, in one document or as events. Known by the route alone. A tool that ran and
//! failed says so in its result; everything else that failed is an error.

use super::{Api, Counts, Facts, TOOLS};
use crate::genai::dialect::Named;
use crate::genai::key::Mark::{Ended, ToolFailed};
use crate::genai::key::Text::{ErrorCode, Method, Tool, Traceparent};
use crate::genai::key::{Key, Means, document, failure, mark, name, object, word};
use crate::genai::provider::NOBODY;

pub(super) const API: Api = Api {
    facts: Facts {
        named: Named::Mcp,
        operation: "execute_tool",
        provider: &NOBODY,
        paths: &[],
        counts: Counts::Inclusive,
        traits: TOOLS,
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

const ANSWER: &[Key] = &[
    Key {
        means: Means::Mark(Ended),
        ..object("result", &[mark("isError", ToolFailed)])
    },
    failure("error", &[word("code", ErrorCode)]),
];
