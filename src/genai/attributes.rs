//! The attributes of an exchange, one row each, by the conventions of today and for Opik.

use core::hint::black_box;

use super::findings::Findings;
use super::key::{Count, Text};
use super::usage::Quantity;
use crate::time::Time;
use crate::words::Word;

/// The name of an attribute: the two parts, one behind the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Name {
    /// What it begins with, or nothing.
    pub prefix: &'static str,
    /// The rest of it.
    pub rest: &'static str,
}

/// What an attribute says.
#[derive(Clone, Copy, Debug)]
pub enum Value<'f> {
    /// A text, in UTF-8.
    Text(&'f [u8]),
    /// A count.
    Whole(u64),
    /// Any number, as JSON spells it.
    Decimal(&'f [u8]),
    /// A time between two moments, in nanoseconds; to be told in seconds.
    Seconds(u64),
    /// Yes.
    True,
    /// Several words.
    Words(Words<'f>),
}

/// The finish reasons of all choices.
#[derive(Clone, Copy, Debug)]
pub struct Words<'f>(&'f Findings);

impl<'f> Words<'f> {
    /// The words.
    pub fn iter(self) -> impl Iterator<Item = &'f [u8]> {
        self.0.finish_reasons()
    }
}

/// Whose names an attribute has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum For {
    /// Both the same.
    Both,
    /// The conventions alone.
    Conventions,
    /// Opik alone.
    Opik,
    /// Both, but Opik has no rule for it and would take it for input or output: it is told as metadata.
    OpiksMetadata,
    /// Both, but Opik only if it is the model that Opik has prices for.
    Priced,
}

/// What an attribute says, by where it comes from.
#[derive(Clone, Copy)]
enum Source {
    Operation,
    Provider,
    OpiksProvider,
    Text(Text),
    Decimal(Text),
    Quantity(Quantity),
    Stream,
    Tool,
    FinishReasons,
    FirstChunk,
    RpcStatus,
    Error,
    Status,
    OpiksUsage,
}

