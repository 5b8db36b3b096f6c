//! The keys of a backend, and of what is sent there.

use super::{Key, Kind, Preset, key};
use crate::backend::{BackendKind, Dialect, Encoding, Via};
use crate::config::texts;
use crate::words::Word;

/// What a backend says.
pub(super) const BACKEND: &[Key] = &[
    key(
        "name",
        Kind::Text(texts::name),
        "its name in counters; its kind unless said otherwise",
    ),
    key(
        "kind",
        Kind::Word(BackendKind::WORDS),
        "whose API it speaks",
    )
    .required(),
    key("url", Kind::Secret(texts::url), "authority and base path"),
    key(
        "via",
        Kind::Word(Via::WORDS),
        "Worker: whether it calls or hands spans to a Queue",
    )
    .or(Preset::Text("http")),
    key(
        "cluster",
        Kind::Text(texts::filled),
        "Envoy: the cluster that carries the call",
    ),
    key(
        "api_key_env",
        Kind::Secret(texts::variable),
        "the variable of the host's environment that holds the API key",
    ),
    key(
        "api_key",
        Kind::Secret(texts::header_value),
        "the API key itself",
    ),
    key(
        "workspace",
        Kind::Text(texts::header_value),
        "opik, and otlp towards Opik: the workspace",
    ),
    key(
        "project",
        Kind::Text(texts::filled),
        "opik, and otlp towards Opik: the project of spans whose rule names none",
    ),
    key(
        "encoding",
        Kind::Word(Encoding::WORDS),
        "otlp: how a body is encoded",
    )
    .or(Preset::Text("protobuf")),
    key(
        "dialect",
        Kind::Word(Dialect::WORDS),
        "otlp: whose names attributes have, the conventions' or Opik's; Opik's where the URL ends in /v1/private/otel",
    ),
    key(
        "headers",
        Kind::Map(texts::call_header, &Kind::Secret(texts::header_value)),
        "otlp: further headers of the call",
    ),
    key(
        "resource",
        Kind::Map(texts::filled, &Kind::Text(texts::any)),
        "otlp, lilypad: attributes of the resource",
    ),
    key(
        "project_id",
        Kind::Text(texts::uuid),
        "lilypad: the project",
    ),
];

/// How spans are sent.
pub(super) const EXPORT: &[Key] = &[
    key(
        "batch_spans",
        Kind::Whole(1, 1_000),
        "spans in a batch at most",
    )
    .or(Preset::Whole(200)),
    key(
        "batch_bytes",
        Kind::Whole(1_024, BATCH_BYTES),
        "bytes in a batch at most",
    )
    .or(Preset::Whole(1_000_000)),
    key(
        "interval_ms",
        Kind::Millis(10, TEN_MINUTES),
        "how old the oldest span of a batch may grow",
    )
    .or(Preset::Whole(1_000)),
    key(
        "queue_bytes",
        Kind::Whole(1_024, QUEUE_BYTES),
        "bytes in all batches together at most",
    )
    .or(Preset::Whole(4_194_304)),
    key(
        "timeout_ms",
        Kind::Millis(10, TEN_MINUTES),
        "how long a call may take",
    )
    .or(Preset::Whole(5_000)),
    key(
        "attempts",
        Kind::Whole(1, 100),
        "how often a batch is tried",
    )
    .or(Preset::Whole(6)),
    key(
        "backoff_ms",
        Kind::Millis(1, TEN_MINUTES),
        "the first pause between tries",
    )
    .or(Preset::Whole(500)),
    key(
        "backoff_max_ms",
        Kind::Millis(1, 6 * TEN_MINUTES),
        "the longest pause between tries",
    )
    .or(Preset::Whole(30_000)),
    key(
        "gzip",
        Kind::Flag,
        "whether bodies are compressed; only false is built in",
    )
    .or(Preset::Flag(false)),
];

/// A worker of the gateway has to live with its queues, and somebody waits for a shutdown.
const QUEUE_BYTES: u32 = 256 << 20;
const BATCH_BYTES: u32 = 50_000_000;
const TEN_MINUTES: u32 = 600_000;
