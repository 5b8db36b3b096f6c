//! One backend's queue: a batch that fills, batches that wait, one that is in flight.

mod carry;
mod settle;

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use super::batch::Batch;
use super::counters::{CallOutcome, Counters, Dropped};
use super::dispatch::{Dispatch, Outcome, Ticket};
use super::largest::Largest;
use super::pause::{Backoff, Stretch};
use super::{Delivery, Settings};
use crate::backend;
use crate::backend::{Api, CALLS, Frame};
use crate::identity::Systems;
use crate::secret::Secret;
use crate::span::Span;
use crate::time::Time;

/// One backend's queue.
#[derive(Debug)]
pub(super) struct Lane {
    backend: usize,
    api: &'static Api,
    frame: Frame,
    headers: Vec<(String, Secret)>,
    plan: Settings,
    /// Batches that are not full: one, or one for each project where the calls name it.
    filling: Vec<Batch>,
    /// Sealed batches, the one in flight at the head. Bounded as their bytes are: each has a unit.
    waiting: VecDeque<Batch>,
    flight: Option<Flight>,
    calls: u32,
    backoff: Backoff,
    /// How long a host that is about to go waits for the next call that is accepted.
    farewell: Option<Stretch>,
    is_shut: bool,
    /// What a unit is expected to need.
    expected: Largest,
    /// The bytes that opening the bodies of a batch takes, and closing them.
    opening: usize,
    closing: usize,
    /// What the bodies of the last batch needed.
    room: [usize; CALLS],
    counters: Counters,
}

/// A call whose outcome is not known yet.
#[derive(Debug)]
struct Flight {
    call: u32,
    /// A host that forgot the call must not stop the queue for ever.
    patience: Stretch,
}

impl Lane {
    pub(super) fn new(
        index: usize,
        backend: &backend::Settings,
        delivery: Delivery<'_>,
        seed: u64,
    ) -> Option<Self> {
        let api = Api::of(backend)?;
        let frame = (api.frame)(delivery.service, backend);
        Some(Self {
            backend: index,
            api,
            opening: frame.openings.iter().map(Vec::len).sum(),
            frame,
            headers: (api.headers)(backend),
            plan: carry::fitted(delivery.settings, backend.via),
            filling: Vec::new(),
            waiting: VecDeque::new(),
            flight: None,
            calls: 0,
            backoff: Backoff::new(seed ^ (index as u64).wrapping_mul(GOLDEN)),
            farewell: None,
            is_shut: false,
            expected: Largest::new(FIRST_EXPECTED.min(delivery.settings.queue_bytes / 2)),
            closing: api.calls.iter().map(|call| call.close.len()).sum(),
            room: [0; CALLS],
            counters: Counters::default(),
        })
    }

    pub(super) const fn backend(&self) -> usize {
        self.backend
    }

    /// The systems in which its spans arrive.
    pub(super) const fn receives(&self) -> Systems {
        self.api.receives
    }

    pub(super) const fn counters(&self) -> Counters {
        self.counters
    }

    /// Whether the backend refuses everything. While something is left to ask it with, its next word is awaited.
    pub(super) fn is_stopped(&self, now: Time) -> bool {
        let refuses = self.counters.stopped.is_some();
        self.is_shut || refuses && (self.counters.queued > 0 || self.backoff.is_resting(now))
    }

    /// Whether one more span finds room beside those that are queued and those that are open. Open ones hold up to half
    /// of the queue: while spans are delivered, ten thousand idle WebSockets are no reason to record nothing else.
    ///
    /// Each span may be the last of its batch and close it; batches that fill are closed in any case, and a new one may be
    /// opened. Without these few bytes the promise would not hold for the span that just fits.
    pub(super) fn has_room(&mut self, open: u32) -> bool {
        let queue = u64::from(self.plan.queue_bytes);
        let (opening, closing) = (self.opening as u64, self.closing as u64);
        let one = u64::from(self.expected.bytes()) + closing;
        if opening + one > queue {
            // Spans as large as of late never find room. As they may have been rare, another is tried after some time.
            self.expected.count(0);
            return false;
        }
        let promised = (u64::from(open) + 1) * one;
        let frames = opening + self.filling.len() as u64 * closing;
        self.counters.queued_bytes + frames + promised.min(queue / 2).max(one) <= queue
    }

    pub(super) fn push(&mut self, span: &Span<'_>, backend: &backend::Settings, now: Time) {
        if self.is_shut {
            self.counters.turn_away(Dropped::Shutdown);
            return;
        }
        let (own, receives) = (span.own(), self.api.receives);
        if receives.opik && own.opik.is_none() || receives.otel && own.otel.is_none() {
            // It was promised to others alone, because there was no way to this one.
            self.counters.turn_away(match self.counters.stopped {
                Some(_) => Dropped::Refused,
                None => Dropped::QueueFull,
            });
            return;
        }
        let index = self.filling(span, backend, now);
        let Some(batch) = self.filling.get_mut(index) else {
            return; // not reached: it was found or made
        };
        let before = batch.bytes();
        batch.add(span, self.api, &self.frame, backend);
        let bytes = batch.bytes();
        let unit = bytes - before;
        let (closing, plan) = (self.closing, &self.plan);
        let all = self.counters.queued_bytes + (unit + closing) as u64;
        if all > u64::from(plan.queue_bytes) {
            batch.take_back();
            if batch.units() == 0 {
                self.filling.swap_remove(index);
            }
            self.counters.turn_away(Dropped::QueueFull);
        } else {
            let is_full = batch.units() >= plan.batch_spans as usize
                || bytes + closing >= plan.batch_bytes as usize;
            self.counters.queue(unit);
            if is_full {
                self.seal(index);
            }
        }
        self.expected.count(unit as u32);
    }

