//! OTLP over HTTP, in protocol buffers and in JSON, and the same towards Opik.
//!
//! <https://opentelemetry.io/docs/specs/otlp/#otlphttp>. What a span says is gathered here; `protobuf` and `json` spell it.
//!
//! Opik would give the ids of OpenTelemetry to a hash of its own, and files what it does not know under the input of the
//! span: it is sent its own ids, and every other attribute as metadata. A span with Opik's ids makes no trace there, so the
//! row of a trace that is ours goes first, to its REST API. It reads the ids of OTLP's JSON as base64, so JSON is not sent.

mod json;
mod message;
mod protobuf;

use alloc::string::String;
use alloc::vec::Vec;

use super::{BackendApi, Endpoint, Frame, Meaning, Served, answer, as_configured, leave, opik};
use crate::backend::genai::{self, AttributeName};
use crate::backend::{BackendKind, Dialect, Encoding, Settings};
use crate::identity::OtelPlace;
use crate::identity::Systems;
use crate::secret::Secret;
use crate::span::{AttributeKey, AttributeValue, Span};

pub(super) const PROTOBUF: BackendApi = BackendApi {
    serves: Served {
        kind: BackendKind::Otlp,
        encoding: Some(Encoding::Protobuf),
        dialect: Some(Dialect::Latest),
    },
    receives: Systems {
        opik: false,
        otel: true,
    },
    calls: &[protobuf::CALL],
    base: as_configured,
    headers,
    project: None,
    frame: |service, backend| Frame {
        openings: [protobuf::opening(service, backend), Vec::new()],
        ..Frame::default()
    },
    encode: |span, _, bodies| protobuf::encode(span, Dialect::Latest, bodies.item(0)),
    meaning,
    missing: Some(protobuf::missing),
    doubt: |_| None,
};

pub(super) const JSON: BackendApi = BackendApi {
    serves: Served {
        kind: BackendKind::Otlp,
        encoding: Some(Encoding::Json),
        dialect: Some(Dialect::Latest),
    },
    calls: &[Endpoint {
        path: PATH,
        content_type: "application/json",
        between: b",",
        close: b"]}]}]}",
        seal: leave,
    }],
    frame: |service, backend| Frame {
        openings: [json::opening(service, backend), Vec::new()],
        ..Frame::default()
    },
    encode: |span, _, bodies| json::encode(span, bodies.item(0)),
    missing: Some(|answer, sent| {
        let rejected = answer::number(answer, b"\"rejectedSpans\"");
        rejected.unwrap_or_default().min(sent)
    }),
    ..PROTOBUF
};

pub(super) const OPIK: BackendApi = BackendApi {
    serves: Served {
        kind: BackendKind::Otlp,
        encoding: Some(Encoding::Protobuf),
        dialect: Some(Dialect::Opik),
    },
    receives: Systems {
        opik: true,
        otel: true,
    },
    calls: &[
        opik::ROWS,
        Endpoint {
            path: "/v1/private/otel/v1/traces",
            ..protobuf::CALL
        },
    ],
    base: |backend| {
        let url = backend.url.as_str();
        url.strip_suffix(OPIK_BASE).unwrap_or(url).into()
    },
    headers: |backend| {
        let mut headers = opik::headers(backend);
        headers.extend(backend.headers.iter().cloned());
        headers
    },
    project: Some(PROJECT_HEADER),
    frame: |service, backend| Frame {
        openings: [
            opik::ROWS_OPENING.into(),
            protobuf::opening(service, backend),
        ],
        ..Frame::default()
    },
    encode: |span, backend, bodies| {
        opik::row(span, backend, bodies);
        protobuf::encode(span, Dialect::Opik, bodies.item(1));
    },
    meaning: opik::meaning,
    missing: None,
    doubt: |_| None,
};

/// The header that names the project at Opik's receiver, which looks at no body for it.
pub(crate) const PROJECT_HEADER: &str = "projectname";
/// The path of a receiver.
const PATH: &str = "/v1/traces";
/// Where Opik has its own, behind the base of its API.
const OPIK_BASE: &str = "/v1/private/otel";

/// Whether a URL is that of Opik's receiver.
pub(crate) fn is_opik(url: &str) -> bool {
    url.strip_suffix(PATH).unwrap_or(url).ends_with(OPIK_BASE)
}

/// Whether a URL has the path of the call already.
pub(crate) fn has_path(url: &str) -> bool {
    url.ends_with(PATH)
}

fn headers(backend: &Settings) -> Vec<(String, Secret)> {
    let key = backend.api_key.iter();
    let bearer = key.map(|key| ("authorization".into(), key.after("Bearer ")));
    bearer.chain(backend.headers.iter().cloned()).collect()
}

