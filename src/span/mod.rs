//! The gateway's span. It is opened at admission and closed once. Backends read its attributes through one table.

mod attributes;
mod continuation;
mod end;
mod error;
mod name;
mod settings;
mod texts;

pub use attributes::{Attribute, AttributeKey, AttributeValue, Faults, Known};
pub use end::{End, EndKind};
pub use error::ErrorType;
pub use name::{NamePart, NameTemplate};
pub use settings::Settings;
pub(crate) use texts::RECORDED_HEADERS;
use texts::{Piece, Texts, is_thread};

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::fault::Fault;
use crate::genai::{Exchange, Findings, SESSION_HEADERS};
use crate::identity::OwnIds;
use crate::ids::{Dashed, OpikIds, OtelIds};
use crate::inbound::{Conflict, Inbound};
use crate::policy::{RuleIndex, Rules};
use crate::request::Judgement;
use crate::request::Request;
use crate::time::Time;

/// A span that has begun. `close` consumes it, so that it is recorded once.
#[derive(Clone, Debug)]
pub struct OpenSpan {
    own: OwnIds,
    dashed: Option<Dashed>,
    place: RuleIndex,
    judgement: Judgement,
    started: Time,
    client: Client,
    conflict: Option<Conflict>,
    faults: Vec<Fault>,
    texts: Texts,
    exchange: Option<Box<Exchange>>,
}

/// What the gateway knows when it opens a span.
pub(crate) struct Opening<'o, 'a> {
    pub(crate) own: OwnIds,
    pub(crate) place: RuleIndex,
    pub(crate) judgement: Judgement,
    /// What the client sent, as far as the span may contain it.
    pub(crate) inbound: &'o Inbound<'a>,
    /// Whether the client's ids are linked and not continued.
    pub(crate) linked: bool,
    /// The tracestate that goes upstream.
    pub(crate) state: &'o [u8],
    /// Whether the rule reads bodies.
    pub(crate) is_read: bool,
    pub(crate) now: Time,
}

/// The client's ids in both systems.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Client {
    /// In Opik.
    pub opik: Option<OpikIds>,
    /// In OpenTelemetry.
    pub otel: Option<OtelIds>,
    /// Whether our span is in another trace and links to them.
    pub linked: bool,
    /// The ids of the headers, if the message in the body has others: our span links to them too.
    pub http: Option<OtelIds>,
}

/// A span that has ended, with everything that a backend needs.
#[derive(Debug)]
pub struct Span<'g> {
    open: Box<OpenSpan>,
    end: End,
    ended: Time,
    findings: Option<Box<Findings>>,
    project: Option<&'g str>,
    tags: &'g [String],
    settings: &'g Settings,
    service: &'g str,
}

impl OpenSpan {
    pub(crate) fn begin(
        request: &Request<'_>,
        plan: &Settings,
        opening: &Opening<'_, '_>,
    ) -> Box<Self> {
        let Opening {
            own,
            place,
            judgement,
            inbound,
            linked,
            state,
            is_read,
            now,
        } = *opening;
        let thread = thread(request, plan, is_read);
        let mut faults = Vec::new();
        for (_, fault) in inbound.faults() {
            // One header can be invalid for several formats.
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
        Box::new(Self {
            own,
            dashed: own.opik.map(|place| {
                let (trace, span) = (place.trace.dashed(), own.id.dashed());
                Dashed { trace, span }
            }),
            place,
            judgement,
            started: now,
            client: Client {
                opik: inbound.opik,
                otel: inbound.otel,
                linked,
                http: None,
            },
            conflict: inbound.conflict,
            faults,
            texts: Texts::of(request, plan, thread, state),
            exchange: None,
        })
    }

    /// When the request arrived.
    #[must_use]
    pub const fn started(&self) -> Time {
        self.started
    }

    /// The ids, and the parent in each system.
    #[must_use]
    pub const fn own(&self) -> OwnIds {
        self.own
    }

    /// The ids in Opik's spelling, if the span is in Opik.
    pub(crate) const fn dashed(&self) -> Option<&Dashed> {
        self.dashed.as_ref()
    }

    /// Sets the ids of the headers, if the message in the body has others.
    pub(crate) const fn remember(&mut self, http: Option<OtelIds>) {
        self.client.http = http;
    }

    /// Reads the bodies from now on.
    pub(crate) fn read(&mut self, exchange: Box<Exchange>) {
        self.exchange = Some(exchange);
    }

    /// Whether the host must pass both bodies to it.
    #[must_use]
    pub const fn is_read(&self) -> bool {
        self.exchange.is_some()
    }

    /// Reads a chunk of the request's body.
    pub fn observe_request(&mut self, chunk: &[u8]) {
        if let Some(exchange) = &mut self.exchange {
            exchange.request_chunk(chunk);
        }
    }

    /// The names of the response headers that [`Self::observe_answer`] needs.
    pub fn wanted(&self) -> impl Iterator<Item = &'static str> + use<> {
        let exchange = self.exchange.as_deref();
        exchange.map(Exchange::wanted).into_iter().flatten()
    }

    /// Reads the status of the response and the values of the [wanted](Self::wanted) headers, in their order; empty if a header is
    /// absent.
    pub fn observe_answer(
        &mut self,
        status: u16,
        said: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) {
        if let Some(exchange) = &mut self.exchange {
            exchange.response_headers(status, said);
        }
    }

    /// Reads a chunk of the response's body.
    pub fn observe(&mut self, chunk: &[u8], now: Time) {
        if let Some(exchange) = &mut self.exchange {
            exchange.response_chunk(chunk, now);
        }
    }

