//! What an outcome means for the batch at the head of the queue.

use super::Lane;
use crate::backend::{Meaning, pause};
use crate::outbox::batch::Batch;
use crate::outbox::counters::{CallOutcome, Dropped};
use crate::outbox::dispatch::Outcome;
use crate::time::Time;

impl Lane {
    /// What came of the call in flight; of any other, nothing comes any more.
    pub(in crate::outbox) fn settle(&mut self, call: u32, outcome: Outcome<'_>, now: Time) {
        if self.flight.take_if(|flight| flight.call == call).is_none() {
            return;
        }
        let (code, asked_s, answer) = match outcome {
            Outcome::Status {
                code,
                headers,
                answer,
            } => (code, pause::asked(headers, now), answer),
            Outcome::Taken => return self.hand_over(),
            Outcome::Lost => return self.retry(Doubt::Stored, None, now),
        };
        let batch = self.waiting.front();
        let is_repeat = batch.is_some_and(|batch| batch.is_repeat);
        let is_unclear = batch.is_some_and(|batch| batch.is_unclear);
        let meaning = (self.api.meaning)(code);
        // Whoever goes on taking calls is worth waiting for, and there are only so many of them.
        if self.farewell.is_some() && meaning.is_taken() {
            self.linger(now);
        }
        match meaning {
            Meaning::Stored => self.advance(answer),
            Meaning::There | Meaning::Unclear if is_repeat => self.advance(&[]),
            Meaning::Unclear if !is_unclear => self.retry(Doubt::Bad, asked_s, now),
            Meaning::Split | Meaning::There | Meaning::Unclear => self.split(),
            Meaning::Wait => self.retry(Doubt::None, asked_s, now),
            Meaning::Later => self.retry(Doubt::Stored, asked_s, now),
            Meaning::Stop => self.stop(code, now),
            Meaning::Refused => self.refuse(),
        }
    }

    /// The call was accepted: the next one of its batch, or the next batch. An answer may say that not all of it was.
    fn advance(&mut self, answer: &[u8]) {
        self.counters.call(CallOutcome::Ok);
        self.recover();
        let api = self.api;
        if let Some(batch) = self.waiting.front_mut() {
            let before = batch.bytes();
            batch.accept();
            self.counters.resize(before, batch.bytes());
            // Of the calls of a batch the last one brings the spans.
            if let Some(missing) = api.missing.filter(|_| batch.next_call(api).is_none()) {
                let missing = missing(answer, batch.units()).min(batch.units());
                batch.lack(missing);
                self.counters.drop(Dropped::Refused, missing);
            }
        }
        self.retire();
    }

    /// Nothing of the batch is stored, and it is not sent again.
    fn refuse(&mut self) {
        self.counters.call(CallOutcome::Failed);
        self.recover();
        if let Some(batch) = self.waiting.pop_front() {
            self.forget(&batch, Dropped::Refused);
        }
    }

    /// Something in the batch is bad: halves of it are sent until the bad one stands alone.
    fn split(&mut self) {
        self.recover();
        let Some(batch) = self.waiting.pop_front() else {
            return;
        };
        if batch.units() <= 1 {
            self.counters.call(CallOutcome::Failed);
            self.forget(&batch, Dropped::Refused);
            return;
        }
        self.counters.call(CallOutcome::Split);
        let [first, second] = batch.halves(self.api);
        self.counters
            .resize(batch.bytes(), first.bytes() + second.bytes());
        self.waiting.push_front(second);
        self.waiting.push_front(first);
        self.retire();
    }

    /// The same body is sent again after a pause.
    fn retry(&mut self, doubt: Doubt, asked_s: Option<u32>, now: Time) {
        let gave_up = self.fail(doubt);
        self.counters.call(if gave_up {
            CallOutcome::Failed
        } else {
            CallOutcome::Retry
        });
        self.backoff.grow(&self.plan, asked_s, now);
    }

    /// Nothing is accepted until someone changes something: nothing new is taken, and one call asks now and then. That
    /// counts as a try, lest a batch that a guard on the way refuses for what a caller wrote stops the export for ever.
    fn stop(&mut self, code: u16, now: Time) {
        self.fail(Doubt::None);
        self.counters.call(CallOutcome::Failed);
        if self.counters.stopped.replace(code).is_none() {
            self.counters.stops += 1;
        }
        self.backoff.rest(&self.plan, now);
    }

    /// Counts a try that failed. Whether it was the last one.
    fn fail(&mut self, doubt: Doubt) -> bool {
        let most = self.plan.attempts;
        let Some(batch) = self.waiting.front_mut() else {
            return false;
        };
        batch.failures += 1;
        match doubt {
            Doubt::None => {}
            Doubt::Stored => batch.is_repeat = true,
            Doubt::Bad => batch.is_unclear = true,
        }
        let gave_up = batch.failures >= most;
        if gave_up && let Some(batch) = self.waiting.pop_front() {
            self.forget(&batch, Dropped::GaveUp);
        }
        gave_up
    }

    pub(super) fn recover(&mut self) {
        self.backoff.end();
        self.counters.stopped = None;
    }

    /// Lets go of batches at the head that have nothing left to send.
    fn retire(&mut self) {
        let api = self.api;
        let is_done = |batch: &Batch| batch.next_call(api).is_none();
        while self.waiting.front().is_some_and(is_done) {
            if let Some(batch) = self.waiting.pop_front() {
                self.counters.export(batch.units());
                self.counters.resize(batch.bytes(), 0);
            }
        }
    }

    fn forget(&mut self, batch: &Batch, reason: Dropped) {
        self.counters.drop(reason, batch.units());
        self.counters.resize(batch.bytes(), 0);
    }
}

/// What is not known of a batch whose call has failed.
#[derive(Clone, Copy)]
enum Doubt {
    /// It is known: nobody has looked at it.
    None,
    /// Whether it is stored all the same.
    Stored,
    /// Whether something in it is bad.
    Bad,
}
