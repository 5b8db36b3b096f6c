//! The requests' half of one backend's queue: the batches that fill, and the room that is promised to open spans.

use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::Settings;
use super::batch::Batch;
use super::counters::{Counters, Dropped};
use super::expected::ExpectedSize;
use super::queue::QueueState;
use super::timer::Timer;
use crate::backend::{self, BackendApi, CALLS, Frame, Via};
use crate::identity::Systems;
use crate::span::Span;
use crate::time::Time;

/// The batches of one backend that fill.
#[derive(Debug)]
pub(super) struct Filling {
    backend: Arc<backend::Settings>,
    api: &'static BackendApi,
    frame: Frame,
    settings: Settings,
    /// One batch, or one for each project where the calls name the project.
    batches: Vec<Batch>,
    expected: ExpectedSize,
    /// The bytes that open the bodies of a batch, and those that close them.
    opening: usize,
    closing: usize,
    /// What the bodies of the last sealed batch needed.
    capacity: [usize; CALLS],
    /// The bytes of all batches that were sealed.
    sealed_bytes: u64,
    counters: Counters,
    /// What is known of the sending half.
    queue: QueueState,
}

impl Filling {
    pub(super) fn new(
        backend: &Arc<backend::Settings>,
        service: &str,
        settings: Settings,
    ) -> Option<Self> {
        let api = BackendApi::of(backend)?;
        let frame = (api.frame)(service, backend);
        Some(Self {
            backend: Arc::clone(backend),
            api,
            opening: frame.openings.iter().map(Vec::len).sum(),
            closing: api.calls.iter().map(|call| call.close.len()).sum(),
            frame,
            expected: ExpectedSize::new(INITIAL_EXPECTED.min(settings.queue_bytes / 2)),
            settings: limited(settings, backend.via),
            batches: Vec::new(),
            capacity: [0; CALLS],
            sealed_bytes: 0,
            counters: Counters::default(),
            queue: QueueState::default(),
        })
    }

    /// The systems in which the spans of this backend arrive.
    pub(super) const fn systems(&self) -> Systems {
        self.api.receives
    }

    pub(super) const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The sending half has changed.
    pub(super) const fn update(&mut self, queue: QueueState) {
        self.queue = queue;
    }

    /// Whether the backend refuses everything. While a call is left that can ask again, its outcome is awaited.
    pub(super) fn is_stopped(&self, now: Time) -> bool {
        let is_refused = self.queue.stopped.is_some();
        self.queue.is_shut || is_refused && (self.queued() > 0 || self.queue.is_pausing(now))
    }

    /// Whether there is room for one more span, besides those that are queued and those that are open. Open spans hold at most half of
    /// the queue: ten thousand idle WebSockets must not stop the recording of everything else.
    ///
    /// Each span may be the last of its batch and close it. Batches that fill will be closed, and a new one may be opened. Without
    /// these few bytes the promise would not hold for the span that just fits.
    pub(super) fn has_room(&mut self, open: u32) -> bool {
        let queue = u64::from(self.settings.queue_bytes);
        let (opening, closing) = (self.opening as u64, self.closing as u64);
        let one = u64::from(self.expected.bytes()) + closing;
        if opening + one > queue {
            // Spans as large as the last ones never fit. They may have been an exception, so their size is forgotten step by step.
            self.expected.record(0);
            return false;
        }
        let promised = (u64::from(open) + 1) * one;
        let frames = opening + self.batches.len() as u64 * closing;
        self.queued_bytes() + frames + promised.min(queue / 2).max(one) <= queue
    }

    /// Encodes a span that has ended. Returns its batch if that is full.
    pub(super) fn push(&mut self, span: &Span<'_>, now: Time) -> Option<Batch> {
        if let Some(reason) = self.refuses(span) {
            self.counters.turn_away(reason);
            return None;
        }
        let index = self.batch_of(span, now);
        let batch = self.batches.get_mut(index)?;
        let before = batch.bytes();
        batch.add(span, self.api, &self.frame, &self.backend);
        let bytes = batch.bytes();
        let size = bytes - before;
        let is_full = batch.units() >= self.settings.batch_spans as usize
            || bytes + self.closing >= self.settings.batch_bytes as usize;
        self.expected.record(size as u32);
        let all = self.queued_bytes() + (size + self.closing) as u64;
        if all > u64::from(self.settings.queue_bytes) {
            self.take_back(index);
            return None;
        }
        self.counters.queue(1, size);
        if is_full { self.seal(index) } else { None }
    }