type Row = (&'static str, For, Source);

/// Every attribute. The model that answered comes last: of two models Opik takes the later one.
const ROWS: &[Row] = &[
    ("gen_ai.operation.name", For::Both, Source::Operation),
    ("gen_ai.provider.name", For::Conventions, Source::Provider),
    ("gen_ai.system", For::Opik, Source::OpiksProvider),
    (
        "gen_ai.request.model",
        For::Both,
        Source::Text(Text::RequestModel),
    ),
    ("gen_ai.request.stream", For::OpiksMetadata, Source::Stream),
    (
        "gen_ai.request.max_tokens",
        For::OpiksMetadata,
        Source::Quantity(Quantity::Counted(Count::MaxTokens)),
    ),
    (
        "gen_ai.request.temperature",
        For::Both,
        Source::Decimal(Text::Temperature),
    ),
    (
        "gen_ai.request.top_p",
        For::OpiksMetadata,
        Source::Decimal(Text::TopP),
    ),
    (
        "mcp.method.name",
        For::OpiksMetadata,
        Source::Text(Text::Method),
    ),
    ("gen_ai.tool.name", For::Both, Source::Tool),
    ("gen_ai.response.id", For::Both, Source::Text(Text::Id)),
    (
        "gen_ai.response.finish_reasons",
        For::Both,
        Source::FinishReasons,
    ),
    (
        "gen_ai.response.time_to_first_chunk",
        For::OpiksMetadata,
        Source::FirstChunk,
    ),
    (
        "rpc.response.status_code",
        For::OpiksMetadata,
        Source::RpcStatus,
    ),
    ("error.type", For::OpiksMetadata, Source::Error),
    (
        "gatespan.usage.cost",
        For::Conventions,
        Source::Decimal(Text::Cost),
    ),
    ("gen_ai.usage.cost", For::Opik, Source::Decimal(Text::Cost)),
    ("gatespan.usage.status", For::OpiksMetadata, Source::Status),
    (
        "gen_ai.usage.input_tokens",
        For::Conventions,
        Source::Quantity(Quantity::Input),
    ),
    (
        "gen_ai.usage.output_tokens",
        For::Conventions,
        Source::Quantity(Quantity::Output),
    ),
    (
        "gen_ai.usage.cache_read.input_tokens",
        For::Conventions,
        Source::Quantity(Quantity::Counted(Count::CacheRead)),
    ),
    (
        "gen_ai.usage.cache_creation.input_tokens",
        For::Conventions,
        Source::Quantity(Quantity::Counted(Count::CacheWrite)),
    ),
    (
        "gen_ai.usage.reasoning.output_tokens",
        For::Conventions,
        Source::Quantity(Quantity::Counted(Count::Reasoning)),
    ),
    ("gen_ai.usage.", For::Opik, Source::OpiksUsage),
    (
        "gen_ai.response.model",
        For::Priced,
        Source::Text(Text::Model),
    ),
];

impl Findings {
    /// Tells the attributes of OpenTelemetry's conventions. `started` is when the request came.
    pub fn attributes(&self, started: Time, tell: &mut dyn FnMut(Name, Value<'_>)) {
        self.tell(false, started, tell);
    }

    /// Tells the attributes that Opik's OTLP endpoint understands. No text stands under `gen_ai.usage.`: it would be
    /// refused, and the whole request with it.
    pub fn opik_attributes(&self, started: Time, tell: &mut dyn FnMut(Name, Value<'_>)) {
        self.tell(true, started, tell);
    }

    fn tell(&self, to_opik: bool, started: Time, tell: &mut dyn FnMut(Name, Value<'_>)) {
        // With the rows in view the compiler would write the loop out, row by row.
        for (rest, whose, source) in black_box(ROWS) {
            let prefix = match whose {
                For::Conventions if to_opik => continue,
                For::Opik if !to_opik => continue,
                For::Priced if to_opik && self.opik_model() != self.response_model() => continue,
                For::OpiksMetadata if to_opik => "opik.metadata.",
                // A span with anything by its own name is one of a model there, and this is one of a tool.
                For::Both if to_opik && self.is_protocol() => "opik.metadata.",
                _ => "",
            };
            if let Source::OpiksUsage = source {
                self.opik_usage(&mut |name, count| {
                    let name = Name {
                        prefix: rest,
                        rest: name,
                    };
                    tell(name, Value::Whole(count.unsigned_abs().into()));
                });
            } else if let Some(value) = self.value(*source, started) {
                tell(Name { prefix, rest }, value);
            }
        }
    }

    fn value(&self, source: Source, started: Time) -> Option<Value<'_>> {
        let text = match source {
            Source::Operation => self.operation().map(str::as_bytes),
            Source::Provider => Some(self.dialect.provider().as_bytes()),
            Source::OpiksProvider => Some(self.dialect.opik_provider().as_bytes()),
            Source::Text(text) => self.notes.text(text),
            Source::Tool => self.tool(),
            Source::RpcStatus => self.rpc_status(),
            Source::Error => self.error(),
            Source::Status if self.is_protocol() => None,
            Source::Status => Some(self.status().word().as_bytes()),
            Source::Decimal(text) => return self.notes.text(text).map(Value::Decimal),
            Source::Stream => return self.stream_requested().then_some(Value::True),
            Source::FinishReasons => {
                self.finish_reasons().next()?;
                return Some(Value::Words(Words(self)));
            }
            Source::FirstChunk => {
                let first = self.first_token()?;
                return Some(Value::Seconds(first.0.saturating_sub(started.0)));
            }
            Source::Quantity(quantity) => return self.quantity(quantity).map(Value::Whole),
            Source::OpiksUsage => None,
        };
        text.filter(|text| !text.is_empty()).map(Value::Text)
    }

    /// The code of an error of the protocol.
    fn rpc_status(&self) -> Option<&[u8]> {
        self.error()
            .filter(|_| self.is_protocol() && !self.is_tool_error())
    }
}
