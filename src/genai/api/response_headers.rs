//! The response headers that say something about a response, one row each.

use core::hint::black_box;

use super::row::Facts;
use crate::genai::json::Count;

/// What a header says.
#[derive(Clone, Copy)]
pub(crate) enum Says {
    /// How the documents of the body are told apart.
    Type,
    /// How the body is packed.
    Packing,
    /// The name of the error.
    Error,
    /// What was counted.
    Count(Count),
}

/// The name of a header, which APIs have it, and what it says.
pub(crate) type HeaderRow = (&'static str, fn(&Facts) -> bool, Says);

static ROWS: &[HeaderRow] = &[
    ("content-type", |_| true, Says::Type),
    ("content-encoding", |_| true, Says::Packing),
    ("x-amzn-errortype", |api| api.has_amazon_errors, Says::Error),
    (
        "x-amzn-bedrock-input-token-count",
        |api| api.wraps_events,
        Says::Count(Count::Input),
    ),
    (
        "x-amzn-bedrock-output-token-count",
        |api| api.wraps_events,
        Says::Count(Count::Output),
    ),
    (
        "x-amzn-bedrock-cache-read-input-token-count",
        |api| api.wraps_events,
        Says::Count(Count::CacheRead),
    ),
    (
        "x-amzn-bedrock-cache-write-input-token-count",
        |api| api.wraps_events,
        Says::Count(Count::CacheWrite),
    ),
];

/// The headers that an API has.
pub(crate) fn wanted(api: &'static Facts) -> impl Iterator<Item = &'static HeaderRow> {
    // Without `black_box` the compiler writes out the loop: 1 KB more.
    black_box(ROWS).iter().filter(move |(_, has, _)| has(api))
}

/// The name of an error, without the address that follows it.
pub(crate) fn without_address(error: &[u8]) -> &[u8] {
    error.split(|byte| *byte == b':').next().unwrap_or_default()
}
