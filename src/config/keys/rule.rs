//! The keys of a rule, and of the requests that it is for.

use super::{FORMATS, Key, Kind, Preset, key};
use crate::config::texts;
use crate::genai::ApiName;
use crate::policy::{
    ConflictAction, Genai, InboundAction, InvalidAction, McpParent, MissingAction,
    ResponseEncoding, UntrustedAction, UpstreamAction,
};
use crate::words::Word;

/// What a rule says; a route and a named rule say the same over it.
pub(super) const RULE: &[Key] = &[
    key(
        "inbound",
        Kind::Word(InboundAction::WORDS),
        "what happens to the ids of a trusted caller; join unless said otherwise",
    ),
    key(
        "upstream",
        Kind::Word(UpstreamAction::WORDS),
        "what trace headers go upstream; send unless said otherwise",
    ),
    key(
        "inject",
        FORMATS,
        "the formats that are written upstream; those of formats.inject unless said otherwise",
    ),
    key(
        "baggage_allow",
        Kind::List(&Kind::Text(texts::token), 64),
        "baggage keys that pass, in baggage and uberctx-*, from clients that are restarted or linked and with upstream: strip",
    ),
    key(
        "keep_headers",
        Kind::List(&Kind::Text(texts::foreign), 64),
        "trace headers of other vendors (x-datadog-*, sentry-trace ...) that pass from clients that are restarted or linked \
         and with upstream: strip; none unless said otherwise",
    ),
    key(
        "missing",
        Kind::Word(MissingAction::WORDS),
        "what happens when no usable ids came in; mint unless said otherwise",
    ),
    key(
        "invalid",
        Kind::Word(InvalidAction::WORDS),
        "what happens when a trace header is malformed; restart unless said otherwise",
    ),
    key(
        "conflict",
        Kind::Word(ConflictAction::WORDS),
        "what happens when two formats of one system disagree; prefer unless said otherwise",
    ),
    key(
        "require",
        FORMATS,
        "with missing: reject, the formats any one of which is enough; any of formats.extract unless said otherwise",
    ),
    key(
        "trust",
        Kind::Object(&[TRUST]),
        "how a caller proves that its ids can be trusted; any one condition is enough",
    ),
    key(
        "untrusted",
        Kind::Word(UntrustedAction::WORDS),
        "with trust, what happens to a caller for whom no condition holds; link unless said otherwise",
    ),
    key(
        "record",
        Kind::Flag,
        "whether a span is recorded; true unless said otherwise",
    ),
    key(
        "record_preflight",
        Kind::Flag,
        "whether a span is recorded of a browser's preflight (OPTIONS with origin and access-control-request-method); false \
         unless said otherwise",
    ),
    key(
        "sample",
        Kind::Number(0, 1),
        "which share of the traces that begin here is kept; 1 unless said otherwise",
    ),
    key(
        "project",
        Kind::Text(texts::filled),
        "the project of the span, in place of the backend's",
    ),
    key(
        "genai",
        Kind::Word(Genai::WORDS),
        "what is read from the bodies of LLM calls; off unless said otherwise",
    ),
    key(
        "genai_api",
        Kind::Word(ApiName::WORDS),
        "which API the calls speak, or whose they are; told by path and host unless said",
    ),
    key(
        "genai_encoding",
        Kind::Word(ResponseEncoding::WORDS),
        "how the upstream may encode an answer that is read: as the client offers without what cannot be read (br, zstd), \
         not at all, or as the client offers; readable unless said otherwise",
    ),
    key(
        "mcp_parent",
        Kind::Word(McpParent::WORDS),
        "where a message of MCP names its parent: in the headers, or in its own _meta, for which the request is held; \
         headers unless said otherwise",
    ),
    key(
        "expose",
        Kind::Flag,
        "whether responses, errors included, carry the trace id; false unless said otherwise",
    ),
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
        "names in the client's certificate, which the host must have verified; one * stands for any characters",
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
        "a secret that the caller sends; it never goes upstream",
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

/// What an entry of `routes` says besides its rule.
pub(super) const ROUTE: &[Key] = &[key(
    "match",
    Kind::Object(&[MATCH]),
    "the requests that it is for: all conditions must hold",
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
        "the host without its port; *. at its beginning stands for any subdomain",
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
