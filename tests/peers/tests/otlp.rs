//! What is written by OTLP, read by the protocol's own crate: whole spans, in both encodings and towards Opik.
#![allow(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a test says what is wrong by panicking"
)]

#[path = "otlp/batches.rs"]
mod batches;
#[path = "otlp/ends.rs"]
mod ends;
#[path = "otlp/expected.rs"]
mod expected;
#[path = "otlp/generated.rs"]
mod generated;
#[path = "otlp/json.rs"]
mod json;
#[path = "otlp/laws.rs"]
mod laws;
#[path = "otlp/opik.rs"]
mod opik;
#[path = "otlp/projects.rs"]
mod projects;
#[path = "otlp/spans.rs"]
mod spans;
#[path = "../../stage/mod.rs"]
mod stage;
#[path = "otlp/told.rs"]
mod told;
