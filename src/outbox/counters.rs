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
    /// What came of a call.
    CallOutcome {
        /// It was accepted.
        Ok = "ok",
        /// It is made again.
        Retry = "retry",
        /// Its batch was cut in two.
        Split = "split",
        /// Its batch was dropped, or the backend refuses everything.
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
}

impl Counters {
    /// Whether nothing is lost from sight.
    #[must_use]
    pub fn add_up(&self) -> bool {
        self.recorded == self.exported + self.dropped.iter().sum::<u64>() + self.queued
    }

    pub(super) fn drop(&mut self, reason: Dropped, spans: usize) {
        if let Some(counter) = self.dropped.get_mut(reason as usize) {
            *counter += spans as u64;
        }
    }

    pub(super) fn call(&mut self, outcome: CallOutcome) {
        if let Some(counter) = self.calls.get_mut(outcome as usize) {
            *counter += 1;
        }
    }
}
