//! The attributes of an exchange, one row each, by two dialects of the conventions.

use super::findings::Findings;
use crate::context::Time;
use crate::words::Word;

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

/// Which names attributes have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Names {
    /// The conventions of today.
    Latest,
    /// What Opik's OTLP endpoint makes the best of: what it has no rule for goes under `opik.metadata.`, or it would be taken
    /// for input or output.
    Opik,
}

impl Findings {
    /// Tells the attributes of OpenTelemetry's conventions. `started` is when the request came.
    pub fn attributes(&self, started: Time, tell: &mut dyn FnMut(&'static str, Value<'_>)) {
        self.tell(Names::Latest, started, tell);
        let mut count = |name, count: Option<u64>| {
            if let Some(count) = count {
                tell(name, Value::Whole(count));
            }
        };
        count("gen_ai.usage.input_tokens", self.input_tokens());
        count("gen_ai.usage.output_tokens", self.output_tokens());
        count(
            "gen_ai.usage.cache_read.input_tokens",
            self.cache_read_tokens(),
        );
        count(
            "gen_ai.usage.cache_creation.input_tokens",
            self.cache_write_tokens(),
        );
        count(
            "gen_ai.usage.reasoning.output_tokens",
            self.reasoning_tokens(),
        );
        if let Some(model) = self.response_model() {
            tell("gen_ai.response.model", Value::Text(model));
        }
    }

    /// Tells the attributes that Opik's OTLP endpoint understands, the model that answered last: of two it takes the later.
    pub fn opik_attributes(&self, started: Time, tell: &mut dyn FnMut(&'static str, Value<'_>)) {
        self.tell(Names::Opik, started, tell);
        self.opik_counts(&mut |name, count| tell(name, Value::Whole(count.unsigned_abs().into())));
        if let Some(model) = self.response_model() {
            tell("gen_ai.response.model", Value::Text(model));
        }
    }

    /// The two words for the provider.
    fn provider(&self, names: Names) -> Option<Value<'_>> {
        let provider = match names {
            Names::Latest => self.dialect.provider(),
            Names::Opik => self.dialect.opik_provider(),
        };
        (!provider.is_empty()).then_some(word(provider))
    }

    fn waited(&self, started: Time) -> Option<Value<'_>> {
        let first = self.first_token()?;
        Some(Value::Seconds(first.0.saturating_sub(started.0)))
    }

    /// The code of an error of the protocol.
    fn rpc_status(&self) -> Option<&[u8]> {
        self.error()
            .filter(|_| self.is_protocol() && !self.is_tool_error())
    }
}

/// A table of names, by the conventions and for Opik, and what they say.
macro_rules! attributes {
    ($findings:ident, $names:ident, $started:ident: $($latest:literal | $opik:literal => $value:expr,)*) => {
        impl Findings {
            fn tell(
                &self,
                $names: Names,
                $started: Time,
                tell: &mut dyn FnMut(&'static str, Value<'_>),
            ) {
                let $findings = self;
                $(if let Some(value) = $value {
                    tell(if $names == Names::Latest { $latest } else { $opik }, value);
                })*
            }
        }
    };
}

attributes! { findings, names, started:
    "gen_ai.operation.name" | "gen_ai.operation.name" => findings.operation().map(word),
    "gen_ai.provider.name" | "gen_ai.system" => findings.provider(names),
    "gen_ai.request.model" | "gen_ai.request.model" => text(findings.request_model()),
    "gen_ai.request.stream" | "opik.metadata.gen_ai.request.stream" =>
        findings.stream_requested().then_some(Value::True),
    "gen_ai.request.max_tokens" | "opik.metadata.gen_ai.request.max_tokens" =>
        findings.max_tokens().map(Value::Whole),
    "gen_ai.request.temperature" | "gen_ai.request.temperature" =>
        findings.temperature().map(Value::Decimal),
    "gen_ai.request.top_p" | "opik.metadata.gen_ai.request.top_p" => findings.top_p().map(Value::Decimal),
    "mcp.method.name" | "opik.metadata.mcp.method.name" => text(findings.method()),
    "gen_ai.tool.name" | "gen_ai.tool.name" => text(findings.tool()),
    "gen_ai.response.id" | "gen_ai.response.id" => text(findings.response_id()),
    "gen_ai.response.finish_reasons" | "gen_ai.response.finish_reasons" => reasons(findings),
    "gen_ai.response.time_to_first_chunk" | "opik.metadata.gen_ai.response.time_to_first_chunk" =>
        findings.waited(started),
    "rpc.response.status_code" | "opik.metadata.rpc.response.status_code" => text(findings.rpc_status()),
    "error.type" | "opik.metadata.error.type" => text(findings.error()),
    "gatespan.usage.cost" | "gen_ai.usage.cost" => findings.cost().map(Value::Decimal),
    "gatespan.usage.status" | "opik.metadata.gatespan.usage.status" =>
        (!findings.is_protocol()).then_some(word(findings.status().word())),
}

const fn word(word: &str) -> Value<'_> {
    Value::Text(word.as_bytes())
}

fn text(text: Option<&[u8]>) -> Option<Value<'_>> {
    text.map(Value::Text)
}

fn reasons(findings: &Findings) -> Option<Value<'_>> {
    findings.finish_reasons().next()?;
    Some(Value::Words(Words(findings)))
}
