//! The decision of a trace gateway: bytes of request headers in, header edits and a verdict out.
//!
//! ```text
//!            ┌────────────────────────── Gate::admit ──────────────────────────┐
//!  Request ─▶│ Seen ─▶ Inbound ─▶ Rule::id_action, verdict ─▶ Identity ─▶ inject  │─▶ Admission
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

pub mod backend;
mod bytes;
pub mod config;
mod digits;
mod fault;
pub mod format;
mod gateway;
pub mod genai;
mod identity;
mod ids;
mod inbound;
#[doc = include_str!("laws.md")]
pub mod laws {}
pub mod metrics;
mod outbound;
pub mod outbox;
pub mod policy;
pub mod redact;
mod request;
mod sampling;
mod secret;
mod sieve;
pub mod span;
mod time;
mod words;

pub use config::Config;
pub use fault::{Fault, FaultKind};
pub use format::Format;
pub use gateway::{Admission, Forward, Gate, Gateway, Held, Pass, Requests, Stream};
pub use identity::{OpikPlace, OtelPlace, OwnIds, Systems, TraceRow, Unrecorded};
pub use ids::{Entropy, FUTURE_MS, Ids, OpikId, OpikIds, OtelIds, Sampling, SpanId, TraceId};
pub use inbound::Conflict;
pub use outbox::{Availability, Call, Sender};
pub use policy::Rejection;
pub use request::{Continuation, Decision, Edit, Edits, Headers, Pair, Peer, Request, Rpc, Value};
pub use sampling::{Sampler, Threshold};
pub use secret::Secret;
pub use sieve::Sieve;
pub use span::{End, EndKind, OpenSpan, Span};
pub use time::Time;
pub use words::Word;