    /// Why this backend does not get a span, if it does not.
    fn refuses(&self, span: &Span<'_>) -> Option<Dropped> {
        let (own, systems) = (span.own(), self.systems());
        let is_missing = systems.opik && own.opik.is_none() || systems.otel && own.otel.is_none();
        match self.queue.stopped {
            _ if self.queue.is_shut => Some(Dropped::Shutdown),
            // When the span was opened there was no room for it here, or the backend refused everything.
            Some(_) if is_missing => Some(Dropped::Refused),
            None if is_missing => Some(Dropped::QueueFull),
            _ => None,
        }
    }

    /// The index of the batch for a span. Where calls name a project, each project has a batch.
    fn batch_of(&mut self, span: &Span<'_>, now: Time) -> usize {
        let is_by_project = self.api.project.is_some();
        let project = is_by_project.then(|| span.project().or(self.backend.project.as_deref()));
        let project = project.flatten();
        let mut batches = self.batches.iter();
        if let Some(index) = batches.position(|batch| batch.project.as_deref() == project) {
            return index;
        }
        let fills_until = Timer::new(now, u64::from(self.settings.interval_ms));
        // Batches of many projects would reserve memory that they may never need.
        let capacity = if is_by_project {
            [0; CALLS]
        } else {
            self.capacity
        };
        let mut batch = Batch::with_capacity(fills_until, &self.frame, capacity);
        batch.project = project.map(String::from);
        self.batches.push(batch);
        self.batches.len() - 1
    }

    /// The span that was added last does not fit into the queue.
    fn take_back(&mut self, index: usize) {
        if let Some(batch) = self.batches.get_mut(index) {
            batch.take_back();
            if batch.units() == 0 {
                self.batches.swap_remove(index);
            }
        }
        self.counters.turn_away(Dropped::QueueFull);
    }

    /// The batch that has filled for long enough, if the sending half waits for it: a full batch is not sent before an older one, or a
    /// busy project would keep the others waiting.
    pub(super) fn take_ripe(&mut self, now: Time) -> Option<Batch> {
        let limit = self
            .queue
            .takes_before
            .filter(|_| !self.queue.is_pausing(now))?;
        let batches = self.batches.iter().enumerate();
        let ripe = batches
            .filter(|(_, batch)| self.queue.is_leaving || batch.fills_until.is_over(now))
            .min_by_key(|(_, batch)| batch.fills_until.end());
        let (index, _) = ripe.filter(|(_, batch)| batch.fills_until.end() < limit)?;
        self.seal(index)
    }

    /// When the oldest batch has filled for long enough.
    pub(super) fn ripe_at(&self) -> Option<Time> {
        self.batches
            .iter()
            .map(|batch| batch.fills_until.end())
            .min()
    }

    /// Drops everything.
    pub(super) fn shut(&mut self) -> u64 {
        let dropped = self.counters.queued;
        self.counters.drop(Dropped::Shutdown, dropped as usize);
        self.counters.queued_bytes = 0;
        self.batches.clear();
        dropped
    }

    /// The spans of both halves, and those on their way between them.
    fn queued(&self) -> u64 {
        let moving = self.counters.exported - self.queue.received;
        self.counters.queued + moving + self.queue.queued
    }

    fn queued_bytes(&self) -> u64 {
        let moving = self.sealed_bytes - self.queue.received_bytes;
        self.counters.queued_bytes + moving + self.queue.queued_bytes
    }

    fn seal(&mut self, index: usize) -> Option<Batch> {
        if index >= self.batches.len() {
            return None;
        }
        let mut batch = self.batches.swap_remove(index);
        self.counters.resize(batch.bytes(), 0);
        self.counters.export(batch.units());
        batch.seal(self.api);
        self.sealed_bytes += batch.bytes() as u64;
        self.capacity = batch.body_bytes();
        Some(batch)
    }
}

/// A message of a Cloudflare Queue has a size limit.
fn limited(settings: Settings, via: Via) -> Settings {
    match via {
        Via::Http => settings,
        Via::Queue => Settings {
            batch_bytes: settings.batch_bytes.min(MESSAGE_BYTES),
            ..settings
        },
    }
}

/// A message of a Cloudflare Queue holds 128 KB. A batch is full with the span that makes it larger than this.
const MESSAGE_BYTES: u32 = 64_000;
/// The size that is expected of a span before one has ended.
const INITIAL_EXPECTED: u32 = 2_048;
