//! The decision of a trace gateway: bytes of request headers in, header edits and a verdict out.
//!
//! ```text
//!            ┌────────────────────────── Gate::admit ──────────────────────────┐
//!  Request ─▶│ Seen ─▶ Arrival ─▶ Rule::stance, verdict ─▶ Identity ─▶ inject  │─▶ Admission
//!            └────────────────────────────────────────────────────────────────┘     Pass { edits, span, … } or Refuse
//!  stream ends ─▶ OpenSpan::close ─▶ Span, which the backends encode
//! ```
//!
//! What this crate does not do: no I/O, no clock, no entropy, no logging, no environment. Time and random bytes are
//! arguments; what a host has to do comes back as data. It needs `core` and `alloc` alone, and it does not panic.
//!
//! Start at [`Gate`]; the formats are in [`format`](mod@format), the configuration in [`config`], and what must hold
//! whatever comes in is in [`laws`].

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod arrival;
pub mod backend;
mod bytes;
pub mod config;
mod context;
mod departure;
mod digits;
mod fault;
pub mod format;
mod gate;
pub mod genai;
mod headers;
mod identity;
#[doc = include_str!("laws.md")]
pub mod laws {}
pub mod metrics;
pub mod outbox;
pub mod policy;
pub mod redact;
mod request;
mod rpc;
mod sampling;
mod sieve;
pub mod span;
mod target;
mod words;

pub use arrival::Clash;
pub use config::Config;
pub use context::{
    Entropy, FUTURE_MS, Ids, OpikId, OpikIds, OtelIds, Sampling, SpanId, Time, TraceId,
};
pub use fault::{Breach, Fault};
pub use format::Format;
pub use gate::{Admission, Continuation, Decision, Export, Gate, Pass, Receives, Unrecorded};
pub use headers::{Edit, Edits, Headers, Pair, Value};
pub use identity::{OpikPlace, OtelPlace, Own, TraceRow};
pub use outbox::Outbox;
pub use policy::Refusal;
pub use request::Request;
pub use rpc::Rpc;
pub use sampling::{Sampler, Threshold};
pub use sieve::Sieve;
pub use span::{End, EndKind, OpenSpan, Span};
pub use words::Word;
