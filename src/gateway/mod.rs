//! The seam between a host and the core.

mod bodies;
mod held;
mod judge;
mod offer;
mod requests;
mod stream;
mod waiter;

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

pub use held::Held;
pub use judge::{Gate, Pass};
pub use requests::Requests;
pub use stream::Stream;

use crate::config::Config;
use crate::identity::Unrecorded;
use crate::metrics::{self, Visitor};
use crate::outbox::{Availability, Call, CallId, Counters, Outcome, Sender};
use crate::policy::Rejection;
use crate::request::{Continuation, Decision, Edits, Request};
use crate::span::End;
use crate::time::Time;
use waiter::Waiter;

/// A gateway: everything that a worker thread, VM or isolate needs, and the only type that a host talks to.
///
/// A gateway makes no call, reads no clock and draws no random bytes. The host passes its requests, its time and its random bytes, and does
/// what the gateway returns.
///
/// For each request, in this order:
/// 1. If [`lacks_entropy`](Self::lacks_entropy), call [`refill`](Self::refill).
/// 2. [`admit`](Self::admit) decides. [`Admission::Forward`]: apply the edits and keep the [`Stream`]. [`Admission::Reject`]: respond; there
///    is nothing to close. [`Admission::ReadBody`]: hold the request, pass its body to [`Held`], then call
///    [`admit_held`](Self::admit_held).
/// 3. If the stream [reads bodies](Stream::reads_bodies), pass it the response headers and the chunks of both bodies.
/// 4. When the request ends, [`close`](Self::close) takes the stream.
///
/// For sending, at any time between:
/// 1. [`poll`](Self::poll) until it returns none; make each [`Call`] and pass its [`Outcome`] to [`settle`](Self::settle).
/// 2. Poll again when [`wake_at`](Self::wake_at) says so, or on a tick: to poll too often is harmless.
/// 3. Before the host ends, [`leave`](Self::leave), and go on with both steps until [`is_done`](Self::is_done). What is left then is dropped by
///    [`shut`](Self::shut), and counted.
///
/// ```
/// use gatespan::config::{Config, Host};
/// use gatespan::outbox::Outcome;
/// use gatespan::{Admission, End, EndKind, Gateway, Headers, Request, Time};
///
/// let document = r#"{"backend": {"kind": "opik", "url": "https://opik.test/api", "cluster": "opik"}}"#;
/// let config = Config::parse(document, Host::Envoy, &|_| None).unwrap();
/// let mut gateway = Gateway::new(config, 1);
/// let now = Time::from_millis(1_772_446_530_000);
/// gateway.refill(1_024, now, |bytes| {
///     bytes.fill(7); // a host asks its random source
///     true
/// });
///
/// let request = Request::new(b"GET", b"/chat", Headers::new(&[]));
/// let Admission::Forward(forward) = gateway.admit(&request, now) else {
///     panic!("the default rule rejects nothing");
/// };
/// assert!(forward.edits.as_slice().len() > 1); // opik_trace_id, traceparent, …
/// let stream = forward.stream;
/// gateway.close(stream, End::new(EndKind::Complete, 200), now);
///
/// let later = gateway.wake_at().unwrap();
/// let call = gateway.poll(later).unwrap();
/// assert_eq!(call.path, "/v1/private/traces/batch");
/// let id = call.id;
/// gateway.settle(id, Outcome::status(204), later);
/// ```
///
/// A host whose sending half lives on another thread takes the gateway apart with [`split`](Self::split).
#[derive(Debug)]
pub struct Gateway {
    requests: Requests,
    sender: Sender,
    waiter: Waiter,
}

/// What a host does with a request.
#[derive(Debug)]
pub enum Admission<'a> {
    /// It forwards the request.
    Forward(Forward<'a>),
    /// It responds itself. The request makes no call upstream.
    Reject(Rejection),
    /// It holds the request, because the parent may be in its body.
    ReadBody(Held),
}