    /// Ends the span.
    #[must_use]
    pub(crate) fn close<'g>(
        mut self: Box<Self>,
        rules: &'g Rules,
        settings: &'g Settings,
        service: &'g str,
        end: End,
        now: Time,
    ) -> Span<'g> {
        let exchange = self.exchange.take();
        let findings = exchange.map(|exchange| exchange.end(end.kind == EndKind::Complete));
        Span {
            project: rules.key(self.place, |layer| layer.project.as_deref()),
            tags: rules
                .key(self.place, |layer| layer.tags.as_deref())
                .unwrap_or_default(),
            settings,
            service,
            ended: now.max(self.started),
            end,
            findings: findings.map(Box::new),
            open: self,
        }
    }
}

impl Span<'_> {
    /// The ids, and the parent in each system.
    #[must_use]
    pub const fn own(&self) -> OwnIds {
        self.open.own
    }

    /// The ids in Opik's spelling, if the span is in Opik.
    pub(crate) const fn dashed(&self) -> Option<&Dashed> {
        self.open.dashed()
    }

    /// The client's ids.
    #[must_use]
    pub const fn client(&self) -> Client {
        self.open.client
    }

    /// Calls `tell` with each link: the client in another trace (law 15), and the ids of the headers if the message has others.
    #[inline(never)]
    pub fn links(&self, tell: &mut dyn FnMut(OtelIds)) {
        let client = &self.open.client;
        let of_opik = |ids: OpikIds| {
            Some(OtelIds {
                trace: ids.trace.as_trace(),
                span: ids.parent?.as_span(),
            })
        };
        if client.linked
            && let Some(caller) = client.otel.or_else(|| client.opik.and_then(of_opik))
        {
            tell(caller);
        }
        if let Some(http) = client.http {
            tell(http);
        }
    }

    /// The tracestate of the OpenTelemetry ids.
    #[must_use]
    pub fn state(&self) -> Option<&[u8]> {
        self.open.own.otel?;
        self.open.texts.piece(Piece::State)
    }

    /// When the request arrived.
    #[must_use]
    pub const fn started(&self) -> Time {
        self.open.started
    }

    /// When it ended, never before it started.
    #[must_use]
    pub const fn ended(&self) -> Time {
        self.ended
    }

    /// How it ended.
    #[must_use]
    pub const fn end(&self) -> End {
        self.end
    }

    /// The pieces of the name from the configured template, each of them UTF-8. If the template gives a blank name, it is the name of
    /// the gateway.
    #[inline]
    pub fn name(&self) -> impl Iterator<Item = &[u8]> {
        let filled = || self.settings.name.filled(&self.open.texts);
        let nameless = filled().all(is_blank).then_some(self.service.as_bytes());
        let count = if nameless.is_some() { 0 } else { usize::MAX };
        filled().take(count).chain(nameless)
    }

    /// Whether no text of the request and no part of the name needs escaping, in any notation.
    pub(crate) const fn is_plain(&self) -> bool {
        self.settings.is_plain && self.open.texts.are_plain()
    }

    /// The name of this gateway.
    #[must_use]
    pub const fn service(&self) -> &str {
        self.service
    }

    /// The project of the rule; none means the project of the backend.
    #[must_use]
    pub const fn project(&self) -> Option<&str> {
        self.project
    }

    /// The tags of the rule.
    #[must_use]
    pub const fn tags(&self) -> &[String] {
        self.tags
    }

    /// The conversation thread of the client: letters and digits.
    #[must_use]
    pub fn thread(&self) -> Option<&[u8]> {
        self.open.texts.piece(Piece::Thread)
    }

    /// What was found in the bodies of an LLM or tool call.
    #[must_use]
    pub fn findings(&self) -> Option<&Findings> {
        self.findings.as_deref()
    }

    /// The failure in one word. A client's mistake is not a failure.
    #[must_use]
    #[inline]
    pub fn error(&self) -> Option<ErrorType<'_>> {
        let said = self.findings().and_then(Findings::error);
        match (self.end.kind, self.end.status, self.end.grpc_status) {
            (EndKind::UpstreamReset | EndKind::UpstreamUnavailable | EndKind::Timeout, ..) => {
                Some(ErrorType::End(self.end.kind))
            }
            (EndKind::ClientTimeout, ..) => None,
            // Also with an HTTP status of success. A 4xx is a client's mistake.
            (_, Some(..400 | 500..), _) if said.is_some() => Some(ErrorType::Said(
                core::str::from_utf8(said.unwrap_or_default()).unwrap_or_default(),
            )),
            (_, Some(status @ 500..), _) => Some(ErrorType::Status(status)),
            // unknown, deadline exceeded, unimplemented, internal, unavailable, data loss
            (_, _, Some(status @ (2 | 4 | 12 | 13 | 14 | 15))) => Some(ErrorType::Grpc(status)),
            _ => None,
        }
    }
}

/// The thread of the client: from the configured header, or, if bodies are read, from a header that agents use.
fn thread<'a>(request: &Request<'a>, plan: &Settings, is_read: bool) -> Option<&'a [u8]> {
    let usual: &[&str] = if is_read { &SESSION_HEADERS } else { &[] };
    let names = plan
        .thread
        .iter()
        .map(String::as_str)
        .chain(usual.iter().copied());
    let mut values = names.filter_map(|name| request.headers.first(name.as_bytes()));
    values.find(|value| is_thread(value))
}

fn is_blank(text: &[u8]) -> bool {
    let is_white = |text: &str| text.chars().all(char::is_whitespace);
    !text.iter().any(u8::is_ascii_graphic) && core::str::from_utf8(text).is_ok_and(is_white)
}
