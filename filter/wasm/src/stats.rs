//! Envoy's counters and gauges. What happens is tallied in the core and told to the host on a tick: a call for each count
//! would cost every request.

use gatespan::Gateway;
use gatespan::metrics::Metric;

use crate::{host, ledger};

/// The metrics of one worker.
#[derive(Default)]
pub(crate) struct Stats {
    /// In the core's order.
    known: Vec<Known>,
}

/// A metric as the host knows it.
struct Known {
    /// Of a gauge its name: see `ledger`.
    gauge: Option<String>,
    /// The host's number of it.
    id: Option<u32>,
    told: u64,
}

impl Stats {
    /// Tells the host what happened since the last time. The first time defines every metric, so that all are there
    /// before anything happened.
    pub(crate) fn publish(&mut self, gateway: &Gateway) {
        let known = &mut self.known;
        let mut place = 0;
        gateway.metrics(&mut |metric| {
            if place == known.len() {
                known.push(Known::define(&metric));
            }
            if let Some(known) = known.get_mut(place) {
                known.tell(metric.value);
            }
            place += 1;
        });
    }

    /// What the gauges were told, but for those that are 0, as `ledger` wants it.
    pub(crate) fn gauges(&self) -> Vec<u8> {
        let mut parts = Vec::new();
        for Known { gauge, told, .. } in &self.known {
            if let (Some(name), 1..) = (gauge, *told) {
                ledger::put(&mut parts, name, *told);
            }
        }
        parts
    }
}

impl Known {
    fn define(metric: &Metric<'_>) -> Self {
        let name = metric.name.to_string();
        Self {
            id: host::define_metric(&name, metric.is_gauge),
            gauge: metric.is_gauge.then_some(name),
            told: 0,
        }
    }

    fn tell(&mut self, value: u64) {
        let before = core::mem::replace(&mut self.told, value);
        let offset = value.wrapping_sub(before).cast_signed();
        if let (Some(id), true) = (self.id, offset != 0) {
            // A metric that cannot be counted is not worth a request.
            let _ = host::add_to_metric(id, offset);
        }
    }
}
