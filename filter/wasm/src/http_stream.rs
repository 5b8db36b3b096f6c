//! One HTTP stream: admitted when its headers come, closed when it ends.

use std::rc::Rc;

use gatespan::{
    Admission, Continuation, Edit, Edits, End, EndKind, Forward, Headers, Held, Peer, Rejection,
    Request, Stream, Time,
};

use gatespan_envoy::{StreamEnd, is_redirect};

use crate::envoy_request::{Properties, PseudoHeaders};
use crate::filter_action::FilterAction;
use crate::grpc_status::GrpcStatus;
use crate::host::{self, Body, Map};
use crate::shared::{self, Shared};
use crate::{redirect, rejection};

/// A stream and what is remembered of it.
pub(crate) struct HttpStream {
    pub(crate) shared: Rc<Shared>,
    /// What the core knows of it, once it is forwarded.
    stream: Option<Stream>,
    /// The request is held, because its body may name the parent.
    pub(crate) held: Option<Held>,
    exposed_trace_id: Option<String>,
    /// Whether this may be a later pass of a redirected request.
    is_again: bool,
    /// Whether the core has decided. It is asked once.
    is_decided: bool,
    pub(crate) is_rejected: bool,
    /// If this is a gRPC call: where its status is.
    call: Option<GrpcStatus>,
    /// Whether the request has ended.
    is_requested: bool,
    pub(crate) request_bytes: u64,
    response_bytes: u64,
    /// Whether the response has begun.
    is_responded: bool,
    /// Whether the response has ended.
    is_answered: bool,
}

/// When the core is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timing {
    /// With the headers; a body follows, and the core may want to read it first.
    Headers,
    /// When the request can be changed or rejected.
    Now,
    /// When the request has ended. It is only recorded: a response would crash Envoy.
    Over,
}

impl HttpStream {
    pub(crate) const fn new(shared: Rc<Shared>) -> Self {
        Self {
            shared,
            stream: None,
            held: None,
            exposed_trace_id: None,
            is_again: false,
            is_decided: false,
            is_rejected: false,
            call: None,
            is_requested: false,
            request_bytes: 0,
            response_bytes: 0,
            is_responded: false,
            is_answered: false,
        }
    }

    /// The headers are there: asks the core, and does what it says.
    pub(crate) fn begin(&mut self, ends: bool) -> FilterAction {
        #[cfg(feature = "trap-hook")]
        if host::header(Map::Request, "x-gatespan-trap").is_some() {
            std::process::abort();
        }
        self.is_requested |= ends;
        if !self.is_decided && self.held.is_none() {
            self.ask(if ends { Timing::Now } else { Timing::Headers });
        }
        if self.is_rejected || self.held.is_some() {
            FilterAction::Pause
        } else {
            FilterAction::Continue
        }
    }

