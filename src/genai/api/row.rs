//! What a row of the list of APIs consists of.

use super::name::ApiName;
use super::provider::{self, Provider};
use crate::genai::json::JsonKey;

/// One API: how its requests are recognised, and where its documents contain what.
pub(crate) struct Api {
    pub(crate) facts: Facts,
    pub(crate) request: JsonKey,
    /// A whole response.
    pub(crate) body: JsonKey,
    /// An event of a stream, a line, a frame.
    pub(crate) event: JsonKey,
}

/// What an API has besides its documents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) named: ApiName,
    /// `gen_ai.operation.name`.
    pub(crate) operation: &'static str,
    /// Whose it is where neither path nor host say otherwise.
    pub(crate) provider: &'static Provider,
    /// The first one that fits a path counts.
    pub(crate) paths: &'static [PathMark],
    pub(crate) counts: Counts,
    /// Whether responses are streams unless the request asks for none.
    pub(crate) streams_by_default: bool,
    /// Whether a stream has no end mark: a finish reason ends it, or the name of what blocks it.
    pub(crate) is_ended_by_finish: bool,
    /// Whether the payload of a binary frame contains the event in base64.
    pub(crate) wraps_events: bool,
    /// Whether it calls tools and counts no tokens.
    pub(crate) calls_tools: bool,
    /// Whether counts have the newer names of OpenAI's responses.
    pub(crate) has_newer_names: bool,
    /// Whether a header names the error, as Amazon does it.
    pub(crate) has_amazon_errors: bool,
}

impl Facts {
    /// An API without anything that others do not have.
    pub(super) const PLAIN: Self = Self {
        named: ApiName::OpenAiChat,
        operation: "chat",
        provider: &provider::NO_PROVIDER,
        paths: &[],
        counts: Counts::Inclusive,
        streams_by_default: false,
        is_ended_by_finish: false,
        wraps_events: false,
        calls_tools: false,
        has_newer_names: false,
        has_amazon_errors: false,
    };
}

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
pub(super) const fn ending(after: &'static str) -> PathMark {
    naming("", after)
}

/// A path that ends so in other applications as well.
pub(super) const fn common(after: &'static str) -> PathMark {
    PathMark {
        is_common: true,
        ..ending(after)
    }
}

/// A path that names the model between two marks.
pub(super) const fn naming(before: &'static str, after: &'static str) -> PathMark {
    PathMark {
        before,
        after,
        streams: false,
        is_common: false,
        provider: None,
    }
}

/// The same, asking for a stream.
pub(super) const fn streaming(before: &'static str, after: &'static str) -> PathMark {
    PathMark {
        streams: true,
        ..naming(before, after)
    }
}

/// A path of Azure's, which names a deployment.
pub(super) const fn deployment(after: &'static str) -> PathMark {
    PathMark {
        provider: Some(&provider::AZURE),
        ..naming("/openai/deployments/", after)
    }
}
