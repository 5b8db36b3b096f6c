//! What a call of a language model or a tool says about itself, read from its bodies as they pass: model, usage, finish reasons, never content.
//!
//! `decode` turns bytes into JSON documents, `json` reads keys from them, `api` has a table of keys for each API, `usage` normalises counts.
//!
//! ```text
//!  route, path, host ─▶ ModelApi::find               which API, whose
//!  request           ─▶ Exchange::new, request_…    model, limits
//!  answer            ─▶ wanted, response_headers    JSON, events, lines or frames; unfolded if need be
//!                       response_chunk(bytes, now)  DocumentReader ─▶ Picker ─▶ Notes, by the API's table of keys
//!  the end           ─▶ end(complete)               Findings: what it said, and how much of it there was
//!                                                   a backend spells them
//! ```
//!
//! Nothing is buffered and nothing is built: a chunk may end anywhere, and what stays is where the reader stands, one short
//! text, and what the table asked for. What is not in a table is not kept, so no word of a prompt, an answer or an error
//! is. An event counts when it is whole; absent is never 0.

mod api;
mod decode;
mod exchange;
mod findings;
mod json;
mod reader;
mod usage;

pub use api::{ApiName, ModelApi};
pub(crate) use decode::is_readable;
pub use exchange::Exchange;
pub use findings::{Findings, FinishReasons, Status};
pub(crate) use json::{Count, Text};
pub(crate) use usage::Quantity;

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
