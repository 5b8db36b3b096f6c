//! A strict local stand-in for Opik's ingestion. It answers as Opik does and refuses what Opik refuses (one bad item costs
//! the whole batch), keeps what it took, tells on request what arrived, fails on demand, and shows traces on a page.
//!
//! ```text
//!  POST {any base}/v1/private/{traces,spans}/batch   opik/     what Opik's SDKs call when they trace
//!  GET  {any base}/is-alive/ping
//!  POST /control/fault, /control/reset               fault     trouble on demand, for ingestion alone
//!  GET  /read/{traces,spans,tree,wait,...}           read      what was taken, refused and asked, as JSON
//!  GET  /  and  /events                              page      the same for people, live
//! ```
//!
//! | room | what is in it |
//! |---|---|
//! | `http`, `wire` | requests and answers; from and to bytes on a socket, with a limit on everything |
//! | `server/` | listener, connections, who answers which path; the table of receivers |
//! | `fault` | the plan of faults, and carrying one out on the socket |
//! | `opik/` | one receiver: its calls, the table of fields and their rules, how rows replace each other |
//! | `store` | rows and logs, bounded; waiting for a change |
//! | `tree`, `read` | rows to trees; the JSON read-back |
//! | `instant`, `ids` | timestamps and UUIDs as strictly as the backend reads them |
//!
//! A further wire API is a folder beside `opik/` and a row in `server::RECEIVERS`.

// A program of the host: it has std, and cannot do without.
#![allow(clippy::std_instead_of_alloc)]

mod fault;
mod http;
mod ids;
mod instant;
mod opik;
mod read;
mod server;
mod store;
mod tree;
mod wire;

pub use server::{Options, Sink};
