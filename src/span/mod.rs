//! The gateway's own span: opened at admission, closed once, and read by the backends through one table of attributes.

mod attributes;
mod continuation;
mod name;
mod settings;
mod texts;

pub use attributes::{Attribute, AttributeKey, AttributeValue, Faults, Known};
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
use crate::words::words;

/// A span that has begun. Closing it consumes it, so it is recorded once.
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

/// What the gate knows when it opens a span.
pub(crate) struct Opening<'o, 'a> {
    pub(crate) own: OwnIds,
    pub(crate) place: RuleIndex,
    pub(crate) judgement: Judgement,
    /// What the caller sent, as far as it may be remembered.
    pub(crate) inbound: &'o Inbound<'a>,
    /// The caller's ids are not continued but remembered.
    pub(crate) linked: bool,
    /// The tracestate that goes upstream.
    pub(crate) state: &'o [u8],
    /// Whether bodies are read by the rule.
    pub(crate) is_read: bool,
    pub(crate) now: Time,
}

/// The caller's own ids, in both systems.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Client {
    /// In Opik.
    pub opik: Option<OpikIds>,
    /// In OpenTelemetry.
    pub otel: Option<OtelIds>,
    /// Whether our span is in another trace and links to them.
    pub linked: bool,
    /// Those of the headers, where the message in the body has named others: our span links to them too.
    pub http: Option<OtelIds>,
}

/// How a request ended, as the host saw it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct End {
    /// The HTTP status that the caller saw.
    pub status: Option<u16>,
    /// The gRPC status, for gRPC calls alone.
    pub grpc_status: Option<u32>,
    /// What ended it.
    pub kind: EndKind,
    /// Bytes of the request's body.
    pub request_bytes: Option<u64>,
    /// Bytes of the response's body.
    pub response_bytes: Option<u64>,
}

impl End {
    /// The end of a request with this HTTP status; 0 if the client got none. The other fields are empty; a host sets those that it knows.
    ///
    /// ```
    /// use gatespan::{End, EndKind};
    ///
    /// let end = End {
    ///     response_bytes: Some(512),
    ///     ..End::new(EndKind::Complete, 200)
    /// };
    /// assert_eq!(end.status, Some(200));
    /// ```
    #[must_use]
    pub const fn new(kind: EndKind, status: u16) -> Self {
        Self {
            status: if status == 0 { None } else { Some(status) },
            grpc_status: None,
            kind,
            request_bytes: None,
            response_bytes: None,
        }
    }
}

