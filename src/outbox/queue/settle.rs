//! What the outcome of a call means for its batch.

use super::Queue;
use crate::backend::{Meaning, pause};
use crate::outbox::batch::Batch;
use crate::outbox::call::Outcome;
use crate::outbox::counters::{CallOutcome, Dropped};
use crate::time::Time;

impl Queue {
    /// Settles the call in flight. The outcome of any other call comes too late and is ignored.
    pub(in crate::outbox) fn settle(&mut self, call: u32, outcome: Outcome<'_>, now: Time) {
        if self.in_flight.take_if(|known| known.call == call).is_none() {
            return;
        }
        let (code, asked_s, body) = match outcome {
            Outcome::Status {
                code,
                headers,
                body,
            } => (code, pause::asked(headers, now), body),
            Outcome::Taken => return self.hand_over(),
            Outcome::Lost => return self.retry(Unknown::IsStored, None, now),
        };
        let batch = self.waiting.front();
        let is_repeat = batch.is_some_and(|batch| batch.is_repeat);
        let is_unclear = batch.is_some_and(|batch| batch.is_unclear);
        let meaning = (self.api.meaning)(code);
        // A host that ends waits for a backend that accepts calls: their number is limited.
        if self.leaving.is_some() && meaning.is_taken() {
            self.stay(now);
        }
        match meaning {
            Meaning::Stored => self.advance(body),
            Meaning::There | Meaning::Unclear if is_repeat => self.advance(&[]),
            Meaning::Unclear if !is_unclear => self.retry(Unknown::IsValid, asked_s, now),
            Meaning::Split | Meaning::There | Meaning::Unclear => self.split(),
            Meaning::Wait => self.retry(Unknown::Nothing, asked_s, now),
            Meaning::Later => self.retry(Unknown::IsStored, asked_s, now),
            Meaning::Stop => self.stop(code, now),
            Meaning::Refused => self.refuse(),
        }
    }

    /// The call was accepted: the next call of its batch follows, or the next batch. The response may report spans that were not stored.
    fn advance(&mut self, body: &[u8]) {
        self.counters.call(CallOutcome::Ok);
        self.recover();
        let api = self.api;
        if let Some(batch) = self.waiting.front_mut() {
            let before = batch.bytes();
            batch.accept();
            self.counters.resize(before, batch.bytes());
            // The last call of a batch sends the spans.
            if let Some(missing) = api.missing.filter(|_| batch.next_call(api).is_none()) {
                let missing = missing(body, batch.units()).min(batch.units());
                batch.remove_units(missing);
                self.counters.drop(Dropped::Refused, missing);
            }
        }
        self.remove_sent();
    }

    /// Nothing of the batch is stored, and it is not sent again.
    fn refuse(&mut self) {
        self.counters.call(CallOutcome::Failed);
        self.recover();
        if let Some(batch) = self.waiting.pop_front() {
            self.drop_batch(&batch, Dropped::Refused);
        }
    }

    /// A span of the batch is invalid: halves are sent until it is alone.
    fn split(&mut self) {
        self.recover();
        let Some(batch) = self.waiting.pop_front() else {
            return;
        };
        if batch.units() <= 1 {
            self.counters.call(CallOutcome::Failed);
            self.drop_batch(&batch, Dropped::Refused);
            return;
        }
        self.counters.call(CallOutcome::Split);
        let [first, second] = batch.halves(self.api);
        self.counters
            .resize(batch.bytes(), first.bytes() + second.bytes());
        self.waiting.push_front(second);
        self.waiting.push_front(first);
        self.remove_sent();
    }

    /// The same body is sent again after a pause.
    fn retry(&mut self, unknown: Unknown, asked_s: Option<u32>, now: Time) {
        let was_last = self.fail(unknown);
        self.counters.call(if was_last {
            CallOutcome::Failed
        } else {
            CallOutcome::Retry
        });
        self.backoff.grow(&self.settings, asked_s, now);
    }

    /// The backend refuses everything until somebody changes something (401, 403, a wrong URL). Nothing new is recorded for it, and from
    /// time to time one call asks again. That call counts as an attempt: a firewall that refuses one batch for a path in it must not stop
    /// the export for ever.
    fn stop(&mut self, code: u16, now: Time) {
        self.fail(Unknown::Nothing);
        self.counters.call(CallOutcome::Failed);
        if self.counters.stopped.replace(code).is_none() {
            self.counters.stops += 1;
        }
        self.backoff.pause_longest(&self.settings, now);
    }

    /// Counts a failed attempt. Whether it was the last one.
    fn fail(&mut self, unknown: Unknown) -> bool {
        let attempts = self.settings.attempts;
        let Some(batch) = self.waiting.front_mut() else {
            return false;
        };
        batch.failures += 1;
        match unknown {
            Unknown::Nothing => {}
            Unknown::IsStored => batch.is_repeat = true,
            Unknown::IsValid => batch.is_unclear = true,
        }
        let was_last = batch.failures >= attempts;
        if was_last && let Some(batch) = self.waiting.pop_front() {
            self.drop_batch(&batch, Dropped::GaveUp);
        }
        was_last
    }

    pub(super) const fn recover(&mut self) {
        self.backoff.reset();
        self.counters.stopped = None;
    }

    /// Removes batches that have no call left.
    fn remove_sent(&mut self) {
        let api = self.api;
        let is_sent = |batch: &Batch| batch.next_call(api).is_none();
        while self.waiting.front().is_some_and(is_sent) {
            if let Some(batch) = self.waiting.pop_front() {
                self.counters.export(batch.units());
                self.counters.resize(batch.bytes(), 0);
            }
        }
    }

    fn drop_batch(&mut self, batch: &Batch, reason: Dropped) {
        self.counters.drop(reason, batch.units());
        self.counters.resize(batch.bytes(), 0);
    }
}

/// What is not known of a batch whose call has failed.
#[derive(Clone, Copy)]
enum Unknown {
    /// It was not looked at.
    Nothing,
    /// Whether the backend has stored it.
    IsStored,
    /// Whether a span in it is invalid.
    IsValid,
}
