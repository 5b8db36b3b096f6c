//! The keys of a backend and of `export`.

use crate::backend::{BackendKind, Dialect, Encoding, Via};
use crate::config::kind::{Key, Kind, Preset, key};
use crate::config::node::Node;
use crate::config::texts;
use crate::outbox::{self, export_keys};
use crate::words::Word;

/// The keys of a backend.
pub(super) const BACKEND: &[Key] = &[
    key(
        "name",
        Kind::Text(texts::name),
        "its name in counters (default: its kind)",
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

macro_rules! define {
    ($($name:ident: $kind:ident($least:literal, $most:literal) = $default:literal, $help:literal;)*) => {
        /// How spans are sent.
        pub(super) const EXPORT: &[Key] = &[
            $(key(stringify!($name), Kind::$kind($least, $most), $help).or(Preset::Whole($default)),)*
            key("gzip", Kind::Flag, "whether bodies are compressed; only false is built in")
                .or(Preset::Flag(false)),
        ];

        /// Reads the keys of `export`.
        pub(in crate::config) fn export_settings(node: &Node<'_, '_>) -> outbox::Settings {
            outbox::Settings {
                $($name: node.key(stringify!($name)).whole().unwrap_or_default(),)*
            }
        }
    };
}

export_keys!(define);
