//! What became of every span. At every moment recorded = exported + dropped + queued; in flight counts as queued.

use crate::words::words;

words! {
    /// Why a span was not delivered.
    Dropped {
        /// There was no room for it.
        QueueFull = "queue_full",
        /// The backend refused it by itself.
        Refused = "refused",
        /// Every try failed.
        GaveUp = "gave_up",
        /// The host ended.
        Shutdown = "shutdown",
    }
}

words! {
    /// What came of a call. Each call that was made has exactly one outcome, as soon as it is settled.
    CallOutcome {
        /// It was accepted.
        Ok = "ok",
        /// It is made again, with the same body.
        Retry = "retry",
        /// Its batch was cut in two.
        Split = "split",
        /// What it carried was dropped, or the backend refuses everything.
        Failed = "failed",
    }
}

/// The counters of one backend.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counters {
    /// Spans that ended.
    pub recorded: u64,
    /// Spans that a backend has.
    pub exported: u64,
    /// Spans dropped, by reason.
    pub dropped: [u64; 4],
    /// Calls, by outcome.
    pub calls: [u64; 4],
    /// Spans waiting or in flight.
    pub queued: u64,
    /// Their bytes.
    pub queued_bytes: u64,
    /// How often the backend began to refuse everything: a host says it once, and loudly, each time this grows.
    pub stops: u64,
    /// The status with which it refuses everything at present.
    pub stopped: Option<u16>,
}

impl Counters {
    /// Whether nothing is lost from sight.
    #[must_use]
    pub fn add_up(&self) -> bool {
        self.recorded == self.exported + self.dropped.iter().sum::<u64>() + self.queued
    }

    /// Adds what another outbox has counted.
    pub fn add(&mut self, other: &Self) {
        let sum = |mine: [u64; 4], theirs: [u64; 4]| {
            let mut theirs = theirs.into_iter();
            mine.map(|count| count + theirs.next().unwrap_or_default())
        };
        self.recorded += other.recorded;
        self.exported += other.exported;
        self.queued += other.queued;
        self.queued_bytes += other.queued_bytes;
        self.stops += other.stops;
        self.dropped = sum(self.dropped, other.dropped);
        self.calls = sum(self.calls, other.calls);
    }

    /// A span came that is not queued.
    pub(super) const fn turn_away(&mut self, reason: Dropped) {
        self.recorded += 1;
        self.count(reason, 1);
    }

    /// A span was queued.
    pub(super) const fn queue(&mut self, bytes: usize) {
        self.recorded += 1;
        self.queued += 1;
        self.queued_bytes += bytes as u64;
    }

    /// Queued spans were delivered.
    pub(super) const fn export(&mut self, spans: usize) {
        self.queued -= spans as u64;
        self.exported += spans as u64;
    }

    /// Queued spans were dropped.
    pub(super) const fn drop(&mut self, reason: Dropped, spans: usize) {
        self.queued -= spans as u64;
        self.count(reason, spans);
    }

    /// The queue was written anew, in part.
    pub(super) const fn resize(&mut self, before: usize, after: usize) {
        self.queued_bytes = self.queued_bytes + after as u64 - before as u64;
    }

    pub(super) const fn call(&mut self, outcome: CallOutcome) {
        let [ok, retry, split, failed] = &mut self.calls;
        *match outcome {
            CallOutcome::Ok => ok,
            CallOutcome::Retry => retry,
            CallOutcome::Split => split,
            CallOutcome::Failed => failed,
        } += 1;
    }

    const fn count(&mut self, reason: Dropped, spans: usize) {
        let [queue_full, refused, gave_up, shutdown] = &mut self.dropped;
        *match reason {
            Dropped::QueueFull => queue_full,
            Dropped::Refused => refused,
            Dropped::GaveUp => gave_up,
            Dropped::Shutdown => shutdown,
        } += spans as u64;
    }
}
