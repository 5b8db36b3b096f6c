//! The keys of a rule, one row each. The types `Layer` and `Rule`, their merging, the reading of a document and the JSON Schema come from these
//! rows.
//!
//! A row is `name: kind(arguments) = default, "help";`. Each key may be set in every layer: in `rule`, in a route and in a named rule. To add
//! one, write its row here and use it where a request is judged; a new kind is a line in each of the macros `layer.rs` and
//! `config/keys/rule.rs` have for kinds.
//!
//! | kind | in a document | in a `Rule` |
//! |---|---|---|
//! | `word(T)` | one word of `T` | `T` |
//! | `choice(T)` | one word of `T` | `Option<T>` |
//! | `flag` | true or false | `bool` |
//! | `share` | a number from 0 to 1 | `Sampler` |
//! | `text(check)` | a text that passes the check of `config/texts.rs` | `Option<&str>` |
//! | `texts(check, most)` | a list of such texts | `&[String]` |
//! | `formats(of)` | a list of formats; the default is `formats.of` | `FormatSet` |
//! | `trust` | an object | `Option<&Trust>` |

/// Calls the macro `$rows` with all rows.
macro_rules! rule_keys {
    ($rows:ident) => {
        $rows! {
            inbound: word(InboundAction) = InboundAction::Join,
                "what happens to the ids of a trusted client (default: join)";
            upstream: word(UpstreamAction) = UpstreamAction::Send,
                "which trace headers go upstream (default: send)";
            inject: formats(inject),
                "the formats that are written upstream (default: formats.inject)";
            baggage_allow: texts(token, 64),
                "baggage keys that pass, in baggage and uberctx-*, from clients that are restarted or linked and with upstream: strip";
            keep_headers: texts(foreign, 64),
                "trace headers of other vendors (x-datadog-*, sentry-trace ...) that pass from clients that are restarted or linked and with upstream: strip (default: none)";
            missing: word(MissingAction) = MissingAction::Mint,
                "what happens to a request without usable ids (default: mint)";
            invalid: word(InvalidAction) = InvalidAction::Restart,
                "what happens to a request with an invalid trace header (default: restart)";
            conflict: word(ConflictAction) = ConflictAction::Prefer,
                "what happens when two formats of one system disagree (default: prefer)";
            require: formats(extract),
                "with missing: reject, the formats of which one is enough (default: any of formats.extract)";
            trust: trust,
                "how a client proves that its ids can be trusted; one condition is enough";
            untrusted: word(UntrustedAction) = UntrustedAction::Link,
                "with trust, what happens to a client that meets no condition (default: link)";
            record: flag = true,
                "whether a span is recorded (default: true)";
            record_preflight: flag = false,
                "whether a span is recorded of a browser's preflight: OPTIONS with origin and access-control-request-method (default: false)";
            sample: share = Sampler::Always,
                "which share of the traces that begin here is kept (default: 1)";
            project: text(filled),
                "the project of the span (default: the backend's)";
            genai: word(Genai) = Genai::Off,
                "what is read from the bodies of LLM calls (default: off)";
            genai_api: choice(ApiName),
                "which API the calls use, or of which provider (default: found by path and host)";
            genai_encoding: word(ResponseEncoding) = ResponseEncoding::Readable,
                "how the upstream may encode a response that is read: as the client offers without what cannot be read (br, zstd), not at all, or as the client offers (default: readable)";
            mcp_parent: word(McpParent) = McpParent::Headers,
                "where an MCP message names its parent: in the headers, or in its _meta, for which the request is held (default: headers)";
            expose: flag = false,
                "whether responses, errors included, carry the trace id (default: false)";
            tags: texts(filled, 50),
                "tags of the span";
        }
    };
}

pub(crate) use rule_keys;
