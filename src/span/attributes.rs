//! The attributes of a span, one row each, whatever the backend.

use alloc::string::ToString;
use core::fmt;

use super::texts::Piece;
use super::{EndKind, ErrorType, Span};
use crate::fault::Fault;
use crate::genai::{self, FinishReasons};
use crate::ids::{OpikId, OpikIds, OtelIds, SpanId, TraceId};
use crate::inbound::Conflict;
use crate::time::divided;
use crate::words::Word;

/// One attribute.
#[derive(Clone, Copy, Debug)]
pub struct Attribute<'s> {
    /// What it is called.
    pub key: AttributeKey<'s>,
    /// What it says.
    pub value: AttributeValue<'s>,
}

/// The name of an attribute.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttributeKey<'s> {
    /// One of the table's.
    Known(&'static Known),
    /// A recorded request header.
    RequestHeader(&'s str),
}

/// A name of the table.
#[derive(PartialEq, Eq, Debug)]
pub struct Known {
    /// The name.
    pub name: &'static str,
    /// The name as JSON has it in the middle of an object, between the quotes of two texts: `","name":"`.
    pub member: &'static str,
}

/// What an attribute says.
#[derive(Clone, Copy, Debug)]
pub enum AttributeValue<'s> {
    /// A text of the request, in UTF-8.
    Text(&'s [u8]),
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
    Conflict(Conflict),
    /// What failed.
    Error(ErrorType<'s>),
    /// A number, as JSON spells it.
    Decimal(&'s [u8]),
    /// A stretch of time in nanoseconds, to be told in seconds.
    Seconds(u64),
    /// Yes.
    True,
    /// The finish reasons of a call.
    FinishReasons(FinishReasons<'s>),
}

/// Every header that was refused, each fault once.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Faults<'s>(&'s [Fault]);

impl AttributeValue<'_> {
    /// Gives it as a text.
    pub(crate) fn text(self, take: &mut dyn FnMut(&[u8])) {
        match self {
            Self::Text(text) => take(text),
            Self::Trace(id) => take(&id.hex()),
            Self::Span(id) => take(&id.hex()),
            Self::Opik(id) => take(&id.dashed()),
            other => take(other.to_string().as_bytes()),
        }
    }
}

impl<'s> Faults<'s> {
    /// The faults.
    pub fn iter(self) -> impl Iterator<Item = Fault> + use<'s> {
        self.0.iter().copied()
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
    /// Tells every attribute that this span has.
    pub fn attributes(&self, tell: &mut dyn FnMut(Attribute<'_>)) {
        known(self, tell);
        for (index, name) in self.settings.headers.iter().enumerate() {
            if let Some(text) = self.open.texts.header(index) {
                tell(Attribute {
                    key: AttributeKey::RequestHeader(name),
                    value: AttributeValue::Text(text),
                });
            }
        }
    }
}

/// A table of keys and what they say, told one after the other: a list of functions to call is dearer than all they do.
macro_rules! attributes {
    ($span:ident: $($key:literal => $value:expr,)*) => {
        fn known($span: &Span<'_>, tell: &mut dyn FnMut(Attribute<'_>)) {
            $(if let Some(value) = $value {
                static KNOWN: Known = Known { name: $key, member: concat!("\",\"", $key, "\":\"") };
                tell(Attribute { key: AttributeKey::Known(&KNOWN), value });
            })*
        }
    };
}

// HTTP attributes by the OpenTelemetry conventions; our own under `gatespan.`.
attributes! { span:
    "http.request.method" => Some(word(span.open.texts.method().unwrap_or("_OTHER"))),
    "http.request.method_original" => unknown_method(span).map(AttributeValue::Text),
    "url.scheme" => span.open.texts.scheme().map(word),
    "url.path" => text(span, Piece::Path),
    "url.query" => text(span, Piece::Query),
    "server.address" => text(span, Piece::Host),
    "gatespan.route" => text(span, Piece::Route),
    "http.response.status_code" => span.end.status.map(|status| AttributeValue::Whole(status.into())),
    "rpc.grpc.status_code" => span.end.grpc_status.map(|status| AttributeValue::Whole(status.into())),
    "http.request.body.size" => span.end.request_bytes.map(AttributeValue::Whole),
    "http.response.body.size" => span.end.response_bytes.map(AttributeValue::Whole),
    "error.type" => span.error().filter(|_| !names_error(span)).map(AttributeValue::Error),
    "gatespan.decision" => Some(word(span.open.judgement.decision.word())),
    "gatespan.end" => Some(word(span.end.kind.word())),
    "gatespan.fault" => faults(span),
    "gatespan.conflict" => span.open.conflict.map(AttributeValue::Conflict),
    "gatespan.client.trace_id" => foreign_otel(span).map(|ids| AttributeValue::Trace(ids.trace)),
    "gatespan.client.span_id" => foreign_otel(span).map(|ids| AttributeValue::Span(ids.span)),
    "gatespan.tokens_per_second" => speed(span).map(AttributeValue::Whole),
    "gatespan.client.opik_trace_id" => foreign_opik(span).map(|ids| AttributeValue::Opik(ids.trace)),
    "gatespan.client.http_trace_id" => span.open.client.http.map(|ids| AttributeValue::Trace(ids.trace)),
    "gatespan.client.http_span_id" => span.open.client.http.map(|ids| AttributeValue::Span(ids.span)),
    "gatespan.client.opik_parent_span_id" => foreign_opik(span).and_then(|ids| ids.parent).map(AttributeValue::Opik),
}

/// An answer that came in less is one piece: that would be the speed of nothing.
const ONE_PIECE: u64 = 10_000_000;

/// How fast a streamed answer came that is all there, from its first token on.
fn speed(span: &Span<'_>) -> Option<u64> {
    let findings = span.findings()?;
    let nanos = span.ended().0.saturating_sub(findings.first_token()?.0);
    if nanos < ONE_PIECE || findings.status() != genai::Status::Reported {
        return None;
    }
    findings
        .output_tokens()?
        .saturating_mul(1_000_000_000)
        .checked_div(nanos)
}

/// Whether what the call says about itself names its error.
fn names_error(span: &Span<'_>) -> bool {
    span.findings()
        .is_some_and(|findings| findings.error().is_some())
}

const fn word(word: &str) -> AttributeValue<'_> {
    AttributeValue::Text(word.as_bytes())
}

fn text<'s>(span: &'s Span<'_>, piece: Piece) -> Option<AttributeValue<'s>> {
    span.open.texts.piece(piece).map(AttributeValue::Text)
}

fn unknown_method<'s>(span: &'s Span<'_>) -> Option<&'s [u8]> {
    let texts = &span.open.texts;
    texts
        .piece(Piece::Method)
        .filter(|_| texts.method().is_none())
}

fn faults<'s>(span: &'s Span<'_>) -> Option<AttributeValue<'s>> {
    let faults = span.open.faults.as_slice();
    (!faults.is_empty()).then_some(AttributeValue::Faults(Faults(faults)))
}

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

impl fmt::Display for AttributeKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(known) => f.write_str(known.name),
            Self::RequestHeader(name) => write!(f, "http.request.header.{name}"),
        }
    }
}

