//! A lane whose batches a carrier delivers, and the lane on the other side of the carrier.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::Lane;
use crate::backend::Meaning;
use crate::backend::{self, Via};
use crate::outbox::Settings;
use crate::outbox::batch::Batch;
use crate::outbox::counters::CallOutcome;
use crate::outbox::parcel::Parcel;

impl Lane {
    /// The batch whose call is next, packed with all its calls.
    pub(in crate::outbox) fn pack(&self, backend: &backend::Settings) -> Option<Vec<u8>> {
        Some(self.waiting.front()?.pack(self.api, backend))
    }

    /// A carrier has taken the batch in flight, all of it.
    pub(super) fn hand_over(&mut self) {
        self.counters.call(CallOutcome::Ok);
        self.recover();
        if let Some(batch) = self.waiting.pop_front() {
            self.counters.export(batch.units());
            self.counters.resize(batch.bytes(), 0);
        }
    }

    /// All that waits, packed.
    pub(in crate::outbox) fn parcels(&self, backend: &backend::Settings) -> Vec<Vec<u8>> {
        let packed = |batch: &Batch| batch.pack(self.api, backend);
        self.waiting.iter().map(packed).collect()
    }

    /// Takes over what a carrier has brought. It is tried for as long as the carrier brings it.
    pub(in crate::outbox) fn take_over(&mut self, parcel: &Parcel<'_>, before: u32) -> Option<()> {
        // That it was brought before does not say that it was sent. Where a server's word for what is there already is that
        // for any trouble, it is not believed: the carrier knows how often to bring it, and where to put it then.
        let is_word_for_all = (self.api.meaning)(500) == Meaning::Unclear;
        let batch = Batch::unpacked(parcel, self.api, before > 0 && !is_word_for_all)?;
        // Nothing would ever come of a batch without a call.
        batch.next_call(self.api)?;
        self.backoff.resume(before);
        self.plan.attempts = u32::MAX;
        self.counters.recorded = batch.units() as u64;
        self.counters.queued = batch.units() as u64;
        self.counters.queued_bytes = batch.bytes() as u64;
        self.waiting = VecDeque::from([batch]);
        Some(())
    }
}

/// A carrier takes no batch of any size.
pub(super) fn fitted(plan: Settings, via: Via) -> Settings {
    match via {
        Via::Http => plan,
        Via::Queue => Settings {
            batch_bytes: plan.batch_bytes.min(MESSAGE_BYTES),
            ..plan
        },
    }
}

/// A message of a Queue holds 128 KB, and a batch is full with the span that makes it larger than this.
const MESSAGE_BYTES: u32 = 64_000;
