//! One HTTP stream: admitted when its headers come, closed when it ends.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;

use gatespan::genai::Exchange;
use gatespan::policy::Reason;
use gatespan::{
    Admission, Continuation, Edit, Edits, EndKind, Headers, OpenSpan, Pair, Peer, Request,
};

use crate::callbacks::Flow;
use crate::ending::{self, Passed};
use crate::host::{self, Body, Map};
use crate::root::Worker;
use crate::rpc::Call;
use crate::{redirect, rejection};

/// A stream and what is remembered of it.
pub(crate) struct Stream {
    pub(crate) worker: Rc<Worker>,
    span: Option<Box<OpenSpan>>,
    /// What reads its body before it is decided, because the message may name its parent.
    pub(crate) held: Option<Box<Exchange>>,
    exposed: Option<String>,
    /// What the next stream of this request continues, if Envoy redirects it.
    continuation: Option<Box<Continuation>>,
    /// Whether this may be such a stream.
    is_again: bool,
    /// Whether the core was asked, which is done once: the span of before would be forgotten, and a refused request changed.
    is_decided: bool,
    pub(crate) is_refused: bool,
    /// A gRPC call whose status is wanted, or that was refused.
    call: Option<Call>,
    /// Whether the request went by to its end.
    is_requested: bool,
    pub(crate) request_bytes: u64,
    response_bytes: u64,
    /// Whether the response has begun.
    is_responded: bool,
    /// Whether the answer went by to its end.
    is_answered: bool,
}

/// When the core is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The headers are there, and a body will be: it may have to be looked at first.
    Headers,
    /// Now is the time to change the request, or to answer it.
    Now,
    /// It is too late for that, and what happened is recorded alone: Envoy does not survive an answer to a request that has
    /// ended.
    Over,
}

impl Stream {
    pub(crate) const fn new(worker: Rc<Worker>) -> Self {
        Self {
            worker,
            span: None,
            held: None,
            exposed: None,
            continuation: None,
            is_again: false,
            is_decided: false,
            is_refused: false,
            call: None,
            is_requested: false,
            request_bytes: 0,
            response_bytes: 0,
            is_responded: false,
            is_answered: false,
        }
    }

    /// The headers are there: asks the core, and does what it says.
    pub(crate) fn begin(&mut self, ends: bool) -> Flow {
        #[cfg(feature = "trap-hook")]
        if host::header(Map::Request, "x-gatespan-trap").is_some() {
            std::process::abort();
        }
        self.is_requested |= ends;
        if !self.is_decided && self.held.is_none() {
            self.ask(if ends { Moment::Now } else { Moment::Headers });
        }
        if self.is_refused || self.held.is_some() {
            Flow::Pause
        } else {
            Flow::Continue
        }
    }

    pub(crate) fn ask(&mut self, moment: Moment) {
        let map = host::headers(Map::Request).unwrap_or_default();
        let pairs = host::pairs(&map, &self.worker.sieve);
        let target = Target::of(&pairs);
        self.is_again |= self.worker.has_left.take() || target.is_redirected;
        let facts = Facts::of(&self.worker, self.is_again);
        let names = facts
            .names
            .each_ref()
            .map(|name| name.as_deref().unwrap_or_default());
        let request = Request {
            method: target.method,
            scheme: target.scheme,
            path: target.path,
            host: target.host,
            headers: Headers::new(&pairs),
            peer: Peer {
                address: facts.address,
                names: &names,
                is_verified: facts.is_verified,
            },
            route: facts.route.as_deref(),
            rule: facts.rule.as_deref(),
            continues: facts.continues.as_deref(),
        };
        self.decide(&request, moment);
    }