impl fmt::Display for AttributeValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut utf8 = |text: &[u8]| f.write_str(core::str::from_utf8(text).unwrap_or_default());
        match self {
            Self::Text(text) => utf8(text),
            Self::Whole(number) => write!(f, "{number}"),
            Self::Trace(id) => utf8(&id.hex()),
            Self::Span(id) => utf8(&id.hex()),
            Self::Opik(id) => utf8(&id.dashed()),
            Self::Faults(faults) => write!(f, "{faults}"),
            Self::Conflict(conflict) => write!(f, "{conflict}"),
            Self::Error(error) => write!(f, "{error}"),
            Self::Decimal(number) => utf8(number),
            Self::Seconds(nanos) => {
                let (seconds, rest) = divided(*nanos, 1_000_000_000);
                write!(f, "{seconds}.{rest:09}")
            }
            Self::True => f.write_str("true"),
            Self::FinishReasons(words) => {
                for (index, word) in words.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    f.write_str(core::str::from_utf8(word).unwrap_or_default())?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for ErrorType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End(kind) => f.write_str(EndKind::word(*kind)),
            Self::Said(name) => f.write_str(name),
            Self::Status(status) => write!(f, "{status}"),
            Self::Grpc(status) => write!(f, "{status}"),
        }
    }
}
