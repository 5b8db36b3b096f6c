//! The APIs: one file for each family, one row each in [`APIS`].
//!
//! To add an API: write a file with a `const API: Api` (which paths it has, and which keys of its documents mean what), add its `mod` line and
//! its row here, count it in [`COUNT`], and give it a name in `name.rs`. A provider is a row of `provider.rs`.

// An API without its row would be a table that nothing reads: that does not compile.
#![deny(dead_code)]

mod anthropic;
mod bedrock;
mod cohere;
mod documents;
mod find;
mod gemini;
mod invoke;
mod mcp;
mod name;
mod ollama;
mod openai;
mod provider;
mod response_headers;
mod responses;
mod row;

pub use find::ModelApi;
pub use name::ApiName;
pub(crate) use provider::GOOGLE;
pub(crate) use response_headers::{Says, wanted, without_address};
pub(crate) use row::Counts;

use row::{Api, Facts};

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