    fn decide(&mut self, request: &Request<'_>, moment: Moment) {
        let worker = Rc::clone(&self.worker);
        if moment == Moment::Headers && worker.gate.config().reads_ahead() && self.hold(request) {
            return;
        }
        self.is_decided = true;
        let is_open = moment != Moment::Over;
        let read = self.held.take();
        match worker.admit(request, read) {
            Admission::Reject(_) if !is_open => {}
            Admission::Reject(rejection) => {
                if rejection.reason() == Reason::Config {
                    worker.miss(request.rule.unwrap_or_default());
                }
                worker.stats.borrow_mut().tally.rejected(rejection.reason());
                let rpc = request.rpc();
                self.call = rpc.map(Call::new);
                rejection::refuse(rejection, rpc);
                self.is_refused = true;
            }
            Admission::Pass(pass) => {
                if is_open {
                    apply(&pass.edits);
                }
                worker.stats.borrow_mut().tally.passed(&pass);
                if pass.span.is_some() {
                    self.call = request.rpc().map(Call::new);
                    worker.outbox.borrow_mut().open();
                }
                self.span = pass.span;
                self.exposed = pass.exposed;
                self.continuation = pass.continuation;
            }
        }
    }

    /// Ends the span, once. Over HTTP/3 Envoy logs when the caller has acknowledged the answer, and by then this stream is
    /// gone: so it is called when the stream is done as well.
    pub(crate) fn close(&mut self) {
        if let Some(continuation) = self.finish() {
            redirect::leave(&self.worker, &continuation);
        }
    }

    /// Ends the span, once, and returns what the next stream of this request continues if Envoy redirects it.
    pub(crate) fn finish(&mut self) -> Option<Continuation> {
        let continuation = self.continuation.take();
        let Some(span) = self.span.take() else {
            // No response to a redirected request passes this filter, so Envoy is asked about no other request.
            return continuation
                .filter(|_| !self.is_responded && ending::is_redirected())
                .map(|continuation| *continuation);
        };
        let passed = Passed {
            grpc_status: self.call.take().and_then(Call::end),
            is_requested: self.is_requested,
            request_bytes: self.request_bytes,
            response_bytes: self.response_bytes,
            is_answered: self.is_answered,
        };
        let end = ending::of_stream(&passed);
        let continuation = (end.kind == EndKind::Redirected).then(|| span.continuation());
        self.worker.close(span, end);
        continuation
    }

    /// A piece of the request's body is there, or nothing but its end.
    pub(crate) fn request_body(&mut self, size: usize, ends: bool) -> Flow {
        self.request_bytes += size as u64;
        self.is_requested |= ends;
        if let Some(exchange) = &mut self.held {
            host::pieces(Body::Request, size, |piece| exchange.request_chunk(piece));
            if !ends && exchange.awaits_parent() {
                return Flow::Hold;
            }
            self.ask(Moment::Now);
            if self.is_refused {
                return Flow::Pause;
            }
        } else if let Some(span) = self.read() {
            host::pieces(Body::Request, size, |piece| span.observe_request(piece));
        }
        Flow::Continue
    }

    /// A piece of the answer's body passes, or nothing but its end.
    pub(crate) fn response_body(&mut self, size: usize, ends: bool) {
        self.response_bytes += size as u64;
        self.is_answered |= ends;
        if let Some(call) = &mut self.call {
            call.chunk(size);
        }
        if let Some(span) = self.read().filter(|_| size > 0) {
            let now = host::now();
            host::pieces(Body::Response, size, |piece| span.observe(piece, now));
        }
    }

    /// The response ends with trailers.
    pub(crate) fn trailers(&mut self) {
        if let Some(call) = &mut self.call {
            call.trailers();
        }
        self.response_body(0, true);
    }

    /// The span, if the bodies are to be shown to it.
    fn read(&mut self) -> Option<&mut OpenSpan> {
        self.span.as_deref_mut().filter(|span| span.is_read())
    }

    /// The answer begins: shows it to the span, and puts the trace id on it, whoever made it.
    pub(crate) fn answer(&mut self, ends: bool) {
        self.is_responded = true;
        self.is_answered |= ends;
        match &mut self.call {
            Some(call) if self.is_refused => rejection::name(call.rpc),
            Some(call) => call.headers(ends),
            None => {}
        }
        if let Some(span) = self.read() {
            let said = |name| host::header(Map::Response, name).unwrap_or_default();
            let status = core::str::from_utf8(&said(":status")).map(str::parse);
            let status = status.ok().and_then(Result::ok).unwrap_or_default();
            span.observe_answer(status, span.wanted().map(said));
        }
        if let Some(trace) = &self.exposed {
            // Response headers that cannot be set are Envoy's to complain about; the answer goes on.
            let _ = host::set_header(
                Map::Response,
                &self.worker.gate.config().response_header,
                trace.as_bytes(),
            );
        }
    }

