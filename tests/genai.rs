//! What answers of language models say about themselves, read from bodies that come in pieces.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    missing_docs,
    unreachable_pub,
    reason = "a test says what is wrong by panicking"
)]

#[path = "genai/ahead.rs"]
mod ahead;
#[path = "genai/anthropic.rs"]
mod anthropic;
#[path = "genai/bedrock.rs"]
mod bedrock;
#[path = "genai/cohere.rs"]
mod cohere;
#[path = "genai/dialects.rs"]
mod dialects;
#[path = "genai/encodings.rs"]
mod encodings;
#[path = "genai/gemini.rs"]
mod gemini;
#[path = "genai/grammar.rs"]
mod grammar;
#[path = "genai/headers.rs"]
mod headers;
#[path = "genai/invoke.rs"]
mod invoke;
#[path = "genai/mcp.rs"]
mod mcp;
#[path = "genai/offers.rs"]
mod offers;
#[path = "genai/ollama.rs"]
mod ollama;
#[path = "genai/openai.rs"]
mod openai;
#[path = "genai/openai_errors.rs"]
mod openai_errors;
#[path = "genai/play.rs"]
mod play;
#[path = "genai/price_cases.rs"]
mod price_cases;
#[path = "genai/price_formulas.rs"]
mod price_formulas;
#[path = "genai/prices.rs"]
mod prices;
#[path = "genai/privacy.rs"]
mod privacy;
#[path = "genai/properties.rs"]
mod properties;
#[path = "genai/responses.rs"]
mod responses;
#[path = "genai/rows.rs"]
mod rows;
#[path = "genai/speed.rs"]
mod speed;
#[path = "genai/status.rs"]
mod status;
#[path = "genai/table.rs"]
mod table;
#[path = "genai/vendors.rs"]
mod vendors;