words! {
    /// What ended a request. A status of 200 does not mean that the answer arrived whole.
    EndKind {
        /// The answer was sent to its end.
        Complete = "complete",
        /// The caller left.
        DownstreamReset = "downstream_reset",
        /// The upstream broke off.
        UpstreamReset = "upstream_reset",
        /// The upstream could not be reached.
        UpstreamUnavailable = "upstream_unavailable",
        /// The upstream took too long.
        Timeout = "timeout",
        /// The client took too long to send its request. Its word is the same, and it is no error.
        ClientTimeout = "timeout",
        /// The host sends the request elsewhere itself: its second pass has a span of its own, below this one.
        Redirected = "redirected",
        /// The gateway answered itself.
        LocalReply = "local_reply",
        /// The gateway knows no route for the request.
        NoRoute = "no_route",
        /// The request was malformed.
        Malformed = "malformed",
    }
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
            // One header spoils every format of its family.
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

    /// When the request came.
    #[must_use]
    pub const fn started(&self) -> Time {
        self.started
    }

    /// The ids, and where the span hangs in each system.
    #[must_use]
    pub const fn own(&self) -> OwnIds {
        self.own
    }

    /// Its ids as Opik spells them, if it is in Opik.
    pub(crate) const fn dashed(&self) -> Option<&Dashed> {
        self.dashed.as_ref()
    }

    /// The headers have these other ids than the message in the body.
    pub(crate) const fn remember(&mut self, http: Option<OtelIds>) {
        self.client.http = http;
    }

    /// From now on it reads the bodies.
    pub(crate) fn read(&mut self, exchange: Box<Exchange>) {
        self.exchange = Some(exchange);
    }

    /// Whether the bodies of this request are to be shown to it, both of them.
    #[must_use]
    pub const fn is_read(&self) -> bool {
        self.exchange.is_some()
    }

    /// A piece of the request's body passes.
    pub fn observe_request(&mut self, chunk: &[u8]) {
        if let Some(exchange) = &mut self.exchange {
            exchange.request_chunk(chunk);
        }
    }

    /// The names of the answer's headers that [`Self::observe_answer`] wants to know.
    pub fn wanted(&self) -> impl Iterator<Item = &'static str> + use<> {
        let exchange = self.exchange.as_deref();
        exchange.map(Exchange::wanted).into_iter().flatten()
    }

    /// The answer begins: its status, and what its headers say that are wanted, in their order; nothing where one is not
    /// there.
    pub fn observe_answer(
        &mut self,
        status: u16,
        said: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) {
        if let Some(exchange) = &mut self.exchange {
            exchange.response_headers(status, said);
        }
    }

    /// A piece of the answer's body passes.
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
    /// The ids, and where the span hangs in each system.
    #[must_use]
    pub const fn own(&self) -> OwnIds {
        self.open.own
    }

    /// Its ids as Opik spells them, if it is in Opik.
    pub(crate) const fn dashed(&self) -> Option<&Dashed> {
        self.open.dashed()
    }

    /// The caller's own ids.
    #[must_use]
    pub const fn client(&self) -> Client {
        self.open.client
    }

    /// Tells whom our span remembers: the caller in another trace (law 15), and the headers' own ids beside those of a message.
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

    /// The tracestate that goes with the ids of OpenTelemetry.
    #[must_use]
    pub fn state(&self) -> Option<&[u8]> {
        self.open.own.otel?;
        self.open.texts.piece(Piece::State)
    }

    /// When the request came.
    #[must_use]
    pub const fn started(&self) -> Time {
        self.open.started
    }

    /// When it ended, never before it came.
    #[must_use]
    pub const fn ended(&self) -> Time {
        self.ended
    }

    /// How it ended.
    #[must_use]
    pub const fn end(&self) -> End {
        self.end
    }

    /// The pieces of the name, made by the configured template, each of them UTF-8. A template may leave nothing of a
    /// request, and nobody finds a span without a name: then it is that of the gateway.
    #[inline]
    pub fn name(&self) -> impl Iterator<Item = &[u8]> {
        let filled = || self.settings.name.filled(&self.open.texts);
        let nameless = filled().all(is_blank).then_some(self.service.as_bytes());
        let count = if nameless.is_some() { 0 } else { usize::MAX };
        filled().take(count).chain(nameless)
    }

    /// Whether no text of the request, and nothing in its name, needs escaping in any notation.
    pub(crate) const fn is_plain(&self) -> bool {
        self.settings.is_plain && self.open.texts.are_plain()
    }

    /// The name of this gateway.
    #[must_use]
    pub const fn service(&self) -> &str {
        self.service
    }

    /// The project that the rule names; the backend's own otherwise.
    #[must_use]
    pub const fn project(&self) -> Option<&str> {
        self.project
    }

    /// The tags that the rule puts on it.
    #[must_use]
    pub const fn tags(&self) -> &[String] {
        self.tags
    }

    /// The thread of conversation that the caller named, in letters and digits.
    #[must_use]
    pub fn thread(&self) -> Option<&[u8]> {
        self.open.texts.piece(Piece::Thread)
    }

    /// What the call of a model, or of a tool, said about itself.
    #[must_use]
    pub fn findings(&self) -> Option<&Findings> {
        self.findings.as_deref()
    }

    /// What went wrong, in one word: a failure of the gateway's side, never the caller's own mistake.
    #[must_use]
    #[inline]
    pub fn error(&self) -> Option<ErrorType<'_>> {
        let said = self.findings().and_then(Findings::error);
        match (self.end.kind, self.end.status, self.end.grpc_status) {
            (EndKind::UpstreamReset | EndKind::UpstreamUnavailable | EndKind::Timeout, ..) => {
                Some(ErrorType::End(self.end.kind))
            }
            (EndKind::ClientTimeout, ..) => None,
            // Also where the status of HTTP says that all is well. What it blames the caller for is no failure.
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

/// The thread that the caller names: in the configured header, or, where bodies are read, in one that agents use.
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

impl ErrorType<'_> {
    /// The failure in a sentence, for backends that want one.
    #[must_use]
    pub fn sentence(&self) -> impl core::fmt::Display {
        Sentence(*self)
    }
}

struct Sentence<'s>(ErrorType<'s>);

impl core::fmt::Display for Sentence<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self.0 {
            ErrorType::End(EndKind::UpstreamReset) => f.write_str("upstream broke off"),
            ErrorType::End(EndKind::UpstreamUnavailable) => f.write_str("upstream unavailable"),
            ErrorType::End(EndKind::Timeout) => f.write_str("upstream took too long"),
            ErrorType::End(kind) => f.write_str(crate::words::Word::word(kind)),
            ErrorType::Said(name) => write!(f, "answered with the error {name}"),
            ErrorType::Status(status) => write!(f, "answered {status}"),
            ErrorType::Grpc(status) => write!(f, "answered gRPC status {status}"),
        }
    }
}

/// A failure, in one word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorType<'s> {
    /// The name that the answer gives it.
    Said(&'s str),
    /// The way it ended.
    End(EndKind),
    /// The HTTP status.
    Status(u16),
    /// The gRPC status.
    Grpc(u32),
}
