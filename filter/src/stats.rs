//! Envoy's counters and gauges. What happens is tallied here and told to the host on a tick: a call for each count would
//! cost every request.

use gatespan::outbox::{CallOutcome, Counters, Dropped};
use gatespan::policy::Reason;
use gatespan::{Decision, Unrecorded, Word};

use crate::host;

/// The counters of the requests of one worker.
pub(crate) struct Stats {
    decisions: Family,
    unrecorded: Family,
    rejects: Family,
    /// Those of each backend; the first has the plain names as well.
    backends: Vec<Delivery>,
}

/// Counters that differ in their last word.
struct Family {
    ids: Vec<Option<u32>>,
    pending: Vec<i64>,
}

impl Family {
    fn new<W: Word>(prefix: &str) -> Self {
        let ids = W::WORDS
            .iter()
            .map(|(word, _)| host::define_metric(&format!("{prefix}.{word}"), false));
        Self {
            ids: ids.collect(),
            pending: vec![0; W::WORDS.len()],
        }
    }

    fn count<W: Word>(&mut self, word: W) {
        let place = W::WORDS.iter().position(|(_, other)| *other == word);
        if let Some(pending) = place.and_then(|place| self.pending.get_mut(place)) {
            *pending += 1;
        }
    }

    fn publish(&mut self) {
        for (id, pending) in self.ids.iter().zip(&mut self.pending) {
            add(*id, core::mem::take(pending));
        }
    }
}

impl Stats {
    /// Defines every metric, so that they are there before anything happened. `names` are those of the backends.
    pub(crate) fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let delivery = |(index, name): (usize, &str)| {
            let named = format!("gatespan.backend.{name}");
            let plain = (index == 0).then(|| "gatespan".to_owned());
            Delivery::new(plain.into_iter().chain([named]))
        };
        Self {
            decisions: Family::new::<Decision>("gatespan.requests.decision"),
            unrecorded: Family::new::<Unrecorded>("gatespan.requests.unrecorded.reason"),
            rejects: Family::new::<Reason>("gatespan.rejects.reason"),
            backends: names.enumerate().map(delivery).collect(),
        }
    }

    pub(crate) fn decided(&mut self, decision: Decision) {
        self.decisions.count(decision);
    }

    pub(crate) fn not_recorded(&mut self, reason: Unrecorded) {
        self.unrecorded.count(reason);
    }

    pub(crate) fn rejected(&mut self, reason: Reason) {
        self.decisions.count(Decision::Rejected);
        self.rejects.count(reason);
    }

    /// Tells the host what happened since the last time.
    pub(crate) fn publish(&mut self, counters: impl Iterator<Item = (usize, Counters)>) {
        for family in [&mut self.decisions, &mut self.unrecorded, &mut self.rejects] {
            family.publish();
        }
        for (index, counters) in counters {
            if let Some(delivery) = self.backends.get_mut(index) {
                delivery.publish(counters);
            }
        }
    }
}

/// What became of the spans of one backend, under one or two names.
struct Delivery {
    metrics: Vec<[Vec<Option<u32>>; 6]>,
    told: Counters,
}

impl Delivery {
    fn new(prefixes: impl Iterator<Item = String>) -> Self {
        let metrics = prefixes.map(|prefix| {
            let one = |name: &str, is_gauge| {
                vec![host::define_metric(&format!("{prefix}.{name}"), is_gauge)]
            };
            let dropped = Dropped::WORDS
                .iter()
                .map(|(word, _)| format!("{prefix}.spans.dropped.reason.{word}"));
            let calls = CallOutcome::WORDS
                .iter()
                .map(|(word, _)| format!("{prefix}.export.calls.outcome.{word}"));
            [
                one("spans.recorded", false),
                one("spans.exported", false),
                dropped
                    .map(|name| host::define_metric(&name, false))
                    .collect(),
                calls
                    .map(|name| host::define_metric(&name, false))
                    .collect(),
                one("queue.spans", true),
                one("queue.bytes", true),
            ]
        });
        Self {
            metrics: metrics.collect(),
            told: Counters::default(),
        }
    }

    fn publish(&mut self, now: Counters) {
        let told = core::mem::replace(&mut self.told, now);
        let flat = |counters: Counters| {
            [
                vec![counters.recorded],
                vec![counters.exported],
                counters.dropped.to_vec(),
                counters.calls.to_vec(),
                vec![counters.queued],
                vec![counters.queued_bytes],
            ]
        };
        for (group, (now, told)) in flat(now).iter().zip(flat(told)).enumerate() {
            for names in &self.metrics {
                let ids = names.get(group).map(Vec::as_slice).unwrap_or_default();
                for (id, (now, told)) in ids.iter().zip(now.iter().zip(&told)) {
                    add(*id, now.wrapping_sub(*told).cast_signed());
                }
            }
        }
    }
}

fn add(id: Option<u32>, offset: i64) {
    if let (Some(id), true) = (id, offset != 0) {
        // A metric that cannot be counted is not worth a request.
        let _ = host::add_to_metric(id, offset);
    }
}
