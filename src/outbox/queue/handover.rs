//! Delivery by way of a Cloudflare Queue: the queue that hands its batches over, and the queue of the consumer.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::Queue;
use crate::backend::Meaning;
use crate::outbox::batch::Batch;
use crate::outbox::counters::CallOutcome;
use crate::outbox::queued_batch::QueuedBatch;

impl Queue {
    /// The batch of the next call as a message, with all its calls.
    pub(in crate::outbox) fn next_message(&self) -> Option<Vec<u8>> {
        Some(self.waiting.front()?.pack(self.api, &self.backend.name))
    }

    /// The Cloudflare Queue has taken the whole batch in flight.
    pub(super) fn hand_over(&mut self) {
        self.counters.call(CallOutcome::Ok);
        self.recover();
        if let Some(batch) = self.waiting.pop_front() {
            self.counters.export(batch.units());
            self.counters.resize(batch.bytes(), 0);
        }
    }

    /// All batches that wait, as messages.
    pub(in crate::outbox) fn messages(&self) -> Vec<Vec<u8>> {
        let packed = |batch: &Batch| batch.pack(self.api, &self.backend.name);
        self.waiting.iter().map(packed).collect()
    }

    /// Takes the batch of a message that was delivered `before` times already. There is no limit to the attempts: the Cloudflare Queue
    /// counts them, and knows where to put a message after the last one.
    pub(in crate::outbox) fn take_over(
        &mut self,
        message: &QueuedBatch<'_>,
        before: u32,
    ) -> Option<()> {
        // That the message was delivered before does not mean that its batch was sent. A server that reports any failure with the status
        // for "already there" is therefore not believed.
        let is_ambiguous = (self.api.meaning)(500) == Meaning::Unclear;
        let batch = Batch::unpacked(message, self.api, before > 0 && !is_ambiguous)?;
        // A batch without a call would stay for ever.
        batch.next_call(self.api)?;
        self.backoff.resume(before);
        self.settings.attempts = u32::MAX;
        self.counters.queue(batch.units(), batch.bytes());
        self.waiting = VecDeque::from([batch]);
        Some(())
    }
}