/// Answers by their number, as the specification tells them apart: what it does not name must not be sent again. What is too
/// large or bad is sent in parts, which is not the same. Numbers above 520 come from a proxy that did not reach the receiver.
fn meaning(status: u16) -> Meaning {
    match status {
        200..=299 => Meaning::Stored,
        400 | 413 | 422 => Meaning::Split,
        429 => Meaning::Wait,
        502..=504 | 520..=599 => Meaning::Later,
        // Of this request alone, and there is no word of a next one.
        408 | 425 | 500..=519 => Meaning::Refused,
        _ => Meaning::Stop,
    }
}

/// An attribute as OTLP tells it: its name in two pieces, and what it says.
struct Told<'t> {
    name: [&'t str; 2],
    says: Says<'t>,
}

/// What an attribute of OTLP says.
enum Says<'t> {
    /// One value.
    One(AttributeValue<'t>),
    /// A list of texts that has one.
    ListOfOne(AttributeValue<'t>),
    /// A list of texts.
    List(&'t [String]),
}

/// Tells all attributes of a span.
fn attributes(span: &Span<'_>, dialect: Dialect, tell: &mut dyn FnMut(&Told<'_>)) {
    let names = Names::of(dialect);
    if dialect == Dialect::Opik {
        identify(span, tell);
    }
    span.attributes(&mut |attribute| {
        let says = match attribute.value {
            // A number of OTLP has a sign: one bit more, and a reader of JSON refuses the whole body.
            AttributeValue::Whole(number) => AttributeValue::Whole(number.min(i64::MAX as u64)),
            other => other,
        };
        tell(&match attribute.key {
            AttributeKey::Known(known) => Told {
                name: [names.known, known.name],
                says: Says::One(says),
            },
            AttributeKey::RequestHeader(name) => Told {
                name: [names.header, name],
                says: if names.headers_are_lists {
                    Says::ListOfOne(says)
                } else {
                    Says::One(says)
                },
            },
        });
    });
    if let Some(findings) = span.findings() {
        let found = &mut |name: AttributeName, value: AttributeValue<'_>| {
            tell(&Told {
                name: [name.prefix, name.rest],
                says: Says::One(value),
            });
        };
        match dialect {
            Dialect::Latest => genai::attributes(findings, span.started(), found),
            Dialect::Opik => genai::opik_attributes(findings, span.started(), found),
        }
    }
    if let Some(thread) = span.thread() {
        tell(&Told::of(
            names.thread,
            Says::One(AttributeValue::Text(thread)),
        ));
    }
    if !span.tags().is_empty() {
        tell(&Told::of(names.tags, Says::List(span.tags())));
    }
}

impl<'t> Told<'t> {
    const fn of(name: &'t str, says: Says<'t>) -> Self {
        Self {
            name: ["", name],
            says,
        }
    }
}

/// The ids by which Opik knows a span.
fn identify(span: &Span<'_>, tell: &mut dyn FnMut(&Told<'_>)) {
    let own = span.own();
    let Some(place) = own.opik else { return };
    let ids = [
        ("opik.trace_id", Some(place.trace)),
        ("opik.span_id", Some(own.id)),
        ("opik.parent_span_id", place.parent),
    ];
    for (name, id) in ids {
        if let Some(id) = id {
            tell(&Told::of(name, Says::One(AttributeValue::Opik(id))));
        }
    }
}

/// How a dialect names what the conventions of OpenTelemetry do not settle for all.
struct Names {
    /// What stands before an attribute of ours.
    known: &'static str,
    /// What stands before the name of a header.
    header: &'static str,
    headers_are_lists: bool,
    thread: &'static str,
    tags: &'static str,
}

impl Names {
    const fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Latest => Self {
                known: "",
                header: "http.request.header.",
                headers_are_lists: true,
                thread: "gen_ai.conversation.id",
                tags: "gatespan.tags",
            },
            Dialect::Opik => Self {
                known: "opik.metadata.",
                header: "opik.metadata.http.request.header.",
                headers_are_lists: false,
                thread: "thread_id",
                tags: "opik.tags",
            },
        }
    }
}

/// Flags of W3C, and what is known of the parent: whoever it is, it is not in this process.
fn flags(place: OtelPlace) -> u32 {
    let random = if place.random { FLAG_RANDOM } else { 0 };
    let remote = if place.parent.is_some() {
        PARENT_IS_REMOTE
    } else {
        0
    };
    FLAG_SAMPLED | random | PARENT_IS_KNOWN | remote
}

/// A span that is recorded is sampled.
const FLAG_SAMPLED: u32 = 0x1;
const FLAG_RANDOM: u32 = 0x2;
const PARENT_IS_KNOWN: u32 = 0x100;
const PARENT_IS_REMOTE: u32 = 0x200;

/// `SPAN_KIND_SERVER`: whatever the gateway forwards, it was asked first.
const KIND_SERVER: u64 = 2;
/// `STATUS_CODE_ERROR`. Any other status is left unset: what a caller did wrong is no error of a server.
const STATUS_ERROR: u64 = 2;

/// The name and version under which the spans are told.
const SCOPE: (&str, &str) = ("gatespan", env!("CARGO_PKG_VERSION"));
