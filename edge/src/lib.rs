//! The Cloudflare Worker host of Gatespan. It adapts the core to `fetch` and `queue` events and decides nothing itself.
//!
//! ```text
//!  js/ moves                                     src/ asks the core                          what crosses
//!  ─────────────────────────────────────────     ─────────────────────────────────────────   ─────────────────────
//!  first request of an isolate                ─▶ Worker::new                                 the environment's texts
//!  fetch event: which headers matter          ─▶ Worker::admit   facts, origins, Gate        one text in, one text out
//!  before that, where a message is waited for ─▶ Worker::awaits  Exchange                    bytes
//!  new Request(...), fetch(origin)
//!  a piece of a body passes, where it is read ─▶ Worker::observe  OpenSpan                    bytes
//!  the last byte has passed, or never will    ─▶ Worker::close   OpenSpan, Outbox, vigil     numbers
//!  waitUntil: wait, then each call            ◀─ Worker::poll    Outbox                      a Call
//!  the backend has answered                   ─▶ Worker::settle
//! ```
//!
//! Nothing in here is asynchronous. A promise, a stream or a binding belongs to the request that made it and never comes
//! in here; what is shared by all requests is in here, and no borrow can last longer than one call. A panic unwinds out of
//! the one call in which it happens.

extern crate alloc;

mod ahead;
mod answer;
mod call;
mod courier;
mod entropy;
mod environment;
mod export;
mod facts;
mod fallback;
mod messages;
mod observe;
mod open;
mod origins;
mod shown;
mod status;
mod vigil;
mod worker;

pub use call::Call;
pub use courier::Courier;
pub use fallback::Fallback;
pub use messages::Messages;
pub use open::Ending;
pub use status::StatusRequest;
pub use worker::Worker;
