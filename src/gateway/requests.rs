//! The half of a gateway that requests run on.

use alloc::sync::Arc;

use super::judge::Pass;
use super::{Admission, Forward, Gate, Held, Stream};
use crate::config::Config;
use crate::ids::RandomPool;
use crate::metrics::RequestCounts;
use crate::outbox::{Availability, Batches, Counters, SealedBatch, SenderState};
use crate::request::{Continuation, Request};
use crate::span::{End, EndKind};
use crate::time::Time;

/// The half of a gateway that requests run on. Each method is described at [`Gateway`](super::Gateway), which has it too.
///
/// What it needs from the sending half is a [`SenderState`]; what it gives to it are [`SealedBatch`]es. A host with the halves on two threads
/// moves both whenever it likes: no span is lost or counted twice on the way.
#[derive(Debug)]
pub struct Requests {
    pub(super) gate: Gate,
    pub(super) random: RandomPool,
    pub(super) batches: Batches,
    pub(super) counts: RequestCounts,
}

impl Requests {
    pub(super) fn new(config: Arc<Config>) -> Self {
        Self {
            batches: Batches::new(config.delivery()),
            random: RandomPool::default(),
            counts: RequestCounts::default(),
            gate: Gate::new(config),
        }
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        self.gate.config()
    }

    /// See [`Gateway::admit`](super::Gateway::admit).
    pub fn admit<'a>(&'a mut self, request: &Request<'a>, now: Time) -> Admission<'a> {
        if request.has_body
            && let Some(reader) = self.gate.reader_ahead(request, now)
        {
            return Admission::ReadBody(Held { reader });
        }
        self.decide(request, None, now)
    }

    /// See [`Gateway::admit_held`](super::Gateway::admit_held).
    pub fn admit_held<'a>(
        &'a mut self,
        held: Held,
        request: &Request<'a>,
        now: Time,
    ) -> Admission<'a> {
        self.decide(request, Some(held), now)
    }

    /// See [`Gateway::admit_late`](super::Gateway::admit_late).
    pub fn admit_late(
        &mut self,
        held: Option<Held>,
        request: &Request<'_>,
        now: Time,
    ) -> Option<Stream> {
        match self.decide(request, held, now) {
            Admission::Forward(forward) => Some(forward.stream),
            Admission::Reject(_) | Admission::ReadBody(_) => None,
        }
    }

    fn decide<'a>(
        &'a mut self,
        request: &Request<'a>,
        held: Option<Held>,
        now: Time,
    ) -> Admission<'a> {
        let availability = self.batches.availability(now);
        let reader = held.map(|held| held.reader);
        let entropy = || self.random.draw();
        match self
            .gate
            .decide(request, reader, availability, now, entropy)
        {
            Ok(pass) => {
                self.counts.count_forward(pass.decision, pass.unrecorded);
                if pass.span.is_some() {
                    self.batches.open();
                }
                Admission::Forward(forward(pass, request))
            }
            Err(rejection) => {
                self.counts.count_rejection(rejection.reason());
                Admission::Reject(rejection)
            }
        }
    }

    /// See [`Gateway::close`](super::Gateway::close).
    pub fn close(&mut self, stream: Stream, end: End, now: Time) -> Option<Continuation> {
        let is_redirected = end.kind == EndKind::Redirected;
        let Some(span) = stream.span else {
            return stream
                .continuation
                .filter(|_| is_redirected)
                .map(|kept| *kept);
        };
        let end = End {
            grpc_status: end.grpc_status.filter(|_| stream.rpc.is_some()),
            ..end
        };
        let continuation = is_redirected.then(|| span.continuation());
        let span = self.gate.close(span, end, now);
        self.batches.push(&span, now);
        continuation
    }

    /// See [`Gateway::abandon`](super::Gateway::abandon).
    #[expect(clippy::needless_pass_by_value, reason = "a stream is given up once")]
    pub fn abandon(&mut self, stream: Stream) {
        if stream.is_recorded() {
            self.batches.abandon();
        }
    }

    /// See [`Gateway::availability`](super::Gateway::availability).
    pub fn availability(&mut self, now: Time) -> Availability {
        self.batches.availability(now)
    }

    /// See [`Gateway::lacks_entropy`](super::Gateway::lacks_entropy).
    #[must_use]
    #[inline]
    pub fn lacks_entropy(&self, now: Time) -> bool {
        self.random.is_empty(now)
    }

    /// See [`Gateway::wants_entropy`](super::Gateway::wants_entropy).
    #[must_use]
    pub const fn wants_entropy(&self) -> bool {
        self.random.is_low()
    }

    /// See [`Gateway::refill`](super::Gateway::refill).
    pub fn refill(&mut self, size: usize, now: Time, fill: impl FnOnce(&mut [u8]) -> bool) {
        self.random.refill(size, now, fill);
    }

    /// The batches that are full, or old enough that the sender waits for them.
    pub fn take_sealed(&mut self, now: Time) -> impl Iterator<Item = SealedBatch> {
        for queue in 0..self.batches.len() {
            self.batches.seal_ripe(queue, now);
        }
        self.batches.take_sealed()
    }

    /// What has changed in the sending half.
    pub fn update(&mut self, sender: &SenderState) {
        for (queue, state) in sender.0.iter().enumerate() {
            self.batches.update(queue, *state);
        }
    }

    /// The host ends: what fills is dropped and counted.
    pub fn shut(&mut self) {
        self.batches.shut();
    }

    /// How many requests had each result.
    #[must_use]
    pub const fn counts(&self) -> &RequestCounts {
        &self.counts
    }

    /// The counters of each backend, as far as this half knows them: a span is exported when its batch is sealed.
    /// `Counters::joined` adds those of the sender.
    pub fn counters(&self) -> impl Iterator<Item = &Counters> {
        (0..self.batches.len()).filter_map(|queue| self.batches.counters(queue))
    }
}

fn forward<'a>(pass: Pass<'a>, request: &Request<'_>) -> Forward<'a> {
    Forward {
        edits: pass.edits,
        decision: pass.decision,
        unrecorded: pass.unrecorded,
        exposed_trace_id: pass.exposed,
        stream: Stream {
            rpc: pass.span.as_ref().and_then(|_| request.rpc()),
            span: pass.span,
            continuation: pass.continuation,
        },
    }
}
