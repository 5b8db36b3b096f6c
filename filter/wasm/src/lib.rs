//! The Envoy host of Gatespan: the core as a proxy-wasm filter. It adapts and decides nothing itself.
//!
//! Envoy calls `callbacks`; `contexts` finds the context that is meant. A `root` context has the configuration of one worker thread; `shared` is
//! what its streams share, with the `Gateway` of the core; `http_stream` is one HTTP stream. `host` is the only file that makes host calls.
#![allow(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "a host has std"
)]

pub mod callbacks;
mod contexts;
mod entropy;
mod envoy_request;
pub mod filter_action;
mod grpc_status;
mod held;
mod host;
mod http_stream;
mod ledger;
mod memory;
mod redirect;
mod rejection;
mod root;
mod shared;
mod stats;
mod stream_table;
