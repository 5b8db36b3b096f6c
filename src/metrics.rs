//! What a host counts, and the names under which every host shows it.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::config::Config;
use crate::gate::{Decision, Unrecorded};
use crate::outbox::{CallOutcome, Counters, Dropped, Outbox};
use crate::policy::Reason;
use crate::words::Word;

/// What became of the requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    decisions: [u64; Decision::WORDS.len()],
    unrecorded: [u64; Unrecorded::WORDS.len()],
    rejects: [u64; Reason::WORDS.len()],
}

/// A counter or a gauge.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Metric {
    /// Its name, the same in every host.
    pub name: String,
    /// Whether it may fall.
    pub is_gauge: bool,
    /// Its value.
    pub value: u64,
}

impl Tally {
    /// A request was let through.
    pub fn decided(&mut self, decision: Decision) {
        count(&mut self.decisions, decision);
    }

    /// No span of it is recorded.
    pub fn not_recorded(&mut self, reason: Unrecorded) {
        count(&mut self.unrecorded, reason);
    }

    /// A request was refused.
    pub fn rejected(&mut self, reason: Reason) {
        self.decided(Decision::Rejected);
        count(&mut self.rejects, reason);
    }
}

/// Every metric, always all of them and in the same order. The counters of the first backend stand under the plain names
/// as well as under its own.
#[must_use]
pub fn metrics(tally: &Tally, outbox: &Outbox, config: &Config) -> Vec<Metric> {
    let mut metrics = Vec::new();
    family(
        &mut metrics,
        "gatespan.requests.decision",
        Decision::WORDS,
        &tally.decisions,
    );
    family(
        &mut metrics,
        "gatespan.requests.unrecorded.reason",
        Unrecorded::WORDS,
        &tally.unrecorded,
    );
    family(
        &mut metrics,
        "gatespan.rejects.reason",
        Reason::WORDS,
        &tally.rejects,
    );
    let of_backend = |index| {
        let mut all = outbox.counters();
        let found = all.find(|(backend, _)| *backend == index);
        found.map_or_else(Counters::default, |(_, counters)| counters)
    };
    for (index, backend) in config.backends.iter().enumerate() {
        if index == 0 {
            metrics.extend(delivery("gatespan", &of_backend(index)));
        }
        let prefix = format!("gatespan.backend.{}", backend.name);
        metrics.extend(delivery(&prefix, &of_backend(index)));
    }
    metrics
}

/// What became of spans, under names with this beginning.
#[must_use]
pub fn delivery(prefix: &str, counters: &Counters) -> Vec<Metric> {
    let one = |name: &str, is_gauge, value| Metric {
        name: format!("{prefix}.{name}"),
        is_gauge,
        value,
    };
    let mut metrics = Vec::from([
        one("spans.recorded", false, counters.recorded),
        one("spans.exported", false, counters.exported),
        one("queue.spans", true, counters.queued),
        one("queue.bytes", true, counters.queued_bytes),
    ]);
    family(
        &mut metrics,
        &format!("{prefix}.spans.dropped.reason"),
        Dropped::WORDS,
        &counters.dropped,
    );
    family(
        &mut metrics,
        &format!("{prefix}.export.calls.outcome"),
        CallOutcome::WORDS,
        &counters.calls,
    );
    metrics
}

/// Counters that differ in their last word, in the order of the words.
fn family<W>(metrics: &mut Vec<Metric>, prefix: &str, words: &[(&str, W)], values: &[u64]) {
    metrics.extend(words.iter().zip(values).map(|((word, _), value)| Metric {
        name: format!("{prefix}.{word}"),
        is_gauge: false,
        value: *value,
    }));
}

fn count<W: Word>(counts: &mut [u64], word: W) {
    let place = W::WORDS.iter().position(|(_, known)| *known == word);
    if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
        *count += 1;
    }
}
