//! The Envoy host of Gatespan: the core as a proxy-wasm filter. It adapts and decides nothing itself.
//!
//! Envoy calls `callbacks`; `contexts` finds who is meant. `root` owns the configuration, the outbox and the counters of
//! one worker; `stream` is one HTTP stream, and `held` one that waits for its body; `host` is the only file that makes host
//! calls; `ending` reads Envoy's words for how a stream ended.
#![allow(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "a host has std"
)]

pub mod callbacks;
mod contexts;
mod ending;
mod entropy;
mod held;
mod host;
mod ledger;
mod memory;
mod redirect;
mod rejection;
mod root;
mod rpc;
mod stats;
mod stream;
mod streams;
