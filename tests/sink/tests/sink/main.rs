//! The sink through its socket, as its callers meet it.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic
)]

mod client;
mod everywhere;
mod faults;
mod lilypad;
mod messages;
mod otel;
mod otlp;
mod program;
mod readback;
mod rows;
mod strictness;
