//! One backend's queue: a batch that fills, batches that wait, one that is in flight.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use super::Ticket;
use super::batch::Batch;
use super::counters::{CallOutcome, Counters, Dropped};
use crate::backend::{Api, Meaning};
use crate::config::{Backend, ExportPlan};
use crate::context::Time;
use crate::span::Span;

/// A call to make.
#[derive(Debug)]
pub struct Dispatch<'o> {
    /// Names the call in [`settle`](super::Outbox::settle).
    pub ticket: Ticket,
    /// The backend, by its place in the configuration.
    pub backend: usize,
    /// The path behind the backend's base path.
    pub path: &'static str,
    /// Headers besides those of HTTP itself.
    pub headers: &'o [(String, String)],
    /// The media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: &'o [u8],
}

/// What came of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The backend answered, and may have asked for a pause.
    Status {
        /// The HTTP status.
        code: u16,
        /// Seconds that it asked us to wait.
        retry_after: Option<u32>,
    },
    /// No answer came.
    Lost,
}

/// One backend's queue.
#[derive(Debug)]
pub(super) struct Lane {
    backend: usize,
    api: &'static Api,
    headers: Vec<(String, String)>,
    plan: ExportPlan,
    filling: Option<Batch>,
    waiting: VecDeque<Batch>,
    flight: Option<Flight>,
    calls: u32,
    /// Nothing is sent before this time.
    rest_until: Option<Time>,
    /// The backend refuses everything; nothing new is taken before this time.
    stopped_until: Option<Time>,
    hurried: bool,
    jitter: u64,
    counters: Counters,
}

/// A call whose outcome is not known yet. Its batch stays at the head of the queue.
#[derive(Debug)]
struct Flight {
    call: u32,
    /// A host that forgot the call must not stop the queue for ever.
    lost_at: Time,
}

impl Lane {
    pub(super) fn new(
        index: usize,
        backend: &Backend,
        plan: ExportPlan,
        seed: u64,
    ) -> Option<Self> {
        let api = Api::of(backend.kind)?;
        Some(Self {
            backend: index,
            api,
            headers: (api.headers)(backend),
            plan,
            filling: None,
            waiting: VecDeque::new(),
            flight: None,
            calls: 0,
            rest_until: None,
            stopped_until: None,
            hurried: false,
            jitter: seed ^ (index as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            counters: Counters::default(),
        })
    }

    pub(super) const fn backend(&self) -> usize {
        self.backend
    }

    pub(super) fn is_stopped(&self, now: Time) -> bool {
        self.stopped_until.is_some_and(|until| now < until)
    }

    /// Whether one more span finds room, those counted that are open already.
    pub(super) fn has_room(&self, open: u32) -> bool {
        let promised = (u64::from(open) + 1).saturating_mul(EXPECTED_UNIT);
        self.bytes() as u64 + promised <= u64::from(self.plan.queue_bytes)
    }

    pub(super) fn push(&mut self, span: &Span<'_>, backend: &Backend, now: Time) {
        let own = span.own();
        let receives = backend.kind.receives();
        if !(receives.opik && own.opik.is_some() || receives.otel && own.otel.is_some()) {
            return;
        }
        self.counters.recorded += 1;
        let batch = self.filling.get_or_insert_with(|| Batch::new(now));
        batch.add(span, self.api, backend);
        if self.bytes() > self.plan.queue_bytes as usize {
            self.filling.iter_mut().for_each(Batch::take_back);
            self.counters.drop(Dropped::QueueFull, 1);
        }
        if self
            .filling
            .as_ref()
            .is_some_and(|batch| self.is_full(batch))
        {
            self.seal();
        }
    }

    pub(super) fn is_due(&mut self, now: Time) -> bool {
        if self
            .flight
            .as_ref()
            .is_some_and(|flight| now >= flight.lost_at)
        {
            let call = self.flight.as_ref().map_or(0, |flight| flight.call);
            self.settle(call, Outcome::Lost, now);
        }
        if self.flight.is_some() || self.rest_until.is_some_and(|until| now < until) {
            return false;
        }
        if self
            .filling
            .as_ref()
            .is_some_and(|batch| self.hurried || now >= self.ripe_at(batch))
        {
            self.seal();
        }
        !self.waiting.is_empty()
    }

    pub(super) fn dispatch(&mut self, lane: u32, now: Time) -> Option<Dispatch<'_>> {
        let index = self.waiting.front_mut()?.next_call(self.api)?;
        self.calls = self.calls.wrapping_add(1);
        let patience = u64::from(self.plan.timeout_ms).saturating_mul(2 * MILLI);
        self.flight = Some(Flight {
            call: self.calls,
            lost_at: later(now, patience),
        });
        let call = self.api.calls.get(index)?;
        Some(Dispatch {
            ticket: Ticket {
                lane,
                call: self.calls,
            },
            backend: self.backend,
            path: call.path,
            headers: &self.headers,
            content_type: call.content_type,
            body: self.waiting.front()?.body(index),
        })
    }