/// A request that is forwarded.
#[derive(Debug)]
pub struct Forward<'a> {
    /// The changes to its headers.
    pub edits: Edits<'a>,
    /// What [`Gateway::close`] takes when the request ends.
    pub stream: Stream,
    /// The value of the response header [`Config::response_header`], if the rule exposes the trace id.
    pub exposed_trace_id: Option<String>,
    /// What was done with the client's ids.
    pub decision: Decision,
    /// Why no span is recorded.
    pub unrecorded: Option<Unrecorded>,
}

impl Gateway {
    /// A gateway with this configuration. `seed` is random: it makes the pauses of many gateways differ.
    #[must_use]
    pub fn new(config: impl Into<Arc<Config>>, seed: u64) -> Self {
        let config = config.into();
        let sender = Sender::new(config.delivery(), seed);
        let mut gateway = Self {
            requests: Requests::new(config),
            sender,
            waiter: Waiter::default(),
        };
        gateway.update();
        gateway
    }

    /// Both halves, for a host that sends on another thread. It moves [`Requests::take_sealed`] to [`Sender::accept`], and
    /// [`Sender::state`] to [`Requests::update`].
    #[must_use]
    pub fn split(self) -> (Requests, Sender) {
        (self.requests, self.sender)
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        self.requests.config()
    }

    /// Decides about a request and counts the decision.
    pub fn admit<'a>(&'a mut self, request: &Request<'a>, now: Time) -> Admission<'a> {
        self.requests.admit(request, now)
    }

