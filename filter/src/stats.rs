//! Envoy's counters and gauges. What happens is tallied in the core and told to the host on a tick: a call for each count
//! would cost every request.

use gatespan::metrics::{Metric, Tally};

use crate::host;

/// The metrics of one worker.
#[derive(Default)]
pub(crate) struct Stats {
    pub(crate) tally: Tally,
    /// The host's number of each metric, in the core's order.
    ids: Vec<Option<u32>>,
    told: Vec<u64>,
}

impl Stats {
    /// Tells the host what happened since the last time. The first time defines every metric, so that all are there
    /// before anything happened.
    pub(crate) fn publish(&mut self, metrics: &[Metric]) {
        if self.ids.is_empty() {
            let define = |metric: &Metric| host::define_metric(&metric.name, metric.is_gauge);
            self.ids = metrics.iter().map(define).collect();
            self.told = vec![0; metrics.len()];
        }
        for ((id, told), metric) in self.ids.iter().zip(&mut self.told).zip(metrics) {
            let before = core::mem::replace(told, metric.value);
            let offset = metric.value.wrapping_sub(before).cast_signed();
            if let (Some(id), true) = (id, offset != 0) {
                // A metric that cannot be counted is not worth a request.
                let _ = host::add_to_metric(*id, offset);
            }
        }
    }
}
