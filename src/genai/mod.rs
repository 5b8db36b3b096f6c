//! What the answer of a language model says about itself, read from the stream as it passes.
//!
//! ```text
//!  route, path, host ─▶ Dialect::find               which API, whose
//!  request           ─▶ Exchange::new, request_…    model, limits
//!  answer            ─▶ wanted, response_headers    JSON, events, lines or frames; unfolded if need be
//!                       response_chunk(bytes, now)  Reader ─▶ Picker ─▶ Notes, by the API's table of keys
//!  the end           ─▶ end(complete)               Findings: what it said, and how much of it there was
//!                       Findings::attributes, …     told to a backend, name by name
//! ```
//!
//! Nothing is buffered and nothing is built: a chunk may end anywhere, and what stays is where the reader stands, one short
//! text, and what the table asked for. What is not in a table is not kept, so no word of a prompt, an answer or an error
//! is. An event counts when it is whole; absent is never 0.

mod api;
mod attributes;
mod base64;
mod dialect;
mod exchange;
mod findings;
mod frames;
mod headers;
mod inflate;
mod key;
mod log;
mod notes;
mod number;
mod parts;
mod picker;
mod provider;
mod reader;
mod scalar;
mod tables;
mod usage;

pub use attributes::{Name, Value, Words};
pub use dialect::{Dialect, Named};
pub use exchange::Exchange;
pub use findings::{Findings, Status};
pub(crate) use headers::is_readable;

/// The headers in which agents name their session or conversation, the most telling first.
pub static SESSION_HEADERS: [&str; 9] = [
    "agent-session-id",
    "x-session-id",
    "x-claude-code-session-id",
    "x-litellm-session-id",
    "mirascope-session-id",
    "helicone-session-id",
    "langfuse-session-id",
    "opik_thread_id",
    "mcp-session-id",
];
