//! What is still to be delivered: for each backend batches that fill, batches that wait, and one call in flight, with exact counters.
//!
//! It has two halves, which may live on two threads. `Batches` belongs to the requests: it encodes each span that ends. [`Sender`] calls
//! the backends: a host asks [`Sender::poll`] for the call that is due, makes it, and passes the outcome to [`Sender::settle`].
//! [`SealedBatch`]es go from the first to the second, and a [`SenderState`] goes back. Nothing here waits: time is an argument, and to poll
//! too often is harmless. At every moment recorded = exported + dropped + queued over both halves.

mod batch;
mod call;
mod counters;
mod expected;
mod filling;
mod queue;
mod queued_batch;
mod sender;
mod settings;
mod timer;

use alloc::sync::Arc;
use alloc::vec::Vec;

pub use call::{Call, CallId, Outcome};
pub use counters::{CallCounts, CallOutcome, Counters, DropCounts, Dropped};
pub(crate) use queue::QueueState;
pub use sender::{Sender, SenderState};
pub use settings::Settings;
pub(crate) use settings::export_keys;

use crate::backend;
use crate::identity::Systems;
use crate::span::Span;
use crate::time::Time;
use batch::Batch;
use filling::Filling;

/// What an outbox is made for.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'c> {
    /// The name of this gateway.
    pub service: &'c str,
    /// The backends.
    pub backends: &'c [Arc<backend::Settings>],
    /// How spans are batched and sent.
    pub settings: Settings,
}

/// Whether a span that begins now would be delivered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Availability {
    /// Yes, to these systems.
    Accepting(Systems),
    /// No queue has room.
    QueueFull,
    /// Every backend refuses everything.
    Stopped,
}

/// A batch on its way from the requests to the sender.
#[derive(Debug)]
pub struct SealedBatch {
    queue: usize,
    batch: Batch,
    /// Whether it is sent before the batches that wait.
    is_next: bool,
}

/// The batches that fill, for all backends.
#[derive(Debug)]
pub(crate) struct Batches {
    filling: Vec<Filling>,
    /// Spans that have begun and not ended.
    open: u32,
    sealed: Vec<SealedBatch>,
}

impl Batches {
    pub(crate) fn new(delivery: Delivery<'_>) -> Self {
        let backends = delivery.backends.iter();
        let filling = |backend| Filling::new(backend, delivery.service, delivery.settings);
        Self {
            filling: backends.filter_map(filling).collect(),
            open: 0,
            sealed: Vec::new(),
        }
    }

    /// Whether a span that begins now would be delivered, and to which systems. Room is promised to a span when it begins, so that no
    /// parent is announced that will not arrive (law 7).
    pub(crate) fn availability(&mut self, now: Time) -> Availability {
        let mut systems = Systems::default();
        let mut are_stopped = true;
        for filling in &mut self.filling {
            let one = filling.systems();
            let is_stopped = filling.is_stopped(now);
            let accepts = !is_stopped && filling.has_room(self.open);
            are_stopped &= is_stopped;
            systems.opik |= one.opik && accepts;
            systems.otel |= one.otel && accepts;
        }
        // Without a backend nothing is wrong: spans are not wanted.
        if systems != Systems::default() || self.filling.is_empty() {
            Availability::Accepting(systems)
        } else if are_stopped {
            Availability::Stopped
        } else {
            Availability::QueueFull
        }
    }

    /// A span begins: room is promised to it until it is pushed or abandoned.
    pub(crate) const fn open(&mut self) {
        self.open = self.open.saturating_add(1);
    }

    /// A span will not be pushed.
    pub(crate) const fn abandon(&mut self) {
        self.open = self.open.saturating_sub(1);
    }

    /// A span ended: it is encoded for every backend whose system it is in.
    pub(crate) fn push(&mut self, span: &Span<'_>, now: Time) {
        self.abandon();
        for (queue, filling) in self.filling.iter_mut().enumerate() {
            if let Some(batch) = filling.push(span, now) {
                self.sealed.push(SealedBatch {
                    queue,
                    batch,
                    is_next: false,
                });
            }
        }
    }

    /// Seals the batch of one backend that has filled for long enough.
    pub(crate) fn seal_ripe(&mut self, queue: usize, now: Time) {
        let filling = self.filling.get_mut(queue);
        let ripe = filling.and_then(|filling| filling.take_ripe(now));
        self.sealed.extend(ripe.map(|batch| SealedBatch {
            queue,
            batch,
            is_next: true,
        }));
    }

    /// The batches that were sealed since the last time.
    pub(crate) fn take_sealed(&mut self) -> impl Iterator<Item = SealedBatch> {
        self.sealed.drain(..)
    }

    /// When a batch of one backend will have filled for long enough.
    pub(crate) fn ripe_at(&self, queue: usize) -> Option<Time> {
        self.filling.get(queue)?.ripe_at()
    }

    /// The queue of one backend has changed.
    pub(crate) fn update(&mut self, queue: usize, state: QueueState) {
        if let Some(filling) = self.filling.get_mut(queue) {
            filling.update(state);
        }
    }

    /// The host ends: what fills is dropped. How many spans that were.
    pub(crate) fn shut(&mut self) -> u64 {
        let dropped = self.filling.iter_mut().map(Filling::shut);
        dropped.sum()
    }

    /// How many backends there are.
    pub(crate) const fn len(&self) -> usize {
        self.filling.len()
    }

    /// The counters of one backend, as far as this half knows them.
    pub(crate) fn counters(&self, queue: usize) -> Option<&Counters> {
        Some(self.filling.get(queue)?.counters())
    }
}
