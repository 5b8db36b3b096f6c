//! The published propagators, over the carrier that their users have: the header map of the `http` crate.

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_zipkin::{B3Encoding, Propagator as B3};

use crate::said::{Context, Lines, Mark, Said, State};

/// A propagator of OpenTelemetry Rust.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Peer {
    /// `opentelemetry_sdk`, W3C.
    W3c,
    /// `opentelemetry-zipkin`, writing the single header; it reads both encodings.
    B3,
    /// `opentelemetry-zipkin`, writing the several headers; it reads both encodings.
    B3Multi,
    /// `opentelemetry-jaeger-propagator`.
    Jaeger,
}

impl Peer {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::W3c, Self::B3, Self::B3Multi, Self::Jaeger];

    /// The format that it writes, in gatespan's word.
    #[must_use]
    pub const fn format(self) -> &'static str {
        match self {
            Self::W3c => "w3c",
            Self::B3 => "b3",
            Self::B3Multi => "b3multi",
            Self::Jaeger => "jaeger",
        }
    }

    /// The formats that it reads, the one it writes first.
    #[must_use]
    pub const fn formats(self) -> &'static [&'static str] {
        match self {
            Self::W3c => &["w3c"],
            Self::B3 => &["b3", "b3multi"],
            Self::B3Multi => &["b3multi", "b3"],
            Self::Jaeger => &["jaeger"],
        }
    }

    /// The implementation.
    #[must_use]
    pub fn propagator(self) -> Box<dyn TextMapPropagator + Send + Sync> {
        match self {
            Self::W3c => Box::new(TraceContextPropagator::new()),
            Self::B3 => Box::new(B3::with_encoding(B3Encoding::SingleHeader)),
            Self::B3Multi => Box::new(B3::with_encoding(B3Encoding::MultipleHeader)),
            Self::Jaeger => Box::new(opentelemetry_jaeger_propagator::Propagator::new()),
        }
    }

    /// What it makes of the headers.
    #[must_use]
    pub fn reads(self, lines: &Lines) -> Said {
        let headers = header_map(lines);
        let context = self
            .propagator()
            .extract_with_context(&opentelemetry::Context::new(), &HeaderExtractor(&headers));
        let span = context.span();
        let found = span.span_context();
        if !found.is_valid() {
            return Said::Nothing;
        }
        let flags = found.trace_flags();
        let has = |flag: TraceFlags| flags & flag == flag;
        Said::Context(Context {
            trace: u128::from_be_bytes(found.trace_id().to_bytes()),
            span: u64::from_be_bytes(found.span_id().to_bytes()),
            state: State {
                sampled: flags.is_sampled(),
                mark: match (has(DEBUG), has(DEFERRED)) {
                    (true, _) => Mark::Debug,
                    (false, true) => Mark::Defer,
                    (false, false) => Mark::Plain,
                },
            },
            random: false,
            tracestate: found.trace_state().header(),
        })
    }

    /// What it writes.
    #[must_use]
    pub fn writes(self, context: Option<&Context>) -> Lines {
        let remote = context.map(|context| {
            let mark = match context.state.mark {
                Mark::Plain => TraceFlags::default(),
                Mark::Debug => DEBUG,
                Mark::Defer => DEFERRED,
            };
            let sampled = TraceFlags::default().with_sampled(context.state.sampled);
            let state = &context.tracestate;
            let members = state.split(',').filter(|one| !one.is_empty());
            let members = members.map(|one| one.split_once('=').expect("a member"));
            let span = SpanContext::new(
                TraceId::from(context.trace),
                SpanId::from(context.span),
                sampled | mark,
                true,
                TraceState::from_key_value(members).expect("a tracestate of level 1"),
            );
            opentelemetry::Context::new().with_remote_span_context(span)
        });
        let mut headers = HeaderMap::new();
        self.propagator().inject_context(
            &remote.unwrap_or_default(),
            &mut HeaderInjector(&mut headers),
        );
        let lines = headers.iter().map(|(name, value)| {
            let value = value.to_str().expect("the peers write ASCII");
            (name.as_str().into(), value.into())
        });
        lines.collect()
    }
}

/// The bits that the zipkin and jaeger propagators keep beside the sampled bit. They do not publish them.
const DEBUG: TraceFlags = TraceFlags::new(0x04);
const DEFERRED: TraceFlags = TraceFlags::new(0x02);

/// The headers as the `http` crate holds them: names in lower case, duplicates kept.
#[must_use]
pub fn header_map(lines: &Lines) -> HeaderMap {
    lines
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_bytes(name.as_bytes()).expect("a name of HTTP"),
                HeaderValue::from_bytes(value.as_bytes()).expect("a value of HTTP"),
            )
        })
        .collect()
}
