//! What became of every span. At every moment recorded = exported + dropped + queued; a span in flight counts as queued.

use crate::words::words;

words! {
    /// Why a span was not delivered.
    Dropped {
        /// The queue was full.
        QueueFull = "queue_full",
        /// The backend refused it.
        Refused = "refused",
        /// Every attempt failed.
        GaveUp = "gave_up",
        /// The host ended.
        Shutdown = "shutdown",
    }
}

words! {
    /// The outcome of a call. Each call is counted once, when it is settled.
    CallOutcome {
        /// The backend accepted it.
        Ok = "ok",
        /// The same body is sent again.
        Retry = "retry",
        /// Its batch was cut in two.
        Split = "split",
        /// Its spans were dropped, or the backend refuses everything.
        Failed = "failed",
    }
}

/// The counters of one backend.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Spans that ended.
    pub recorded: u64,
    /// Spans that the backend accepted.
    pub exported: u64,
    /// Spans that were dropped, by reason.
    pub dropped: DropCounts,
    /// Calls, by outcome.
    pub calls: CallCounts,
    /// Spans that wait or are in flight.
    pub queued: u64,
    /// The bytes of those spans.
    pub queued_bytes: u64,
    /// How often the backend began to refuse everything. A host logs an error each time this grows.
    pub stops: u64,
    /// The status with which the backend refuses everything now.
    pub stopped: Option<u16>,
}

/// Dropped spans, by reason.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "the fields have the names of `Dropped`")]
pub struct DropCounts {
    pub queue_full: u64,
    pub refused: u64,
    pub gave_up: u64,
    pub shutdown: u64,
}

/// Calls, by outcome.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs, reason = "the fields have the names of `CallOutcome`")]
pub struct CallCounts {
    pub ok: u64,
    pub retry: u64,
    pub split: u64,
    pub failed: u64,
}

impl DropCounts {
    /// How many spans were dropped for this reason.
    #[must_use]
    pub const fn of(&self, reason: Dropped) -> u64 {
        match reason {
            Dropped::QueueFull => self.queue_full,
            Dropped::Refused => self.refused,
            Dropped::GaveUp => self.gave_up,
            Dropped::Shutdown => self.shutdown,
        }
    }

    /// How many spans were dropped.
    #[must_use]
    pub const fn sum(&self) -> u64 {
        self.queue_full + self.refused + self.gave_up + self.shutdown
    }

    const fn of_mut(&mut self, reason: Dropped) -> &mut u64 {
        match reason {
            Dropped::QueueFull => &mut self.queue_full,
            Dropped::Refused => &mut self.refused,
            Dropped::GaveUp => &mut self.gave_up,
            Dropped::Shutdown => &mut self.shutdown,
        }
    }
}

impl CallCounts {
    /// How many calls had this outcome.
    #[must_use]
    pub const fn of(&self, outcome: CallOutcome) -> u64 {
        match outcome {
            CallOutcome::Ok => self.ok,
            CallOutcome::Retry => self.retry,
            CallOutcome::Split => self.split,
            CallOutcome::Failed => self.failed,
        }
    }

    /// How many calls were settled.
    #[must_use]
    pub const fn sum(&self) -> u64 {
        self.ok + self.retry + self.split + self.failed
    }

    const fn of_mut(&mut self, outcome: CallOutcome) -> &mut u64 {
        match outcome {
            CallOutcome::Ok => &mut self.ok,
            CallOutcome::Retry => &mut self.retry,
            CallOutcome::Split => &mut self.split,
            CallOutcome::Failed => &mut self.failed,
        }
    }
}

impl Counters {
    /// Whether every span is accounted for.
    #[must_use]
    pub const fn add_up(&self) -> bool {
        self.recorded == self.exported + self.dropped.sum() + self.queued
    }

    /// Adds the counters of another sender to the same backend.
    pub fn add(&mut self, other: &Self) {
        for reason in [
            Dropped::QueueFull,
            Dropped::Refused,
            Dropped::GaveUp,
            Dropped::Shutdown,
        ] {
            *self.dropped.of_mut(reason) += other.dropped.of(reason);
        }
        for outcome in [
            CallOutcome::Ok,
            CallOutcome::Retry,
            CallOutcome::Split,
            CallOutcome::Failed,
        ] {
            *self.calls.of_mut(outcome) += other.calls.of(outcome);
        }
        self.recorded += other.recorded;
        self.exported += other.exported;
        self.queued += other.queued;
        self.queued_bytes += other.queued_bytes;
        self.stops += other.stops;
    }

    /// The counters of both halves. What the first half exports to the second, the second records; the rest is on its way between
    /// them and counts as queued.
    #[must_use]
    pub fn joined(filling: &Self, sending: &Self) -> Self {
        let mut all = *sending;
        all.add(filling);
        all.recorded = filling.recorded;
        all.exported = sending.exported;
        all.queued += filling.exported - sending.recorded;
        all
    }

    /// A span ended that is not queued.
    pub(super) const fn turn_away(&mut self, reason: Dropped) {
        self.recorded += 1;
        *self.dropped.of_mut(reason) += 1;
    }

    /// Spans are queued.
    pub(super) const fn queue(&mut self, spans: usize, bytes: usize) {
        self.recorded += spans as u64;
        self.queued += spans as u64;
        self.queued_bytes += bytes as u64;
    }

    /// Queued spans are accepted by the backend, or by the sending half.
    pub(super) const fn export(&mut self, spans: usize) {
        self.queued -= spans as u64;
        self.exported += spans as u64;
    }

    /// Queued spans are dropped.
    pub(super) const fn drop(&mut self, reason: Dropped, spans: usize) {
        self.queued -= spans as u64;
        *self.dropped.of_mut(reason) += spans as u64;
    }

    /// Queued batches take another number of bytes.
    pub(super) const fn resize(&mut self, before: usize, after: usize) {
        self.queued_bytes = self.queued_bytes + after as u64 - before as u64;
    }

    pub(super) const fn call(&mut self, outcome: CallOutcome) {
        *self.calls.of_mut(outcome) += 1;
    }
}
