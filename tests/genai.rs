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

#[path = "genai/openai.rs"]
mod openai;
#[path = "genai/play.rs"]
mod play;
#[path = "genai/speed.rs"]
mod speed;
