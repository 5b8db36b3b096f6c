//! What Envoy says of a request, and what it means to the core. Plain values in, plain values out: no host call, so the wasm filter and a
//! native module can share it, and a crate of its own, so a native module needs nothing of the proxy-wasm ABI.

#![no_std]

extern crate alloc;

mod address;
mod ending;

pub use address::client_address;
pub use ending::{StreamEnd, is_redirect};
