//! How a call of a model or a tool is spelt in attributes: by OpenTelemetry's conventions, and as Opik's OTLP endpoint wants it.

use core::hint::black_box;

use super::opik_usage::{opik_model, opik_provider, opik_usage};
use crate::genai::{Count, Findings, FinishReasons, Quantity, Text};
use crate::span::AttributeValue;
use crate::time::Time;
use crate::words::Word;

/// The name of an attribute: the two parts, one behind the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AttributeName {
    /// What it begins with, or nothing.
    pub prefix: &'static str,
    /// The rest of it.
    pub rest: &'static str,
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

/// Passes the attributes of OpenTelemetry's conventions. `started` is when the request began.
pub fn attributes<'f>(
    findings: &'f Findings,
    started: Time,
    tell: &mut dyn FnMut(AttributeName, AttributeValue<'f>),
) {
    pass(findings, false, started, tell);
}

/// Passes the attributes that Opik's OTLP endpoint understands. It refuses a whole request that has a text under `gen_ai.usage.`.
pub fn opik_attributes<'f>(
    findings: &'f Findings,
    started: Time,
    tell: &mut dyn FnMut(AttributeName, AttributeValue<'f>),
) {
    pass(findings, true, started, tell);
}

fn pass<'f>(
    findings: &'f Findings,
    to_opik: bool,
    started: Time,
    tell: &mut dyn FnMut(AttributeName, AttributeValue<'f>),
) {
    // Without `black_box` the compiler writes out the loop, row by row.
    for (rest, whose, source) in black_box(ROWS) {
        let prefix = match whose {
            For::Conventions if to_opik => continue,
            For::Opik if !to_opik => continue,
            For::Priced if to_opik && opik_model(findings) != findings.response_model() => continue,
            For::OpiksMetadata if to_opik => "opik.metadata.",
            // Opik takes any span with a name of these for a call of a model, and this is one of a tool.
            For::Both if to_opik && findings.is_protocol() => "opik.metadata.",
            _ => "",
        };
        if let Source::OpiksUsage = source {
            opik_usage(findings, &mut |name, count| {
                let name = AttributeName {
                    prefix: rest,
                    rest: name,
                };
                tell(name, AttributeValue::Whole(count.unsigned_abs().into()));
            });
        } else if let Some(value) = value(findings, *source, started) {
            tell(AttributeName { prefix, rest }, value);
        }
    }
}

fn value(findings: &Findings, source: Source, started: Time) -> Option<AttributeValue<'_>> {
    let text = match source {
        Source::Operation => findings.operation().map(str::as_bytes),
        Source::Provider => Some(findings.dialect().provider().as_bytes()),
        Source::OpiksProvider => Some(opik_provider(findings.dialect()).as_bytes()),
        Source::Text(text) => findings.text(text),
        Source::Tool => findings.tool(),
        Source::RpcStatus => rpc_status(findings),
        Source::Error => findings.error(),
        Source::Status if findings.is_protocol() => None,
        Source::Status => Some(findings.status().word().as_bytes()),
        Source::Decimal(text) => return findings.text(text).map(AttributeValue::Decimal),
        Source::Stream => return findings.stream_requested().then_some(AttributeValue::True),
        Source::FinishReasons => {
            return FinishReasons::of(findings).map(AttributeValue::FinishReasons);
        }
        Source::FirstChunk => {
            let first = findings.first_token()?;
            return Some(AttributeValue::Seconds(first.0.saturating_sub(started.0)));
        }
        Source::Quantity(quantity) => {
            return findings.quantity(quantity).map(AttributeValue::Whole);
        }
        Source::OpiksUsage => None,
    };
    text.filter(|text| !text.is_empty())
        .map(AttributeValue::Text)
}

/// The code of an error of the protocol.
fn rpc_status(findings: &Findings) -> Option<&[u8]> {
    findings
        .error()
        .filter(|_| findings.is_protocol() && !findings.is_tool_error())
}
