//! The table of keys: every key of a document, its type, its purpose and its default. The walk that finds faults, the reading and the JSON Schema all come from it.

mod backend;
mod rule;

pub(super) use backend::export_settings;
use backend::{BACKEND, EXPORT};
use rule::{ROUTE, RULE};

use super::kind::{Key, Kind, Preset, key};
use super::texts;
use crate::format::Spelling;
use crate::format::{ALIASES, FORMATS as KNOWN};
use crate::redact::QUERY_KEPT;
use crate::span::RECORDED_HEADERS;
use crate::words::Word;

/// The whole document.
pub(super) static DOCUMENT: Kind = Kind::Object(&[TOP]);

/// The formats and the words that stand for several of them.
#[allow(
    clippy::indexing_slicing,
    reason = "a bad index in a constant does not compile"
)]
static FORMAT_WORDS: [&str; KNOWN.len() + ALIASES.len()] = {
    let mut words = [""; KNOWN.len() + ALIASES.len()];
    let mut index = 0;
    while index < words.len() {
        words[index] = if index < KNOWN.len() {
            KNOWN[index].name
        } else {
            ALIASES[index - KNOWN.len()].0
        };
        index += 1;
    }
    words
};

const FORMATS: Kind = Kind::List(&Kind::Word(&FORMAT_WORDS), 16);

const TOP: &[Key] = &[
    key(
        "service",
        Kind::Text(texts::filled),
        "this gateway's name in spans",
    )
    .or(Preset::Text("gatespan")),
    key("formats", Kind::Object(&[FORMAT_KEYS]), "the wire formats"),
    key("rule", Kind::Object(&[RULE]), "the default rule"),
    key(
        "routes",
        Kind::List(&Kind::Object(&[ROUTE, RULE]), 10_000),
        "the first entry that matches overrides the default rule, key by key",
    ),
    key(
        "rules",
        Kind::Map(texts::rule, &Kind::Object(&[RULE])),
        "rules that the host's own route may name; they override the others, key by key",
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
        "in place of backend: several that are sent the same spans, each with its own queue",
    ),
    key(
        "export",
        Kind::Object(&[EXPORT]),
        "how spans are batched and sent",
    ),
];

const FORMAT_KEYS: &[Key] = &[
    key("extract", FORMATS, "the formats that are believed, the most believed first; composite stands for jaeger, b3, b3multi, w3c, and tracecontext for w3c")
        .or(Preset::Texts(&["opik", "opik_baggage", "w3c"])),
    key("inject", FORMATS, "the formats that are written upstream").or(Preset::Texts(&["opik", "w3c"])),
    key("opik_spelling", Kind::Word(Spelling::WORDS), "how Opik's headers are spelt upstream").or(Preset::Text("both")),
];

const SPAN: &[Key] = &[
    key(
        "name",
        Kind::Text(texts::template),
        "the template of its name, of {method}, {path}, {host} and {route}",
    )
    .or(Preset::Text("{method} {path}")),
    key(
        "headers",
        Kind::List(&Kind::Text(texts::recordable), RECORDED_HEADERS),
        "request headers that are recorded; those that hold secrets are refused",
    ),
    key(
        "query",
        Kind::List(&Kind::Text(texts::filled), 64),
        "query keys whose values are kept; every other value is redacted",
    )
    .or(Preset::Texts(&QUERY_KEPT)),
    key(
        "thread",
        Kind::Text(texts::recordable),
        "the header whose value names the thread of conversation",
    ),
];

const RESPONSE: &[Key] = &[key(
    "header",
    Kind::Text(texts::response_header),
    "the header of an exposed trace id",
)
.or(Preset::Text("x-gatespan-trace-id"))];
