//! What is written to Lilypad, compared as whole documents and held against the types of its fields.
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

#[path = "lilypad/bodies.rs"]
mod bodies;
#[path = "lilypad/contract.rs"]
mod contract;
#[path = "lilypad/hostile.rs"]
mod hostile;
#[path = "lilypad/sent.rs"]
mod sent;
#[path = "stage/mod.rs"]
mod stage;