    /// Decides about a request that was held, as if the whole of it had been there when it was held: its span begins then. Never returns
    /// [`Admission::ReadBody`].
    pub fn admit_held<'a>(
        &'a mut self,
        held: Held,
        request: &Request<'a>,
        now: Time,
    ) -> Admission<'a> {
        self.requests.admit_held(held, request, now)
    }

    /// Decides about a request that can no longer be changed or rejected, because it has ended, so that it is recorded and counted.
    pub fn admit_late(
        &mut self,
        held: Option<Held>,
        request: &Request<'_>,
        now: Time,
    ) -> Option<Stream> {
        self.requests.admit_late(held, request, now)
    }

    /// Ends a request: its span is encoded. If the host redirects the request itself ([`EndKind::Redirected`](crate::EndKind::Redirected)),
    /// returns what the next pass continues.
    pub fn close(&mut self, stream: Stream, end: End, now: Time) -> Option<Continuation> {
        let continuation = self.requests.close(stream, end, now);
        self.move_sealed();
        continuation
    }

    /// Gives up a stream whose request turned out to be none: nothing is recorded.
    pub fn abandon(&mut self, stream: Stream) {
        self.requests.abandon(stream);
    }

    /// Whether a span that begins now would be delivered.
    pub fn availability(&mut self, now: Time) -> Availability {
        self.requests.availability(now)
    }

    /// Whether the next request would get no new ids, because there are no random bytes, and the host may have some. After a failure the host
    /// is asked again a second later.
    #[must_use]
    #[inline]
    pub fn lacks_entropy(&self, now: Time) -> bool {
        self.requests.lacks_entropy(now)
    }

    /// Whether it is a good time to [`refill`](Self::refill), if no request waits now.
    #[must_use]
    pub const fn wants_entropy(&self) -> bool {
        self.requests.wants_entropy()
    }

    /// Has the host fill `size` random bytes; a request needs 20. `fill` returns whether it succeeded. Without random bytes requests are
    /// forwarded, and nothing is minted or recorded.
    pub fn refill(&mut self, size: usize, now: Time, fill: impl FnOnce(&mut [u8]) -> bool) {
        self.requests.refill(size, now, fill);
    }

    /// The next call to a backend, if one is due. At most one call to each backend is in flight.
    pub fn poll(&mut self, now: Time) -> Option<Call<'_>> {
        self.waiter.finish();
        let index = (0..self.requests.batches.len()).find(|index| self.prepare(*index, now))?;
        self.sender.queue_mut(index)?.begin_call(now);
        self.update_one(index);
        self.sender.call_in_flight(index)
    }

    /// Moves a batch that has filled for long enough to the sender. Whether a call is due.
    fn prepare(&mut self, index: usize, now: Time) -> bool {
        let Some(queue) = self.sender.queue_mut(index) else {
            return false;
        };
        queue.expire(now);
        self.update_one(index);
        self.requests.batches.seal_ripe(index, now);
        self.move_sealed();
        self.sender
            .queue(index)
            .is_some_and(|queue| queue.is_due(now))
    }

    /// Passes the outcome of a call. An outcome that comes too late, or of an unknown call, is ignored.
    pub fn settle(&mut self, id: CallId, outcome: Outcome<'_>, now: Time) {
        self.sender.settle(id, outcome, now);
        self.update();
    }

    /// The batch of a call as a message for a Cloudflare Queue. See [`Sender::message`].
    #[must_use]
    pub fn message(&self, id: CallId) -> Option<Vec<u8>> {
        self.sender.message(id)
    }

    /// When [`poll`](Self::poll) will have something to do, if nothing else happens before.
    #[must_use]
    pub fn wake_at(&self) -> Option<Time> {
        let all = 0..self.requests.batches.len();
        let wake_at = |index| {
            self.sender
                .queue(index)?
                .wake_at(self.requests.batches.ripe_at(index))
        };
        all.filter_map(wake_at).min()
    }

    /// For a host whose only timer is a request that was answered and waits: how many milliseconds this one waits, if it can wait for
    /// `limit_ms`, before it polls. None if there is nothing to wait for, or another request waits already.
    pub fn wait_ms(&mut self, now: Time, limit_ms: u64) -> Option<u64> {
        let due = self.wake_at();
        self.waiter.wait_ms(due, now, limit_ms)
    }

    /// The host ends soon, and no requests follow. See [`Sender::leave`].
    pub fn leave(&mut self, now: Time) {
        self.sender.leave(now);
        self.update();
    }

    /// Whether a host that ends need not wait any more. See [`Sender::is_done`].
    #[must_use]
    pub fn is_done(&self, now: Time) -> bool {
        let mut all = self.counters().enumerate();
        all.all(|(index, counters)| {
            let queue = self.sender.queue(index);
            queue.is_none_or(|queue| queue.is_done(counters.queued, now))
        })
    }

    /// The host ends: what is queued or in flight is dropped and counted, and so is what follows. How many spans were queued.
    pub fn shut(&mut self) -> u64 {
        let dropped = self.requests.batches.shut() + self.sender.shut();
        self.update();
        dropped
    }

    /// The counters of each backend, in the order of [`Config::backends`].
    pub fn counters(&self) -> impl Iterator<Item = Counters> {
        let sending = self.sender.counters();
        let filling = self.requests.counters();
        filling
            .zip(sending)
            .map(|(filling, sending)| Counters::joined(filling, sending))
    }

    /// Visits every metric, always all of them and in the same order.
    pub fn metrics(&self, visit: Visitor<'_>) {
        let names = self.config().backends.iter();
        let names = names.map(|backend| backend.name.as_str());
        let backends = &mut names.zip(self.counters());
        metrics::metrics(self.requests.counts(), backends, visit);
    }

    fn move_sealed(&mut self) {
        let mut has_moved = false;
        for sealed in self.requests.batches.take_sealed() {
            self.sender.accept(sealed);
            has_moved = true;
        }
        if has_moved {
            self.update();
        }
    }

    fn update(&mut self) {
        (0..self.requests.batches.len()).for_each(|index| self.update_one(index));
    }

    fn update_one(&mut self, index: usize) {
        if let Some(queue) = self.sender.queue(index) {
            self.requests.batches.update(index, queue.state());
        }
    }
}
