//! The Envoy host of Gatespan. It adapts the core to proxy-wasm and decides nothing itself.

pub use gatespan as core;
