//! The Cloudflare Worker host of Gatespan. It adapts the core to `fetch` events and decides nothing itself.

pub use gatespan as core;