    /// The place of the batch that a span belongs to. Where the calls name a project, no batch is of two.
    fn filling(&mut self, span: &Span<'_>, backend: &backend::Settings, now: Time) -> usize {
        let named = self.api.project.is_some();
        let project = named.then(|| span.project().or(backend.project.as_deref()));
        let project = project.flatten();
        let mut batches = self.filling.iter();
        if let Some(index) = batches.position(|batch| batch.project.as_deref() == project) {
            return index;
        }
        let ripens = Stretch::of(now, u64::from(self.plan.interval_ms));
        // Of many batches at once, none may keep room that it may never need.
        let room = if named { [0; CALLS] } else { self.room };
        let mut batch = Batch::with_room(ripens, &self.frame, room);
        batch.project = project.map(String::from);
        self.filling.push(batch);
        self.filling.len() - 1
    }

    pub(super) fn is_due(&mut self, now: Time) -> bool {
        let forgotten = |flight: &Flight| flight.patience.is_over(now).then_some(flight.call);
        if let Some(call) = self.flight.as_ref().and_then(forgotten) {
            self.settle(call, Outcome::Lost, now);
        }
        if self.flight.is_some() || self.backoff.is_resting(now) {
            return false;
        }
        if let Some(index) = self.ripest(now) {
            self.seal(index);
            self.waiting.rotate_right(1);
        }
        !self.waiting.is_empty()
    }

    /// The batch that has been filling for the longest, if it is time for it: one that is full does not go before it, or
    /// where there are many projects a busy one would keep the others back.
    fn ripest(&self, now: Time) -> Option<usize> {
        let leaves = self.farewell.is_some();
        let batches = self.filling.iter().enumerate();
        let ripe = batches.filter(|(_, batch)| leaves || batch.ripens.is_over(now));
        let (index, ripest) = ripe.min_by_key(|(_, batch)| batch.ripens.end())?;
        let goes_first = |head: &Batch| !head.is_begun() && ripest.ripens.end() < head.ripens.end();
        self.waiting.front().is_none_or(goes_first).then_some(index)
    }

    pub(super) fn dispatch(&mut self, lane: u32, now: Time) -> Option<Dispatch<'_>> {
        let batch = self.waiting.front()?;
        let (call, body) = batch.next_call(self.api)?;
        self.calls = self.calls.wrapping_add(1);
        self.flight = Some(Flight {
            call: self.calls,
            // The host's own time limit comes first.
            patience: Stretch::of(now, 2 * u64::from(self.plan.timeout_ms)),
        });
        Some(Dispatch {
            ticket: Ticket {
                lane,
                call: self.calls,
            },
            backend: self.backend,
            path: call.path,
            headers: &self.headers,
            project: self.api.project.zip(batch.project.as_deref()),
            content_type: call.content_type,
            body,
            reads_answer: self.api.missing.is_some(),
        })
    }

    pub(super) fn wake_at(&self) -> Option<Time> {
        if let Some(flight) = &self.flight {
            return Some(flight.patience.end());
        }
        let leaves = self.farewell.is_some();
        let ripe = self.filling.iter().map(|batch| batch.ripens.end()).min();
        let next = if !self.waiting.is_empty() || leaves && ripe.is_some() {
            Time(0)
        } else {
            ripe?
        };
        Some(next.max(self.backoff.until()))
    }

    pub(super) fn leave(&mut self, now: Time) {
        if self.farewell.is_none() {
            self.backoff.hasten();
            self.linger(now);
        }
    }

    /// A host that is about to go stays some time longer.
    pub(super) fn linger(&mut self, now: Time) {
        self.farewell = Some(Stretch::of(
            now,
            LAST_CALLS * u64::from(self.plan.timeout_ms),
        ));
    }

    /// Whether nothing is left, or nothing of it would be taken in time. A call under way is always awaited.
    pub(super) fn is_done(&self, now: Time) -> bool {
        let is_in_vain = |end: Stretch| {
            end.is_over(now) || self.backoff.is_resting(now) && self.backoff.until() > end.end()
        };
        self.counters.queued == 0 || self.flight.is_none() && self.farewell.is_some_and(is_in_vain)
    }

    /// Drops everything, and takes nothing more.
    pub(super) fn shut(&mut self) -> u64 {
        if self.flight.take().is_some() {
            self.counters.call(CallOutcome::Failed);
        }
        let left = self.counters.queued;
        self.counters.drop(Dropped::Shutdown, left as usize);
        self.counters.queued_bytes = 0;
        self.filling.clear();
        self.waiting.clear();
        self.is_shut = true;
        left
    }

    fn seal(&mut self, index: usize) {
        if index < self.filling.len() {
            let mut batch = self.filling.swap_remove(index);
            let before = batch.bytes();
            batch.seal(self.api);
            self.counters.resize(before, batch.bytes());
            self.room = batch.body_bytes();
            self.waiting.push_back(batch);
        }
    }
}

/// Spreads the seeds of the backends of one gateway.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
/// So many calls that nobody answers are what a host waits for.
const LAST_CALLS: u64 = 3;
/// What a unit is expected to need before one was seen.
const FIRST_EXPECTED: u32 = 2_048;
