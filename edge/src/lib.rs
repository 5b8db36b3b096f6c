//! The Cloudflare Worker host of Gatespan. It adapts the core to `fetch` and `queue` events and decides nothing itself.
//!
//! ```text
//!  js/ moves bodies and makes calls              src/ asks the core                  what crosses
//!  ─────────────────────────────────────────     ────────────────────────────────    ─────────────────────
//!  first request of an isolate                ─▶ Worker::new                         the environment's texts
//!  a request                                  ─▶ Worker::admit        Gateway        one text in, one text out
//!  its body, while the request is held        ─▶ Worker::held_chunk   Held           bytes
//!  the body was read                          ─▶ Worker::admit_held   Gateway        as for admit
//!  new Request(...), fetch(origin)
//!  chunks, where the stream reads bodies      ─▶ Worker::response_chunk … Stream     bytes
//!  the last byte was sent, or never will be   ─▶ Worker::close        Gateway        numbers
//!  waitUntil: wait, then each call            ◀─ Worker::poll         Gateway        a BackendCall
//!  the backend has responded                  ─▶ Worker::settle       Gateway
//! ```
//!
//! Nothing here is asynchronous. A promise, a stream or a binding belongs to one request and never crosses; what all requests share is here,
//! and no borrow lasts longer than one call. A panic unwinds out of the one call in which it happens.

extern crate alloc;

mod admission_text;
mod bodies;
mod call;
mod consumer;
mod environment;
mod fallback;
mod info;
mod messages;
mod numbered;
mod origins;
mod request_text;
mod sending;
mod status;
mod worker;

pub use call::BackendCall;
pub use consumer::Consumer;
pub use fallback::Fallback;
pub use messages::Messages;
pub use numbered::Ending;
pub use status::StatusRequest;
pub use worker::Worker;
