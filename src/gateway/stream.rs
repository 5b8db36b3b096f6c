//! A request that was forwarded, until it ends.

use alloc::boxed::Box;

use crate::identity::OwnIds;
use crate::request::{Continuation, Rpc};
use crate::span::OpenSpan;
use crate::time::Time;

/// A request that was forwarded. [`Gateway::close`](super::Gateway::close) takes it, so it is closed once.
///
/// A stream that is recorded holds room in the queue until it is closed. A host that loses sight of a request closes its stream too.
#[derive(Debug)]
#[must_use = "a recorded stream holds room in the queue until it is closed"]
pub struct Stream {
    pub(super) span: Option<Box<OpenSpan>>,
    /// What the next pass of a request without a span continues.
    pub(super) continuation: Option<Box<Continuation>>,
    pub(super) rpc: Option<Rpc>,
}

impl Stream {
    /// Whether a span is recorded: [`close`](super::Gateway::close) needs to know how the request ends.
    #[must_use]
    pub const fn is_recorded(&self) -> bool {
        self.span.is_some()
    }

    /// Whether a redirect by the host needs a [`Continuation`], although no span is recorded.
    #[must_use]
    pub const fn may_continue(&self) -> bool {
        self.continuation.is_some()
    }

    /// The ids of the recorded span.
    #[must_use]
    pub fn own(&self) -> Option<OwnIds> {
        self.span.as_ref().map(|span| span.own())
    }

    /// The gRPC variant of a recorded request; none for other requests.
    #[must_use]
    pub const fn rpc(&self) -> Option<Rpc> {
        self.rpc
    }

    /// Whether the host passes both bodies to this stream.
    #[must_use]
    pub fn reads_bodies(&self) -> bool {
        self.span.as_ref().is_some_and(|span| span.is_read())
    }

    /// A chunk of the request's body.
    pub fn request_chunk(&mut self, chunk: &[u8]) {
        if let Some(span) = &mut self.span {
            span.observe_request(chunk);
        }
    }

    /// The names of the response headers that [`response_headers`](Self::response_headers) needs.
    pub fn wanted_headers(&self) -> impl Iterator<Item = &'static str> + use<> {
        let span = self.span.as_ref();
        span.map(|span| span.wanted()).into_iter().flatten()
    }

    /// The response begins: its status, and the values of the [wanted](Self::wanted_headers) headers in their order, empty if absent.
    pub fn response_headers(
        &mut self,
        status: u16,
        values: impl IntoIterator<Item = impl AsRef<[u8]>>,
    ) {
        if let Some(span) = &mut self.span {
            span.observe_answer(status, values);
        }
    }

    /// A chunk of the response's body.
    pub fn response_chunk(&mut self, chunk: &[u8], now: Time) {
        if let Some(span) = &mut self.span {
            span.observe(chunk, now);
        }
    }
}
