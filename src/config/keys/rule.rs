//! The keys of a rule, and of the requests that it is for.

use super::FORMATS;
use crate::config::kind::{Key, Kind, Preset, key};
use crate::config::node::Node;
use crate::config::reader::Reader;
use crate::config::texts;
use crate::genai::ApiName;
use crate::policy::{
    ConflictAction, Genai, InboundAction, InvalidAction, Layer, McpParent, MissingAction,
    ResponseEncoding, UntrustedAction, UpstreamAction, rule_keys,
};
use crate::sampling::Sampler;
use crate::words::Word;

/// What a key of a rule may be in a document.
macro_rules! kind {
    (word($type:ty)) => {
        Kind::Word(<$type>::WORDS)
    };
    (choice($type:ty)) => {
        Kind::Word(<$type>::WORDS)
    };
    (flag) => {
        Kind::Flag
    };
    (share) => {
        Kind::Number(0, 1)
    };
    (text($check:ident)) => {
        Kind::Text(texts::$check)
    };
    (texts($check:ident, $most:literal)) => {
        Kind::List(&Kind::Text(texts::$check), $most)
    };
    (formats($of:ident)) => {
        FORMATS
    };
    (trust) => {
        Kind::Object(&[TRUST])
    };
}

/// How a key of a rule is read.
macro_rules! value {
    ($reader:ident, $node:expr, word($type:ty)) => {
        $node.word()
    };
    ($reader:ident, $node:expr, choice($type:ty)) => {
        $node.word()
    };
    ($reader:ident, $node:expr, flag) => {
        $node.flag()
    };
    ($reader:ident, $node:expr, share) => {
        $node.number().map(Sampler::with_probability)
    };
    ($reader:ident, $node:expr, text($check:ident)) => {
        $node.string()
    };
    ($reader:ident, $node:expr, texts($check:ident, $most:literal)) => {
        $node.strings()
    };
    ($reader:ident, $node:expr, formats($of:ident)) => {
        $reader.format_set(&$node)
    };
    ($reader:ident, $node:expr, trust) => {
        $reader.trust(&$node)
    };
}

macro_rules! define {
    ($($name:ident: $kind:ident $(($($argument:tt)*))? $(= $default:expr)?, $help:literal;)*) => {
        /// The keys of a rule. A route and a named rule have the same.
        pub(super) const RULE: &[Key] = &[
            $(key(stringify!($name), kind!($kind $(($($argument)*))?), $help)),*
        ];

        impl Reader<'_> {
            /// The keys of one layer.
            pub(in crate::config) fn keys_of_layer(&mut self, node: &Node<'_, '_>) -> Layer {
                Layer {
                    $($name: value!(self, node.key(stringify!($name)), $kind $(($($argument)*))?),)*
                }
            }
        }
    };
}

rule_keys!(define);

const TRUST: &[Key] = &[
    key(
        "cidr",
        Kind::List(&Kind::Text(texts::cidr), 1_000),
        "networks of the client's address",
    ),
    key(
        "san",
        Kind::List(&Kind::Text(texts::pattern), 1_000),
        "names in the client's certificate, which the host must have verified; one * matches any characters",
    ),
    key(
        "san_unverified",
        Kind::Flag,
        "whether such a name counts in a certificate that the host has not verified",
    )
    .or(Preset::Flag(false)),
    key(
        "header",
        Kind::Object(&[PROOF]),
        "a secret that the client sends; it never goes upstream",
    ),
];

const PROOF: &[Key] = &[
    key("name", Kind::Text(texts::proof), "the header").required(),
    key(
        "equals_env",
        Kind::Secret(texts::variable),
        "the variable of the host's environment that holds the secret",
    )
    .required(),
];

/// The keys of an entry of `routes`, besides those of its rule.
pub(super) const ROUTE: &[Key] = &[key(
    "match",
    Kind::Object(&[MATCH]),
    "the requests that the entry is for: all conditions must hold",
)
.required()];

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
        "the host without its port; *. at its beginning matches any subdomain",
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
    key("name", Kind::Text(texts::header), "the header").required(),
    key("value", Kind::Text(texts::any), "the value").required(),
];
