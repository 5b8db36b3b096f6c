//! The table of keys: every key of a document, what it may hold and what it is for. The walk that finds faults and the
//! JSON Schema both come from it.

use alloc::vec::Vec;

use super::texts;
use super::{BackendKind, Encoding, Spelling, Via};
use crate::format::{ALIASES, FORMATS};
use crate::policy::{Conflict, Genai, Inbound, Invalid, Missing, Untrusted, Upstream};
use crate::span::RECORDED_HEADERS;
use crate::words::Word;

/// A key of an object.
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What it is for, in the schema.
    pub(super) about: &'static str,
}

/// What a value may be.
pub(super) enum Kind {
    Flag,
    /// A text that passes the check.
    Text(fn(&str) -> Result<(), &'static str>),
    /// A text that passes the check and is never repeated in a message.
    Secret(fn(&str) -> Result<(), &'static str>),
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
    /// A number within these bounds.
    Number(f64, f64),
    /// A whole number within these bounds.
    Whole(u32, u32),
    /// A list of at most so many.
    List(&'static Self, usize),
    /// An object with the keys of these groups.
    Object(&'static [&'static [Key]]),
    /// An object whose keys are names that pass the check.
    Map(fn(&str) -> Result<(), &'static str>, &'static Self),
}

/// The whole document.
pub(super) static DOCUMENT: Kind = Kind::Object(&[TOP]);

const fn key(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key { name, kind, about }
}

fn words<W: Word>() -> Vec<&'static str> {
    W::WORDS.iter().map(|(word, _)| *word).collect()
}

/// The formats and the words that stand for several of them.
fn formats() -> Vec<&'static str> {
    let aliases = ALIASES.iter().map(|(word, _)| *word);
    FORMATS
        .iter()
        .map(|format| format.name)
        .chain(aliases)
        .collect()
}

