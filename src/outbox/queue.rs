//! The sending half of one backend's queue: sealed batches that wait, and the one in flight.

mod handover;
mod settle;

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Settings;
use super::batch::Batch;
use super::call::{Call, CallId, Outcome};
use super::counters::{CallOutcome, Counters, Dropped};
use super::timer::{Backoff, Timer};
use crate::backend::{self, BackendApi};
use crate::secret::Secret;
use crate::time::Time;

/// One backend's queue.
#[derive(Debug)]
pub(crate) struct Queue {
    backend: Arc<backend::Settings>,
    api: &'static BackendApi,
    headers: Vec<(String, Secret)>,
    settings: Settings,
    /// Sealed batches; the one in flight is the first. Each has a span, so their number is bounded as their bytes are.
    waiting: VecDeque<Batch>,
    in_flight: Option<InFlight>,
    calls: u32,
    backoff: Backoff,
    /// A host that ends waits this long for the next call that is accepted.
    leaving: Option<Timer>,
    is_shut: bool,
    /// The bytes of all batches that this half received.
    received_bytes: u64,
    counters: Counters,
}

/// A call whose outcome is not known yet.
#[derive(Debug)]
struct InFlight {
    call: u32,
    /// The host's own timeout comes first. If the host forgets the call, the queue must not stop.
    timeout: Timer,
}

/// What the requests' half knows of a queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct QueueState {
    pub(super) queued: u64,
    pub(super) queued_bytes: u64,
    /// Spans and bytes that the queue has received since it exists.
    pub(super) received: u64,
    pub(super) received_bytes: u64,
    /// The status with which the backend refuses everything.
    pub(super) stopped: Option<u16>,
    pause: Option<Timer>,
    /// A batch that fills is sent next if it is older than this; none is while a call is in flight.
    pub(super) takes_before: Option<Time>,
    pub(super) is_leaving: bool,
    pub(super) is_shut: bool,
}

impl QueueState {
    pub(super) fn is_pausing(&self, now: Time) -> bool {
        self.pause.is_some_and(|pause| !pause.is_over(now))
    }
}

impl Queue {
    pub(super) fn new(
        index: usize,
        backend: &Arc<backend::Settings>,
        settings: Settings,
        seed: u64,
    ) -> Option<Self> {
        let api = BackendApi::of(backend)?;
        Some(Self {
            backend: Arc::clone(backend),
            api,
            headers: (api.headers)(backend),
            settings,
            waiting: VecDeque::new(),
            in_flight: None,
            calls: 0,
            backoff: Backoff::new(seed ^ (index as u64).wrapping_mul(GOLDEN)),
            leaving: None,
            is_shut: false,
            received_bytes: 0,
            counters: Counters::default(),
        })
    }

    pub(super) const fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn state(&self) -> QueueState {
        QueueState {
            queued: self.counters.queued,
            queued_bytes: self.counters.queued_bytes,
            received: self.counters.recorded,
            received_bytes: self.received_bytes,
            stopped: self.counters.stopped,
            pause: self.backoff.pause(),
            takes_before: match self.waiting.front() {
                _ if self.in_flight.is_some() => None,
                None => Some(Time(u64::MAX)),
                Some(next) if next.is_begun() => None,
                Some(next) => Some(next.fills_until.end()),
            },
            is_leaving: self.leaving.is_some(),
            is_shut: self.is_shut,
        }
    }

    /// Takes a sealed batch: one that is full waits behind the others, a ripe one is sent next.
    pub(super) fn accept(&mut self, batch: Batch, is_next: bool) {
        self.received_bytes += batch.bytes() as u64;
        self.counters.queue(batch.units(), batch.bytes());
        if self.is_shut {
            self.counters.drop(Dropped::Shutdown, batch.units());
            self.counters.resize(batch.bytes(), 0);
        } else if is_next {
            self.waiting.push_front(batch);
        } else {
            self.waiting.push_back(batch);
        }
    }

    /// A call that the host has forgotten is lost.
    pub(crate) fn expire(&mut self, now: Time) {
        let expired = self
            .in_flight
            .as_ref()
            .filter(|call| call.timeout.is_over(now));
        if let Some(call) = expired.map(|expired| expired.call) {
            self.settle(call, Outcome::Lost, now);
        }
    }

    pub(crate) fn is_due(&self, now: Time) -> bool {
        self.in_flight.is_none() && !self.backoff.is_pausing(now) && !self.waiting.is_empty()
    }

    /// Begins the next call.
    pub(crate) fn begin_call(&mut self, now: Time) {
        self.calls = self.calls.wrapping_add(1);
        self.in_flight = Some(InFlight {
            call: self.calls,
            timeout: Timer::new(now, 2 * u64::from(self.settings.timeout_ms)),
        });
    }

    /// The call in flight. `queue` is the number of this queue.
    pub(super) fn call_in_flight(&self, queue: u32) -> Option<Call<'_>> {
        let call = self.in_flight.as_ref()?.call;
        let batch = self.waiting.front()?;
        let (endpoint, body) = batch.next_call(self.api)?;
        Some(Call {
            id: CallId { queue, call },
            backend: &self.backend,
            timeout_ms: self.settings.timeout_ms,
            path: endpoint.path,
            headers: &self.headers,
            project: self.api.project.zip(batch.project.as_deref()),
            content_type: endpoint.content_type,
            body,
            reads_response: self.api.missing.is_some(),
        })
    }

    /// When there will be something to do. `ripe_at` is when a batch that fills will be ripe.
    pub(crate) fn wake_at(&self, ripe_at: Option<Time>) -> Option<Time> {
        if let Some(call) = &self.in_flight {
            return Some(call.timeout.end());
        }
        let is_leaving = self.leaving.is_some() && ripe_at.is_some();
        let next = if !self.waiting.is_empty() || is_leaving {
            Time(0)
        } else {
            ripe_at?
        };
        Some(next.max(self.backoff.until()))
    }

    /// The host ends soon.
    pub(super) fn leave(&mut self, now: Time) {
        if self.leaving.is_none() {
            self.backoff.hurry();
            self.stay(now);
        }
    }

    /// A host that ends waits some time longer.
    pub(super) fn stay(&mut self, now: Time) {
        let millis = LAST_CALLS * u64::from(self.settings.timeout_ms);
        self.leaving = Some(Timer::new(now, millis));
    }

    /// Whether a host that ends need not wait any more, because nothing is queued or nothing of it would be accepted in time. A call in
    /// flight is always awaited.
    pub(crate) fn is_done(&self, queued: u64, now: Time) -> bool {
        let is_too_late = |leaving: Timer| {
            leaving.is_over(now)
                || self.backoff.is_pausing(now) && self.backoff.until() > leaving.end()
        };
        queued == 0 || self.in_flight.is_none() && self.leaving.is_some_and(is_too_late)
    }

    /// Drops everything, and everything that follows.
    pub(super) fn shut(&mut self) -> u64 {
        if self.in_flight.take().is_some() {
            self.counters.call(CallOutcome::Failed);
        }
        let dropped = self.counters.queued;
        self.counters.drop(Dropped::Shutdown, dropped as usize);
        self.counters.queued_bytes = 0;
        self.waiting.clear();
        self.is_shut = true;
        dropped
    }
}

/// Spreads the seeds of the backends of one gateway: 2^64 divided by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
/// A host that ends waits for this many calls without a response.
const LAST_CALLS: u64 = 3;
