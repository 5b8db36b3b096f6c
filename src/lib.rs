//! Gatespan's core: a trace gateway without I/O.
//!
//! A host passes requests, time and random bytes to a [`Gateway`] and does what it returns:
//!
//! ```text
//!  request headers ─▶ Gateway::admit ─▶ Forward { edits, stream } or Reject
//!                       policy: the rule; is the client trusted?
//!                       format, inbound: trace contexts, invalid headers, conflict
//!                       policy: require, invalid, conflict
//!                       identity, sampling: the ids of our span
//!                       outbound: the headers for the upstream
//!  stream ends     ─▶ Gateway::close   ─▶ a span, encoded once into the open batch of each backend
//!  timer           ─▶ Gateway::poll    ─▶ Call: a request to a backend
//!  response        ─▶ Gateway::settle
//! ```
//!
//! The crate needs only `core` and `alloc`. It reads no clock, no environment and no random source, logs nothing, and cannot
//! panic.
//!
//! Start at [`Gateway`]. The formats are in [`format`](mod@format), the backends in [`backend`], the configuration in
//! [`config`]. [`laws`] lists what holds for every request.

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
mod tree;
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
pub use request::{
    Continuation, Decision, Edit, Edits, HeaderValue, Headers, Pair, Peer, Request, Rpc,
};
pub use sampling::{Sampler, Threshold};
pub use secret::Secret;
pub use sieve::Sieve;
pub use span::{End, EndKind, OpenSpan, Span};
pub use time::Time;
pub use words::Word;
