//! What a host counts, and the names under which every host shows it.

use core::fmt;

use crate::backend;
use crate::gate::Pass;
use crate::identity::Unrecorded;
use crate::outbox::{CallOutcome, Counters, Dropped, Outbox};
use crate::policy::Reason;
use crate::request::Decision;
use crate::words::Word;

/// What became of the requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    decisions: [u64; Decision::WORDS.len()],
    unrecorded: [u64; Unrecorded::WORDS.len()],
    rejects: [u64; Reason::WORDS.len()],
}

/// A counter or a gauge.
#[derive(Clone, Copy, Debug)]
pub struct Metric<'n> {
    /// Its name, the same in every host.
    pub name: Name<'n>,
    /// Whether it may fall.
    pub is_gauge: bool,
    /// Its value.
    pub value: u64,
}

/// A name in parts: it is put together for those who want to read it, and not each time something is counted.
#[derive(Clone, Copy, Debug)]
pub struct Name<'n> {
    prefix: Prefix<'n>,
    group: &'n str,
    word: &'n str,
}

/// How the names of a backend's counters begin: with one word or with two.
#[derive(Clone, Copy, Debug)]
pub struct Prefix<'n>(pub &'n str, pub &'n str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix.0)?;
        let others = [self.prefix.1, self.group, self.word];
        others
            .iter()
            .filter(|part| !part.is_empty())
            .try_for_each(|part| write!(f, ".{part}"))
    }
}

/// Who is told of each metric.
pub type Listener<'l> = &'l mut dyn FnMut(Metric<'_>);

impl Tally {
    /// A request was let through.
    pub fn passed(&mut self, pass: &Pass<'_>) {
        count(&mut self.decisions, pass.decision);
        if let Some(reason) = pass.unrecorded {
            count(&mut self.unrecorded, reason);
        }
    }

    /// A request was refused.
    pub fn rejected(&mut self, reason: Reason) {
        count(&mut self.decisions, Decision::Rejected);
        count(&mut self.rejects, reason);
    }
}

/// Tells every metric, always all of them and in the same order. The counters of the first backend stand under the plain
/// names as well as under its own.
pub fn metrics(tally: &Tally, outbox: &Outbox, backends: &[backend::Settings], tell: Listener<'_>) {
    family(
        PLAIN,
        "requests.decision",
        Decision::WORDS,
        &tally.decisions,
        tell,
    );
    let reasons = &tally.unrecorded;
    family(
        PLAIN,
        "requests.unrecorded.reason",
        Unrecorded::WORDS,
        reasons,
        tell,
    );
    family(PLAIN, "rejects.reason", Reason::WORDS, &tally.rejects, tell);
    for (index, backend) in backends.iter().enumerate() {
        let mut all = outbox.counters();
        let found = all.find(|(backend, _)| *backend == index);
        let counters = found.map_or_else(Counters::default, |(_, counters)| counters);
        if index == 0 {
            delivery(PLAIN, &counters, tell);
        }
        delivery(Prefix("gatespan.backend", &backend.name), &counters, tell);
    }
}

const PLAIN: Prefix<'static> = Prefix("gatespan", "");

/// Tells what became of spans, under names with this beginning.
pub fn delivery(prefix: Prefix<'_>, counters: &Counters, tell: Listener<'_>) {
    for (group, is_gauge, value) in [
        ("spans.recorded", false, counters.recorded),
        ("spans.exported", false, counters.exported),
        ("queue.spans", true, counters.queued),
        ("queue.bytes", true, counters.queued_bytes),
    ] {
        let name = Name {
            prefix,
            group,
            word: "",
        };
        tell(Metric {
            name,
            is_gauge,
            value,
        });
    }
    family(
        prefix,
        "spans.dropped.reason",
        Dropped::WORDS,
        &counters.dropped,
        tell,
    );
    family(
        prefix,
        "export.calls.outcome",
        CallOutcome::WORDS,
        &counters.calls,
        tell,
    );
}

/// Counters that differ in their last word, in the order of the words.
#[inline(never)]
fn family(prefix: Prefix<'_>, group: &str, words: &[&str], values: &[u64], tell: Listener<'_>) {
    for (word, value) in words.iter().zip(values) {
        let name = Name {
            prefix,
            group,
            word,
        };
        tell(Metric {
            name,
            is_gauge: false,
            value: *value,
        });
    }
}

fn count<W: Word>(counts: &mut [u64], word: W) {
    let place = W::MEANINGS.iter().position(|known| *known == word);
    if let Some(count) = place.and_then(|place| counts.get_mut(place)) {
        *count += 1;
    }
}
