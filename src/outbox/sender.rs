//! The half of the outbox that calls the backends.

use alloc::vec::Vec;

use super::call::{Call, CallId, Outcome};
use super::counters::Counters;
use super::queue::{Queue, QueueState};
use super::queued_batch::QueuedBatch;
use super::{Delivery, SealedBatch};
use crate::time::Time;

/// Sends batches to all backends, one call to each at a time.
#[derive(Debug)]
pub struct Sender {
    queues: Vec<Queue>,
}

/// What the requests' half knows of the sender. It may be older than the sender: the counters stay exact, and room is promised with
/// caution.
#[derive(Clone, Debug)]
pub struct SenderState(pub(crate) Vec<QueueState>);

impl Sender {
    /// A sender with nothing to send. `seed` makes the pauses of many gateways differ.
    #[must_use]
    pub fn new(delivery: Delivery<'_>, seed: u64) -> Self {
        let backends = delivery.backends.iter().enumerate();
        let queue = |(index, backend)| Queue::new(index, backend, delivery.settings, seed);
        Self {
            queues: backends.filter_map(queue).collect(),
        }
    }

    /// A sender for one message of a Cloudflare Queue; none if the message is not a batch for one of these backends. `before` is how often
    /// the message was delivered already. A batch that fails stays for as long as the Cloudflare Queue delivers it, with longer pauses
    /// each time.
    #[must_use]
    pub fn of_message(
        delivery: Delivery<'_>,
        message: &[u8],
        before: u32,
        seed: u64,
    ) -> Option<Self> {
        let message = QueuedBatch::unpack(message)?;
        let mut backends = delivery.backends.iter().enumerate();
        let (index, backend) = backends.find(|(_, backend)| backend.name == message.backend)?;
        let mut queue = Queue::new(index, backend, delivery.settings, seed)?;
        queue.take_over(&message, before)?;
        Some(Self {
            queues: [queue].into(),
        })
    }

    /// Takes a batch from the requests' half.
    pub fn accept(&mut self, sealed: SealedBatch) {
        if let Some(queue) = self.queues.get_mut(sealed.queue) {
            queue.accept(sealed.batch, sealed.is_next);
        }
    }

    /// The next call, if one is due. At most one call to each backend is in flight.
    pub fn poll(&mut self, now: Time) -> Option<Call<'_>> {
        self.queues.iter_mut().for_each(|queue| queue.expire(now));
        let index = self.queues.iter().position(|queue| queue.is_due(now))?;
        self.queues.get_mut(index)?.begin_call(now);
        self.call_in_flight(index)
    }

    pub(crate) fn call_in_flight(&self, index: usize) -> Option<Call<'_>> {
        self.queues.get(index)?.call_in_flight(index as u32)
    }

    /// Passes the outcome of a call. An outcome that comes too late, or of an unknown call, is ignored.
    pub fn settle(&mut self, id: CallId, outcome: Outcome<'_>, now: Time) {
        if let Some(queue) = self.queues.get_mut(id.queue as usize) {
            queue.settle(id.call, outcome, now);
        }
    }

    /// The batch of a call as a message for a Cloudflare Queue: all calls of the batch, not only this one. A gateway with the same backends
    /// reads it with [`of_message`](Self::of_message).
    #[must_use]
    pub fn message(&self, id: CallId) -> Option<Vec<u8>> {
        self.queues.get(id.queue as usize)?.next_message()
    }

    /// Everything that waits, as messages for a Cloudflare Queue.
    #[must_use]
    pub fn messages(&self) -> Vec<Vec<u8>> {
        self.queues.iter().flat_map(Queue::messages).collect()
    }

    /// When [`poll`](Self::poll) will have something to do, if nothing else happens before.
    #[must_use]
    pub fn wake_at(&self) -> Option<Time> {
        let wake_at = |queue: &Queue| queue.wake_at(None);
        self.queues.iter().filter_map(wake_at).min()
    }

    /// The host ends soon, and no spans follow: no batch waits until it is full, and no attempt waits, unless the backend asked for a pause.
    pub fn leave(&mut self, now: Time) {
        self.queues.iter_mut().for_each(|queue| queue.leave(now));
    }

    /// Whether a host that ends need not wait any more: nothing is queued, or no backend accepts it. A backend that accepts nothing for
    /// the time of three calls is not awaited.
    #[must_use]
    pub fn is_done(&self, now: Time) -> bool {
        let is_done = |queue: &Queue| queue.is_done(queue.counters().queued, now);
        self.queues.iter().all(is_done)
    }

    /// The host ends: what is queued or in flight is dropped and counted, and so is what follows. How many spans were queued.
    pub fn shut(&mut self) -> u64 {
        self.queues.iter_mut().map(Queue::shut).sum()
    }

    /// What the requests' half has to know.
    #[must_use]
    pub fn state(&self) -> SenderState {
        SenderState(self.queues.iter().map(Queue::state).collect())
    }

    /// The counters of each backend, in the order of the configuration. Here a span is recorded when its batch arrives.
    pub fn counters(&self) -> impl Iterator<Item = &Counters> {
        self.queues.iter().map(Queue::counters)
    }

    pub(crate) fn queue(&self, index: usize) -> Option<&Queue> {
        self.queues.get(index)
    }

    pub(crate) fn queue_mut(&mut self, index: usize) -> Option<&mut Queue> {
        self.queues.get_mut(index)
    }
}
