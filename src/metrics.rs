//! The counters and gauges of a gateway, by the names that every host uses.

use core::fmt;

use crate::identity::Unrecorded;
use crate::outbox::{CallOutcome, Counters, Dropped};
use crate::policy::Reason;
use crate::request::Decision;
use crate::words::Word;

/// How many requests had each result.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RequestCounts {
    decisions: [u64; Decision::WORDS.len()],
    unrecorded: [u64; Unrecorded::WORDS.len()],
    rejections: [u64; Reason::WORDS.len()],
}

impl RequestCounts {
    pub(crate) fn count_forward(&mut self, decision: Decision, unrecorded: Option<Unrecorded>) {
        count(&mut self.decisions, decision);
        if let Some(reason) = unrecorded {
            count(&mut self.unrecorded, reason);
        }
    }

    pub(crate) fn count_rejection(&mut self, reason: Reason) {
        count(&mut self.decisions, Decision::Rejected);
        count(&mut self.rejections, reason);
    }
}

/// A counter or a gauge.
#[derive(Clone, Copy, Debug)]
pub struct Metric<'n> {
    /// Its name, the same in every host.
    pub name: MetricName<'n>,
    /// Whether its value can fall.
    pub is_gauge: bool,
    /// Its value.
    pub value: u64,
}

/// A name in parts. It is joined when somebody reads it, and not each time something is counted.
#[derive(Clone, Copy, Debug)]
pub struct MetricName<'n> {
    prefix: MetricPrefix<'n>,
    group: &'n str,
    word: &'n str,
}

/// How the names of a backend's counters begin: with one word or with two.
#[derive(Clone, Copy, Debug)]
pub struct MetricPrefix<'n>(pub &'n str, pub &'n str);

impl fmt::Display for MetricName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix.0)?;
        let others = [self.prefix.1, self.group, self.word];
        others
            .iter()
            .filter(|part| !part.is_empty())
            .try_for_each(|part| write!(f, ".{part}"))
    }
}

/// Receives each metric.
pub type Visitor<'v> = &'v mut dyn FnMut(Metric<'_>);

/// Visits every metric, always all of them and in the same order. `backends` are the names and counters of the backends, in the order of the
/// configuration. The counters of the first one have plain names as well.
pub fn metrics(
    requests: &RequestCounts,
    backends: &mut dyn Iterator<Item = (&str, Counters)>,
    visit: Visitor<'_>,
) {
    let RequestCounts {
        decisions,
        unrecorded,
        rejections,
    } = requests;
    for (group, words, values) in [
        ("requests.decision", Decision::WORDS, decisions.as_slice()),
        ("requests.unrecorded.reason", Unrecorded::WORDS, unrecorded),
        ("rejects.reason", Reason::WORDS, rejections),
    ] {
        family(PLAIN, group, words, &mut values.iter().copied(), visit);
    }
    for (index, (name, counters)) in backends.enumerate() {
        if index == 0 {
            delivery(PLAIN, &counters, visit);
        }
        delivery(MetricPrefix("gatespan.backend", name), &counters, visit);
    }
}

const PLAIN: MetricPrefix<'static> = MetricPrefix("gatespan", "");

/// Visits the metrics of one backend, by names that begin with this prefix.
pub fn delivery(prefix: MetricPrefix<'_>, counters: &Counters, visit: Visitor<'_>) {
    for (group, is_gauge, value) in [
        ("spans.recorded", false, counters.recorded),
        ("spans.exported", false, counters.exported),
        ("queue.spans", true, counters.queued),
        ("queue.bytes", true, counters.queued_bytes),
    ] {
        let name = MetricName {
            prefix,
            group,
            word: "",
        };
        visit(Metric {
            name,
            is_gauge,
            value,
        });
    }
    let dropped = Dropped::MEANINGS.iter();
    family(
        prefix,
        "spans.dropped.reason",
        Dropped::WORDS,
        &mut dropped.map(|reason| counters.dropped.of(*reason)),
        visit,
    );
    let calls = CallOutcome::MEANINGS.iter();
    family(
        prefix,
        "export.calls.outcome",
        CallOutcome::WORDS,
        &mut calls.map(|outcome| counters.calls.of(*outcome)),
        visit,
    );
}

/// Visits counters whose names differ in the last word.
fn family(
    prefix: MetricPrefix<'_>,
    group: &str,
    words: &[&str],
    values: &mut dyn Iterator<Item = u64>,
    visit: Visitor<'_>,
) {
    for (word, value) in words.iter().zip(values) {
        let name = MetricName {
            prefix,
            group,
            word,
        };
        visit(Metric {
            name,
            is_gauge: false,
            value,
        });
    }
}

fn count<W: Word>(counts: &mut [u64], word: W) {
    let place = W::MEANINGS.iter().position(|known| *known == word);
    if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
        *count += 1;
    }
}
