//! What is written to Opik, compared as whole documents and held against every rule of its fields.
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

#[path = "opik/bodies.rs"]
mod bodies;
#[path = "opik/calls.rs"]
mod calls;
#[path = "opik/contract.rs"]
mod contract;
#[path = "opik/failures.rs"]
mod failures;
#[path = "opik/hostile.rs"]
mod hostile;
#[path = "opik/sent.rs"]
mod sent;
#[path = "stage/mod.rs"]
mod stage;
