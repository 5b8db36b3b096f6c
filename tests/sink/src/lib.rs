//! A strict local stand-in for what spans are sent to: Opik, Lilypad, and any receiver of OTLP. It answers as they do and refuses
//! what they refuse or ought to (one bad item costs the whole batch), keeps what it took, tells on request what arrived,
//! fails on demand, and shows traces on a page.
//!
//! ```text
//!  POST {any base}/v1/private/{traces,spans}/batch   opik/     what Opik's SDKs call when they trace
//!  POST {any base}/v1/private/otel/v1/traces         opik/     the same spans by OTLP, in protobuf
//!  GET  {any base}/is-alive/ping
//!  POST {any base}/v1/traces                         otlp/     OTLP over HTTP, protobuf and JSON
//!  POST {any base}/projects/{uuid}/traces            lilypad/  Lilypad's list of spans
//!  GET  {any base}/projects/{uuid}/traces/by-trace-id/{id}
//!  POST /control/fault, /control/reset               fault     trouble on demand, for ingestion alone
//!  GET  /read/...                                    read/     what was taken, refused and asked, as JSON
//!  GET  /  and  /events                              page      the same for people, live
//! ```
//!
//! | room | what is in it |
//! |---|---|
//! | `http`, `wire` | requests and answers; from and to bytes on a socket, with a limit on everything |
//! | `server/` | listener, connections, who answers which path; the table of receivers; faults on the socket |
//! | `fault` | the plan of faults |
//! | `opik/` | one receiver: its calls, the table of fields and their rules, how rows replace each other, what it makes of OTLP |
//! | `otlp/` | another: the table of messages, what decoders pass over, the rules, rows |
//! | `lilypad/` | another: keys of projects, the table of fields and their rules, which trees are stored |
//! | `store/` | rows, logs and counters, bounded; waiting for a change |
//! | `tree`, `read/` | rows to trees; the JSON read-back |
//! | `instant`, `ids` | timestamps and UUIDs as strictly as the backend reads them |
//!
//! A further wire API is a folder beside `opik/` and a row in `server::RECEIVERS`.
//!
//! # Read-back
//!
//! | `GET` | answer |
//! |---|---|
//! | `/read/traces`, `/read/spans` | Opik's rows as they were sent; `via` is `otlp` where they came by that, and `input` holds the attributes that have no place |
//! | `/read/otlp` | spans of OTLP, ids in hex and attributes as a map (below) |
//! | `/read/lilypad` | `spans` that Lilypad stored, in the words of OTLP's and each with what was `sent`; those that were `lost` although it answered 200 |
//! | `/read/tree?trace=` | everything of one trace, in either spelling of its id: `trace`, Opik's row or null; `spans`, nested, or with `shape=flat` in reading order. `system=otlp` and the like for one system alone |
//! | `/read/wait?traces=&spans=&otlp=&lilypad=&ms=` | as soon as there are that many rows; 504 when they did not come in time |
//! | `/read/refused`, `/read/requests` | the newest thousand of each, with every reason |
//! | `/read/holding?word=` | the request lines of those that held that word, in head or body as they came; among how many that was `searched`, and how many were `forgotten` |
//! | `/read/counters` | of each system `requests`, `taken`, `items`, `refused`, `broken`, `faults`: sums that forget nothing |
//! | `/read/overview` | a line for each trace |
//!
//! Those of rows, and the wait, take `trace=`. A span of OTLP is
//!
//! ```json
//! {"system": "otlp", "id": "9c1b2281eda8d7fe", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "parent_span_id": null,
//!  "name": "POST /v1/chat", "kind": "server", "start_time": "2026-03-02T10:15:30.125000Z", "end_time": "...",
//!  "start_time_unix_nano": "1772446530125000000", "end_time_unix_nano": "...", "status": {"code": "unset", "message": ""},
//!  "attributes": {"http.response.status_code": 200}, "dropped_attributes_count": 0, "trace_state": "", "flags": 257,
//!  "events": [{"name": "", "time": "", "attributes": {}}],
//!  "links": [{"trace_id": "", "span_id": "", "trace_state": "", "flags": 0, "attributes": {}}],
//!  "service": "gatespan", "resource": {"service.name": "gatespan"},
//!  "scope": {"name": "gatespan", "version": "0.1.0", "attributes": {}},
//!  "encoding": "protobuf", "path": "/v1/traces", "times": 1}
//! ```
//!
//! where `times` is how often this span was delivered, and `path` by which path the last time.

// A program of the host: it has std, and cannot do without.
#![allow(clippy::std_instead_of_alloc)]

mod fault;
mod http;
mod ids;
mod instant;
mod lilypad;
mod opik;
mod otlp;
mod read;
mod server;
mod store;
mod tree;
mod wire;

pub use server::{Options, Sink};
