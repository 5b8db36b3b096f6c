//! Tests the sink through its socket.
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