    pub(super) fn settle(&mut self, call: u32, outcome: Outcome, now: Time) {
        if self.flight.take_if(|flight| flight.call == call).is_none() {
            return;
        }
        let (meaning, retry_after) = match outcome {
            Outcome::Status { code, retry_after } => ((self.api.meaning)(code), retry_after),
            Outcome::Lost => (Meaning::Later, None),
        };
        match meaning {
            Meaning::Stored => self.advance(),
            Meaning::Split => self.split(),
            Meaning::Later => self.retry(retry_after, now),
            Meaning::Stop => self.stop(now),
        }
    }

    pub(super) fn wake_at(&self) -> Option<Time> {
        if let Some(flight) = &self.flight {
            return Some(flight.lost_at);
        }
        let next = match (self.waiting.is_empty(), &self.filling) {
            (false, _) => Time(0),
            (true, Some(batch)) => self.ripe_at(batch),
            (true, None) => return None,
        };
        Some(self.rest_until.map_or(next, |until| until.max(next)))
    }

    pub(super) const fn hurry(&mut self) {
        self.hurried = true;
    }

    pub(super) fn counters(&self) -> Counters {
        let spans: usize = self
            .waiting
            .iter()
            .chain(&self.filling)
            .map(Batch::units)
            .sum();
        Counters {
            queued: spans as u64,
            queued_bytes: self.bytes() as u64,
            ..self.counters
        }
    }

    /// The call was accepted: the next one of its batch, or the next batch.
    fn advance(&mut self) {
        self.counters.call(CallOutcome::Ok);
        self.rest_until = None;
        self.stopped_until = None;
        let Some(batch) = self.waiting.front_mut() else {
            return;
        };
        batch.call += 1;
        batch.failures = 0;
        if batch.next_call(self.api).is_none() {
            self.counters.exported += batch.units() as u64;
            self.waiting.pop_front();
        }
    }

    /// Something in the batch is bad: halves of it are sent until the bad one stands alone.
    fn split(&mut self) {
        let Some(batch) = self.waiting.pop_front() else {
            return;
        };
        if batch.units() <= 1 {
            self.counters.call(CallOutcome::Failed);
            self.counters.drop(Dropped::Refused, batch.units());
            return;
        }
        self.counters.call(CallOutcome::Split);
        let [first, second] = batch.halves(self.api);
        self.waiting.push_front(second);
        self.waiting.push_front(first);
    }

    /// The same body is sent again after a pause that doubles, or that the backend asked for.
    fn retry(&mut self, retry_after: Option<u32>, now: Time) {
        let Some(batch) = self.waiting.front_mut() else {
            return;
        };
        batch.failures += 1;
        let failures = batch.failures;
        if failures >= self.plan.attempts {
            let lost = batch.units();
            self.counters.call(CallOutcome::Failed);
            self.counters.drop(Dropped::GaveUp, lost);
            self.waiting.pop_front();
        } else {
            self.counters.call(CallOutcome::Retry);
        }
        let pause = match retry_after {
            Some(seconds) => u64::from(seconds.min(LONGEST_PAUSE_S)) * 1_000,
            None => self.pause(failures),
        };
        self.rest_until = Some(later(now, pause * MILLI));
    }

    /// Nothing is accepted until someone changes something: nothing new is taken, and one call asks now and then.
    fn stop(&mut self, now: Time) {
        self.counters.call(CallOutcome::Failed);
        let until = later(now, u64::from(self.plan.backoff_max_ms) * MILLI);
        self.rest_until = Some(until);
        self.stopped_until = Some(until);
    }

    /// Between half and all of a pause that doubles with each failure, so that many gateways do not return at once.
    fn pause(&mut self, failures: u32) -> u64 {
        let doubled =
            u64::from(self.plan.backoff_ms).saturating_mul(1 << failures.saturating_sub(1).min(20));
        let pause = doubled.min(u64::from(self.plan.backoff_max_ms));
        self.jitter ^= self.jitter << 13;
        self.jitter ^= self.jitter >> 7;
        self.jitter ^= self.jitter << 17;
        pause / 2 + self.jitter % (pause / 2 + 1)
    }

    fn seal(&mut self) {
        if let Some(mut batch) = self.filling.take_if(|batch| batch.units() > 0) {
            batch.seal(self.api);
            self.waiting.push_back(batch);
        }
    }

    fn is_full(&self, batch: &Batch) -> bool {
        batch.units() >= self.plan.batch_spans as usize
            || batch.bytes() >= self.plan.batch_bytes as usize
    }

    fn ripe_at(&self, batch: &Batch) -> Time {
        later(batch.since, u64::from(self.plan.interval_ms) * MILLI)
    }

    fn bytes(&self) -> usize {
        self.waiting
            .iter()
            .chain(&self.filling)
            .map(Batch::bytes)
            .sum()
    }
}

const fn later(time: Time, nanos: u64) -> Time {
    Time(time.0.saturating_add(nanos))
}

const MILLI: u64 = 1_000_000;
/// What a span and its row are expected to need, for the promise made at admission.
const EXPECTED_UNIT: u64 = 1_024;
/// A backend may ask for a pause, but not for silence.
const LONGEST_PAUSE_S: u32 = 300;
