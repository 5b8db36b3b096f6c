//! The Envoy host of Gatespan: the core as a proxy-wasm filter. It adapts and decides nothing itself.
//!
//! `root` owns the configuration, the outbox and the counters of one worker; `stream` is one HTTP stream; `host` is the
//! only file that makes host calls; `ending` reads Envoy's words for how a stream ended.
#![allow(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    missing_docs,
    reason = "a host has std, and the SDK's macro writes a public function"
)]

mod ending;
mod entropy;
mod host;
mod root;
mod stats;
mod stream;

// The SDK calls this when Envoy has loaded the module.
proxy_wasm::main! {{
    proxy_wasm::set_root_context(|_| Box::new(root::Root::default()));
}}