const FORMAT_LIST: Kind = Kind::List(&Kind::Word(formats), 16);
const TOP: &[Key] = &[
    key(
        "service",
        Kind::Text(texts::filled),
        "this gateway's name in spans",
    ),
    key("formats", Kind::Object(&[FORMAT_KEYS]), "the wire formats"),
    key("rule", Kind::Object(&[RULE]), "the default rule"),
    key(
        "routes",
        Kind::List(&Kind::Object(&[ROUTE, RULE]), 10_000),
        "the first entry that matches overrides the default rule, key by key",
    ),
    key(
        "rules",
        Kind::Map(texts::name, &Kind::Object(&[RULE])),
        "rules that the host's own route may name; they override the others",
    ),
    key(
        "span",
        Kind::Object(&[SPAN]),
        "what a span records of its request",
    ),
    key(
        "response",
        Kind::Object(&[RESPONSE]),
        "what is put on responses",
    ),
    key("backend", Kind::Object(&[BACKEND]), "where spans are sent"),
    key(
        "backends",
        Kind::List(&Kind::Object(&[BACKEND]), 8),
        "several places where the same spans are sent, each with its own queue",
    ),
    key(
        "export",
        Kind::Object(&[EXPORT]),
        "how spans are batched and sent",
    ),
];
const FORMAT_KEYS: &[Key] = &[
    key(
        "extract",
        FORMAT_LIST,
        "the formats that are believed, the most believed first",
    ),
    key(
        "inject",
        FORMAT_LIST,
        "the formats that are written upstream",
    ),
    key(
        "opik_spelling",
        Kind::Word(words::<Spelling>),
        "how Opik's headers are spelt upstream",
    ),
];
const RULE: &[Key] = &[
    key(
        "inbound",
        Kind::Word(words::<Inbound>),
        "what happens to the ids of a trusted caller",
    ),
    key(
        "upstream",
        Kind::Word(words::<Upstream>),
        "what trace headers go upstream",
    ),
    key("inject", FORMAT_LIST, "overrides formats.inject"),
    key(
        "baggage_allow",
        Kind::List(&Kind::Text(texts::token), 64),
        "baggage keys kept from callers whose ids are not continued",
    ),
    key(
        "missing",
        Kind::Word(words::<Missing>),
        "what happens when no usable ids came in",
    ),
    key(
        "invalid",
        Kind::Word(words::<Invalid>),
        "what happens when a header was refused",
    ),
    key(
        "conflict",
        Kind::Word(words::<Conflict>),
        "what happens when two formats disagree",
    ),
    key(
        "require",
        FORMAT_LIST,
        "with missing: reject, any one of these is enough",
    ),
    key(
        "trust",
        Kind::Object(&[TRUST]),
        "how a caller proves itself; any one condition is enough",
    ),
    key(
        "untrusted",
        Kind::Word(words::<Untrusted>),
        "what happens to a caller that cannot",
    ),
    key("record", Kind::Flag, "whether a span is recorded"),
    key(
        "sample",
        Kind::Number(0.0, 1.0),
        "which share of the traces that begin here is kept",
    ),
    key(
        "project",
        Kind::Text(texts::filled),
        "the backend's project for the span",
    ),
    key(
        "genai",
        Kind::Word(words::<Genai>),
        "what is read from the bodies of LLM calls",
    ),
    key("expose", Kind::Flag, "whether responses carry the trace id"),
    key(
        "tags",
        Kind::List(&Kind::Text(texts::filled), 50),
        "tags put on the span",
    ),
];
const TRUST: &[Key] = &[
    key(
        "cidr",
        Kind::List(&Kind::Text(texts::cidr), 1_000),
        "networks of the caller's address",
    ),
    key(
        "san",
        Kind::List(&Kind::Text(texts::pattern), 1_000),
        "names in the caller's certificate; one * stands for any characters",
    ),
    key(
        "header",
        Kind::Object(&[PROOF]),
        "a secret that the caller sends; never sent on",
    ),
];
const PROOF: &[Key] = &[
    key("name", Kind::Text(texts::header), "the header"),
    key(
        "equals_env",
        Kind::Text(texts::filled),
        "the environment variable that holds the secret",
    ),
];
const ROUTE: &[Key] = &[key(
    "match",
    Kind::Object(&[MATCH]),
    "conditions, all of which must hold",
)];
const MATCH: &[Key] = &[
    key(
        "path",
        Kind::Text(texts::path),
        "the whole path, without the query",
    ),
    key(
        "path_prefix",
        Kind::Text(texts::path),
        "a beginning of the path",
    ),
    key(
        "host",
        Kind::Text(texts::host),
        "the host; *. at its beginning stands for any subdomain",
    ),
    key(
        "methods",
        Kind::List(&Kind::Text(texts::method), 16),
        "the methods",
    ),
    key(
        "header",
        Kind::Object(&[MATCH_HEADER]),
        "a header and the value that it must have",
    ),
    key(
        "route",
        Kind::Text(texts::filled),
        "the name of Envoy's route",
    ),
];
const MATCH_HEADER: &[Key] = &[
    key("name", Kind::Text(texts::header), "the header"),
    key("value", Kind::Text(texts::any), "the value"),
];
const SPAN: &[Key] = &[
    key(
        "name",
        Kind::Text(texts::template),
        "of {method}, {path}, {host} and {route}",
    ),
    key(
        "headers",
        Kind::List(&Kind::Text(texts::recordable), RECORDED_HEADERS),
        "request headers that are recorded",
    ),
    key(
        "query",
        Kind::List(&Kind::Text(texts::filled), 64),
        "query keys whose values are kept; every other value is redacted",
    ),
    key(
        "thread",
        Kind::Text(texts::recordable),
        "the header that names the thread",
    ),
];
const RESPONSE: &[Key] = &[key(
    "header",
    Kind::Text(texts::response_header),
    "the header of an exposed trace id",
)];
const BACKEND: &[Key] = &[
    key("name", Kind::Text(texts::name), "its name in counters"),
    key(
        "kind",
        Kind::Word(words::<BackendKind>),
        "whose API it speaks",
    ),
    // People write passwords into URLs.
    key("url", Kind::Secret(texts::url), "authority and base path"),
    key(
        "via",
        Kind::Word(words::<Via>),
        "Worker: how spans are handed over",
    ),
    key(
        "cluster",
        Kind::Text(texts::filled),
        "Envoy: the cluster that carries the call",
    ),
    key(
        "api_key_env",
        Kind::Text(texts::filled),
        "the environment variable that holds the API key",
    ),
    key("api_key", Kind::Secret(texts::header_value), "the API key"),
    key(
        "workspace",
        Kind::Text(texts::header_value),
        "opik: the workspace",
    ),
    key(
        "project",
        Kind::Text(texts::filled),
        "the project of spans whose rule names none",
    ),
    key(
        "encoding",
        Kind::Word(words::<Encoding>),
        "otlp: the encoding",
    ),
    key(
        "headers",
        Kind::Map(texts::header, &Kind::Secret(texts::header_value)),
        "otlp: further headers",
    ),
    key(
        "resource",
        Kind::Map(texts::filled, &Kind::Text(texts::any)),
        "otlp: attributes of the resource",
    ),
    key(
        "project_id",
        Kind::Text(texts::uuid),
        "lilypad: the project",
    ),
];
const EXPORT: &[Key] = &[
    key(
        "batch_spans",
        Kind::Whole(1, 1_000),
        "spans in a batch at most",
    ),
    key(
        "batch_bytes",
        Kind::Whole(1_024, 50_000_000),
        "bytes in a batch at most",
    ),
    key(
        "interval_ms",
        Kind::Whole(10, 600_000),
        "how old a batch may grow",
    ),
    key(
        "queue_bytes",
        Kind::Whole(1_024, 268_435_456),
        "bytes in all batches together at most",
    ),
    key(
        "timeout_ms",
        Kind::Whole(10, 600_000),
        "how long a call may take",
    ),
    key(
        "attempts",
        Kind::Whole(1, 100),
        "how often a batch is tried",
    ),
    key(
        "backoff_ms",
        Kind::Whole(1, 600_000),
        "the first pause between tries",
    ),
    key(
        "backoff_max_ms",
        Kind::Whole(1, 3_600_000),
        "the longest pause between tries",
    ),
    key("gzip", Kind::Flag, "whether bodies are compressed"),
];