    /// The stream is over. A request that is still held was never logged: it is recorded now, and no tick lets it go on.
    pub(crate) fn end(&mut self) {
        if self.held.is_some() {
            self.log();
        } else {
            self.close();
        }
    }

    pub(crate) fn log(&mut self) {
        if !self.is_decided {
            // It was no HTTP, or a filter before ours has answered: nothing was decided yet, and of the answer nothing went by.
            self.ask(Moment::Over);
            self.is_answered = true;
        }
        self.close();
    }
}

/// What a request is for, which Envoy hands over as headers whose names begin with a colon.
#[derive(Default)]
pub(crate) struct Target<'a> {
    method: &'a [u8],
    scheme: &'a [u8],
    path: &'a [u8],
    host: &'a [u8],
    /// Whether Envoy, or a client, says that this is the second pass of a request.
    is_redirected: bool,
}

impl<'a> Target<'a> {
    /// The names.
    pub(crate) const NAMES: [&'static str; 5] = [
        ":method",
        ":scheme",
        ":path",
        ":authority",
        redirect::ORIGINAL_URL,
    ];

    fn of(pairs: &[Pair<'a>]) -> Self {
        let mut target = Self::default();
        for (name, value) in pairs {
            match *name {
                b":method" => target.method = value,
                b":scheme" => target.scheme = value,
                b":path" => target.path = value,
                b":authority" => target.host = value,
                name => target.is_redirected |= name == redirect::ORIGINAL_URL.as_bytes(),
            }
        }
        target
    }
}

/// What the rules want to know besides the headers; asked of the host only if they do.
#[derive(Default)]
struct Facts {
    address: Option<IpAddr>,
    names: [Option<Vec<u8>>; 2],
    is_verified: bool,
    route: Option<Vec<u8>>,
    rule: Option<Vec<u8>>,
    continues: Option<Box<Continuation>>,
}

impl Facts {
    fn of(worker: &Worker, is_again: bool) -> Self {
        let needs = worker.needs;
        let asked = |needed: bool, path: &str| if needed { host::property(path) } else { None };
        // Envoy shows the first name of each kind.
        let names = [
            asked(needs.names, "connection\0uri_san_peer_certificate"),
            asked(needs.names, "connection\0dns_san_peer_certificate"),
        ];
        let is_named = names.iter().any(Option::is_some);
        Self {
            address: asked(needs.address, "source\0address").and_then(|text| address(&text)),
            is_verified: needs.verified && is_named && is_verified(worker),
            names,
            route: asked(needs.route, "xds\0route_name"),
            // Asked always: a route may name a rule that the configuration has forgotten.
            rule: host::property("xds\0route_metadata\0filter_metadata\0gatespan\0rule"),
            continues: if is_again {
                redirect::find(worker).map(Box::new)
            } else {
                None
            },
        }
    }
}

/// Whether Envoy has verified the client's certificate. It is also false in a resumed session.
fn is_verified(worker: &Worker) -> bool {
    let told = host::property("connection\0peer_certificate_valid");
    if told.is_none() {
        worker.doubt();
    }
    told.is_some_and(|flag| flag == [1])
}

/// Envoy writes an address with its port.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = core::str::from_utf8(text).ok()?;
    text.parse()
        .map(|address: SocketAddr| address.ip())
        .or_else(|_| text.parse())
        .ok()
}

fn apply(edits: &Edits<'_>) {
    for edit in edits.as_slice() {
        let done = match edit {
            Edit::Remove(name) => host::remove_header(Map::Request, name),
            Edit::Set(name, value) => host::set_header(Map::Request, name, value.as_bytes()),
        };
        if let Err(failed) = done {
            host::log(
                host::Level::Error,
                &format!(
                    "gatespan: Envoy did not change a header: status {}",
                    failed.0
                ),
            );
        }
    }
}
