//! A strict local backend for tests: Opik, Lilypad and an OTLP receiver. It responds as they do, refuses what they refuse or should
//! refuse (one invalid item refuses the whole batch), stores what it accepts, returns it on request, fails on demand, and shows traces
//! in a page.
//!
//! ```text
//!  POST {any base}/v1/private/{traces,spans}/batch   opik/     the requests of Opik's SDKs
//!  POST {any base}/v1/private/otel/v1/traces         opik/     the same spans in OTLP, protobuf
//!  GET  {any base}/is-alive/ping
//!  POST {any base}/v1/traces                         otlp/     OTLP over HTTP, protobuf and JSON
//!  POST {any base}/projects/{uuid}/traces            lilypad/  Lilypad's list of spans
//!  GET  {any base}/projects/{uuid}/traces/by-trace-id/{id}
//!  POST /control/fault, /control/reset               fault     faults on demand, only for ingestion
//!  GET  /read/...                                    read/     what was accepted, refused and requested, as JSON
//!  GET  /  and  /events                              page      the same as a live page
//! ```
//!
//! | room | content |
//! |---|---|
//! | `http`, `wire` | HTTP messages; reading and writing them on a socket, everything with a limit |
//! | `server/` | listener, connections, the table of receivers with their paths; faults on the socket |
//! | `fault` | the plan of faults |
//! | `opik/` | one receiver: its endpoints, the table of fields and their rules, how rows replace each other, how it reads OTLP |
//! | `otlp/` | another: the table of messages, what decoders ignore, the rules, rows |
//! | `lilypad/` | another: keys of projects, the table of fields and their rules, which trees are stored |
//! | `store/` | rows, logs and counters, bounded; waiting for a change |
//! | `tree`, `read/` | rows to trees; the JSON read-back |
//! | `instant`, `ids` | timestamps and UUIDs as strictly as the backend reads them |
//!
//! A new wire API is a folder next to `opik/` and a row in `server::RECEIVERS`.
//!
//! # Read-back
//!
//! | `GET` | response |
//! |---|---|
//! | `/read/traces`, `/read/spans` | Opik's rows as they were sent; `via` is `otlp` if they were sent in OTLP, and `input` contains the attributes without a field |
//! | `/read/otlp` | spans of OTLP, ids in hex and attributes as a map (below) |
//! | `/read/lilypad` | `spans` that Lilypad stored, in the form of OTLP spans, each with what was `sent`; those that were `lost` although the response was 200 |
//! | `/read/tree?trace=` | one trace, with either spelling of its id: `trace`, Opik's row or null; `spans`, nested, or with `shape=flat` in reading order. `system=otlp` (and so on) returns only one system |
//! | `/read/wait?traces=&spans=&otlp=&lilypad=&ms=` | 200 as soon as there are that many rows; 504 if they do not arrive in time |
//! | `/read/refused`, `/read/requests` | the newest thousand, with every reason |
//! | `/read/holding?word=` | the request lines of the requests whose head or body contains the word, byte for byte; `searched`: how many were searched; `forgotten`: how many are gone |
//! | `/read/counters` | for each system `requests`, `taken`, `items`, `refused`, `broken`, `faults`: complete sums |
//! | `/read/overview` | a line for each trace |
//!
//! The endpoints for rows and `wait` accept `trace=`. An OTLP span is
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
//! where `times` is how often this span was delivered, and `path` is the path of the last delivery.

// This program needs std.
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
