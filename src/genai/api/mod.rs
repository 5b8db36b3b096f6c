//! The APIs: one file for each family, one row each in [`APIS`].

// An API without its row would be a table that nothing reads: that does not compile.
#![deny(dead_code)]

mod anthropic;
mod bedrock;
mod cohere;
mod gemini;
mod invoke;
mod mcp;
mod ollama;
mod openai;
mod responses;

use super::dialect::Named;
use super::key::Key;
use super::provider::{self, Provider};

/// Every API, in the order in which paths are held against them.
pub(crate) const APIS: [&Api; COUNT] = [
    &openai::CHAT,
    &responses::API,
    &anthropic::API,
    &gemini::API,
    &openai::COMPLETIONS,
    // It ends in the same word as the one below.
    &ollama::EMBED,
    &openai::EMBEDDINGS,
    &ollama::CHAT,
    &ollama::GENERATE,
    &cohere::API,
    &bedrock::CONVERSE,
    &invoke::API,
    &mcp::API,
];

/// How many there are.
pub(crate) const COUNT: usize = 13;

/// One API: how its requests are known, and what its documents say where.
pub(crate) struct Api {
    pub(crate) facts: Facts,
    pub(crate) request: Key,
    /// A whole answer.
    pub(crate) body: Key,
    /// An event of a stream, a line, a frame.
    pub(crate) event: Key,
}

/// What an API has besides documents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) named: Named,
    /// `gen_ai.operation.name`.
    pub(crate) operation: &'static str,
    /// Whose it is where neither path nor host say otherwise.
    pub(crate) provider: &'static Provider,
    /// The first one that a path looks like counts.
    pub(crate) paths: &'static [PathMark],
    pub(crate) counts: Counts,
    /// What else an API has that others have not.
    pub(crate) traits: u8,
}

/// The facts of all of them.
#[allow(
    clippy::indexing_slicing,
    reason = "a bad index in a constant does not compile"
)]
pub(crate) static FACTS: [Facts; COUNT] = {
    let mut facts = [APIS[0].facts; COUNT];
    let mut index = 0;
    while index < COUNT {
        facts[index] = APIS[index].facts;
        index += 1;
    }
    facts
};

/// Answers come as a stream unless the request says otherwise.
pub(crate) const STREAMS: u8 = 1;
/// A stream has no end mark, but a finish reason, or the name of what blocks it.
pub(crate) const FINISH_ENDS: u8 = 2;
/// Events of binary frames are wrapped once more, in base64.
pub(crate) const WRAPPED: u8 = 4;
/// It calls tools, and counts no tokens.
pub(crate) const TOOLS: u8 = 8;
/// OpenAI's newer names of the counts.
pub(crate) const NEWER_NAMES: u8 = 16;
/// Errors are named in a header, as Amazon does it.
pub(crate) const AMAZONS: u8 = 32;

/// What a path looks like: it ends in `after`, and between that and `before`, if there is one, it names the model.
#[derive(Debug)]
pub(crate) struct PathMark {
    pub(crate) before: &'static str,
    pub(crate) after: &'static str,
    /// The path asks for a stream.
    pub(crate) streams: bool,
    /// Other applications have such paths too: it counts only where the rule or the host says whose it is.
    pub(crate) is_common: bool,
    /// Whose API it is, whatever the host.
    pub(crate) provider: Option<&'static Provider>,
}

/// What the counts of an API leave out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Counts {
    /// Nothing: what comes from the cache is in the input, and reasoning in the output.
    Inclusive,
    /// What comes from the cache, or goes into it, is not in the input.
    CacheApart,
    /// Tool use is not in the input, thoughts are not in the output.
    ThoughtsApart,
}

/// A path that ends so, and names no model.
const fn ending(after: &'static str) -> PathMark {
    naming("", after)
}

/// A path that ends so in other applications as well.
const fn common(after: &'static str) -> PathMark {
    PathMark {
        is_common: true,
        ..ending(after)
    }
}

/// A path that names the model between two marks.
const fn naming(before: &'static str, after: &'static str) -> PathMark {
    PathMark {
        before,
        after,
        streams: false,
        is_common: false,
        provider: None,
    }
}

/// The same, asking for a stream.
const fn streaming(before: &'static str, after: &'static str) -> PathMark {
    PathMark {
        streams: true,
        ..naming(before, after)
    }
}

/// A path of Azure's, which names a deployment.
const fn deployment(after: &'static str) -> PathMark {
    PathMark {
        provider: Some(&provider::AZURE),
        ..naming("/openai/deployments/", after)
    }
}
