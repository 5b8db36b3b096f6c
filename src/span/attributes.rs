//! The attributes of a span, one row each, whatever the backend.

use core::fmt;

use super::texts::Piece;
use super::{EndKind, ErrorType, Span};
use crate::arrival::Clash;
use crate::context::{OpikId, OpikIds, OtelIds, SpanId, TraceId};
use crate::fault::Fault;
use crate::words::Word;

/// One attribute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attribute<'s> {
    /// What it is called.
    pub key: Key<'s>,
    /// What it says.
    pub value: Value<'s>,
}

/// The name of an attribute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Key<'s> {
    /// One of the table's.
    Known(&'static str),
    /// A recorded request header.
    RequestHeader(&'s str),
}

/// What an attribute says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value<'s> {
    /// A text of the request.
    Text(&'s str),
    /// A count.
    Whole(u64),
    /// An OpenTelemetry trace id, as hex.
    Trace(TraceId),
    /// An OpenTelemetry span id, as hex.
    Span(SpanId),
    /// An Opik id, dashed.
    Opik(OpikId),
    /// What was refused.
    Faults(Faults<'s>),
    /// What disagreed.
    Clash(Clash),
    /// What failed.
    Error(ErrorType),
}

/// Every header that was refused, each fault once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Faults<'s>(&'s [Option<Fault>]);

impl<'s> Faults<'s> {
    /// The faults.
    pub fn iter(self) -> impl Iterator<Item = Fault> + use<'s> {
        self.0.iter().copied().flatten()
    }
}

impl fmt::Display for Faults<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.iter().enumerate() {
            write!(f, "{}{fault}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl Span<'_> {
    /// Every attribute that this span has.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'_>> {
        let known = ATTRIBUTES.iter().filter_map(|(key, value)| {
            Some(Attribute {
                key: Key::Known(key),
                value: value(self)?,
            })
        });
        let headers = self
            .plan
            .headers
            .iter()
            .enumerate()
            .filter_map(|(index, name)| {
                let value = Value::Text(self.open.texts.header(index)?);
                Some(Attribute {
                    key: Key::RequestHeader(name),
                    value,
                })
            });
        known.chain(headers)
    }
}

type Row = (&'static str, for<'s> fn(&'s Span<'_>) -> Option<Value<'s>>);

/// HTTP attributes by the OpenTelemetry conventions; our own under `gatespan.`.
static ATTRIBUTES: [Row; 19] = [
    ("http.request.method", |span| {
        let known = span.open.texts.known_method()?;
        Some(Value::Text(known.unwrap_or("_OTHER")))
    }),
    ("http.request.method_original", |span| {
        let texts = &span.open.texts;
        texts
            .piece(Piece::Method)
            .filter(|_| texts.known_method() == Some(None))
            .map(Value::Text)
    }),
    ("url.path", |span| {
        span.open.texts.piece(Piece::Path).map(Value::Text)
    }),
    ("url.query", |span| {
        span.open.texts.piece(Piece::Query).map(Value::Text)
    }),
    ("server.address", |span| {
        span.open.texts.piece(Piece::Host).map(Value::Text)
    }),
    ("gatespan.route", |span| {
        span.open.texts.piece(Piece::Route).map(Value::Text)
    }),
    ("http.response.status_code", |span| {
        span.end.status.map(|status| Value::Whole(status.into()))
    }),
    ("rpc.grpc.status_code", |span| {
        span.end
            .grpc_status
            .map(|status| Value::Whole(status.into()))
    }),
    ("http.request.body.size", |span| {
        span.end.request_bytes.map(Value::Whole)
    }),
    ("http.response.body.size", |span| {
        span.end.response_bytes.map(Value::Whole)
    }),
    ("error.type", |span| span.error().map(Value::Error)),
    ("gatespan.decision", |span| {
        Some(Value::Text(span.open.decision.word()))
    }),
    ("gatespan.end", |span| {
        Some(Value::Text(span.end.kind.word()))
    }),
    ("gatespan.fault", |span| {
        let faults = Faults(&span.open.faults);
        faults.iter().next().map(|_| Value::Faults(faults))
    }),
    ("gatespan.conflict", |span| {
        span.open.clash.map(Value::Clash)
    }),
    ("gatespan.client.trace_id", |span| {
        foreign_otel(span).map(|ids| Value::Trace(ids.trace))
    }),
    ("gatespan.client.span_id", |span| {
        foreign_otel(span).map(|ids| Value::Span(ids.span))
    }),
    ("gatespan.client.opik_trace_id", |span| {
        foreign_opik(span).map(|ids| Value::Opik(ids.trace))
    }),
    ("gatespan.client.opik_parent_span_id", |span| {
        foreign_opik(span)?.parent.map(Value::Opik)
    }),
];

/// The caller's OpenTelemetry ids, where our span stands in Opik or in a trace of its own (law 4).
fn foreign_otel(span: &Span<'_>) -> Option<OtelIds> {
    span.open
        .client
        .otel
        .filter(|_| span.open.own.opik.is_some() || span.open.client.linked)
}

/// The caller's Opik ids, where our span stands in OpenTelemetry or in a trace of its own.
fn foreign_opik(span: &Span<'_>) -> Option<OpikIds> {
    span.open
        .client
        .opik
        .filter(|_| span.open.own.otel.is_some() || span.open.client.linked)
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(key) => f.write_str(key),
            Self::RequestHeader(name) => write!(f, "http.request.header.{name}"),
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ascii = |text: &[u8]| f.write_str(core::str::from_utf8(text).unwrap_or_default());
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Whole(number) => write!(f, "{number}"),
            Self::Trace(id) => ascii(&id.hex()),
            Self::Span(id) => ascii(&id.hex()),
            Self::Opik(id) => ascii(&id.dashed()),
            Self::Faults(faults) => write!(f, "{faults}"),
            Self::Clash(clash) => write!(f, "{clash}"),
            Self::Error(error) => write!(f, "{error}"),
        }
    }
}

impl fmt::Display for ErrorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End(kind) => f.write_str(EndKind::word(*kind)),
            Self::Status(status) => write!(f, "{status}"),
            Self::Grpc(status) => write!(f, "{status}"),
        }
    }
}