    pub(crate) fn ask(&mut self, moment: Timing) {
        let map = host::headers(Map::Request).unwrap_or_default();
        let pairs = host::pairs(&map, &self.shared.sieve);
        let target = PseudoHeaders::of(&pairs);
        self.is_again |= self.shared.has_left.take() || target.is_redirected;
        let properties = Properties::read(&self.shared, self.is_again);
        let names = properties
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
                address: properties.address,
                names: &names,
                is_verified: properties.is_verified,
            },
            route: properties.route.as_deref(),
            rule: properties.rule.as_deref(),
            continues: properties.continues.as_deref(),
            has_body: moment == Timing::Headers,
        };
        self.decide(&request, moment);
    }

    fn decide(&mut self, request: &Request<'_>, moment: Timing) {
        let shared = Rc::clone(&self.shared);
        let mut gateway = shared.gateway.borrow_mut();
        let now = host::now();
        if gateway.lacks_entropy(now) {
            shared::refill(&mut gateway, now);
        }
        let held = self.held.take();
        self.is_decided = true;
        if moment == Timing::Over {
            let stream = gateway.admit_late(held, request, now);
            self.call = stream.as_ref().and_then(Stream::rpc).map(GrpcStatus::new);
            self.stream = stream;
            return;
        }
        let admission = match held {
            Some(held) => gateway.admit_held(held, request, now),
            None => gateway.admit(request, now),
        };
        match admission {
            Admission::ReadBody(held) => {
                self.held = Some(held);
                self.is_decided = false;
            }
            Admission::Reject(rejection) => self.reject(rejection, request),
            Admission::Forward(forward) => self.forward(forward),
        }
    }

    fn reject(&mut self, rejection: Rejection, request: &Request<'_>) {
        if rejection == Rejection::Config {
            self.shared
                .log_unknown_rule(request.rule.unwrap_or_default());
        }
        let rpc = request.rpc();
        self.call = rpc.map(GrpcStatus::new);
        rejection::respond(rejection, rpc);
        self.is_rejected = true;
    }

    fn forward(&mut self, forward: Forward<'_>) {
        apply(&forward.edits);
        self.call = forward.stream.rpc().map(GrpcStatus::new);
        self.stream = Some(forward.stream);
        self.exposed_trace_id = forward.exposed_trace_id;
    }

    /// Ends the request, once. Over HTTP/3 Envoy logs when the client has acknowledged the response, and by then this stream is gone: so
    /// it is called when the stream is done as well.
    pub(crate) fn close(&mut self) {
        if let Some(continuation) = self.finish() {
            redirect::leave(&self.shared, &continuation);
        }
    }

    /// Ends the request, once, and returns what its next stream continues if Envoy redirects it.
    pub(crate) fn finish(&mut self) -> Option<Continuation> {
        let stream = self.stream.take()?;
        if !stream.is_recorded() {
            // No response to a redirected request passes this filter, so Envoy is asked about no other request.
            let is_redirected = stream.may_continue() && !self.is_responded && is_redirected();
            // Nothing is recorded, so the time does not matter.
            let redirected = || self.end(stream, End::new(EndKind::Redirected, 0), Time(0));
            return if is_redirected { redirected() } else { None };
        }
        let status = host::number("response\0code").and_then(|code| u16::try_from(code).ok());
        let end = StreamEnd {
            flags: host::number("response\0flags").unwrap_or_default(),
            status,
            grpc_status: self.call.take().and_then(GrpcStatus::end),
            is_request_complete: self.is_requested,
            is_response_complete: self.is_answered,
            request_bytes: self.request_bytes,
            response_bytes: self.response_bytes,
        };
        let end = end.end(response_code_details);
        self.end(stream, end, host::now())
    }

    fn end(&self, stream: Stream, end: End, now: Time) -> Option<Continuation> {
        self.shared.gateway.borrow_mut().close(stream, end, now)
    }

    /// A piece of the request's body is there, or nothing but its end.
    pub(crate) fn request_body(&mut self, size: usize, ends: bool) -> FilterAction {
        self.request_bytes += size as u64;
        self.is_requested |= ends;
        if let Some(held) = &mut self.held {
            let mut needs_more = true;
            host::pieces(Body::Request, size, |piece| {
                needs_more = held.request_chunk(piece);
            });
            if !ends && needs_more {
                return FilterAction::Hold;
            }
            self.ask(Timing::Now);
            if self.is_rejected {
                return FilterAction::Pause;
            }
        } else if let Some(stream) = self.read() {
            host::pieces(Body::Request, size, |piece| stream.request_chunk(piece));
        }
        FilterAction::Continue
    }

    /// A piece of the answer's body passes, or nothing but its end.
    pub(crate) fn response_body(&mut self, size: usize, ends: bool) {
        self.response_bytes += size as u64;
        self.is_answered |= ends;
        if let Some(call) = &mut self.call {
            call.chunk(size);
        }
        if let Some(stream) = self.read().filter(|_| size > 0) {
            let now = host::now();
            host::pieces(Body::Response, size, |piece| {
                stream.response_chunk(piece, now);
            });
        }
    }

    /// The response ends with trailers.
    pub(crate) fn trailers(&mut self) {
        if let Some(call) = &mut self.call {
            call.trailers();
        }
        self.response_body(0, true);
    }

    /// The stream, if it reads the bodies.
    fn read(&mut self) -> Option<&mut Stream> {
        self.stream.as_mut().filter(|stream| stream.reads_bodies())
    }

    /// The answer begins: shows it to the span, and puts the trace id on it, whoever made it.
    pub(crate) fn answer(&mut self, ends: bool) {
        self.is_responded = true;
        self.is_answered |= ends;
        match &mut self.call {
            Some(call) if self.is_rejected => rejection::name(call.rpc),
            Some(call) => call.headers(ends),
            None => {}
        }
        if let Some(stream) = self.read() {
            let said = |name| host::header(Map::Response, name).unwrap_or_default();
            let status = core::str::from_utf8(&said(":status")).map(str::parse);
            let status = status.ok().and_then(Result::ok).unwrap_or_default();
            stream.response_headers(status, stream.wanted_headers().map(said));
        }
        if let Some(trace) = &self.exposed_trace_id {
            // Response headers that cannot be set are Envoy's to complain about; the answer goes on.
            let _ = host::set_header(
                Map::Response,
                &self.shared.gateway.borrow().config().response_header,
                trace.as_bytes(),
            );
        }
    }

    /// The stream is over. A request that is still held was never logged: it is recorded now, and no tick lets it go on.
    pub(crate) fn finish_stream(&mut self) {
        if self.held.is_some() {
            self.log();
        } else {
            self.close();
        }
    }

    pub(crate) fn log(&mut self) {
        if !self.is_decided {
            // It was no HTTP, or a filter before ours has answered: nothing was decided yet, and of the answer nothing went by.
            self.ask(Timing::Over);
            self.is_answered = true;
        }
        self.close();
    }
}

/// Whether Envoy redirects the request of this stream.
fn is_redirected() -> bool {
    is_redirect(response_code_details().as_deref())
}

fn response_code_details() -> Option<Vec<u8>> {
    host::property("response\0code_details")
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
