//! Gatespan beside the published OpenTelemetry propagators: what both read, what each writes, and how fast.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::indexing_slicing,
    reason = "a crate of tests: what cannot be here is a test that fails"
)]
#![allow(
    deprecated,
    reason = "the B3 and Jaeger propagators are to be given up; callers who still send their headers are not"
)]

pub mod gateway;
pub mod peers;
pub mod requests;
pub mod said;
