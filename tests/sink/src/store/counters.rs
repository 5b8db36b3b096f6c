//! The counters of each system. Unlike the logs they are complete.

use std::collections::BTreeMap;

use serde_json::{Value, json};

#[derive(Default)]
pub(crate) struct Counters {
    /// Requests with data.
    pub(crate) requests: u64,
    /// Accepted requests, and their items. A lost response does not change this.
    pub(crate) taken: u64,
    pub(crate) items: u64,
    /// Requests that were refused because of their content.
    pub(crate) refused: u64,
    /// Requests whose body was cut off.
    pub(crate) broken: u64,
    /// Requests that got a fault on demand, by kind.
    pub(crate) faults: BTreeMap<&'static str, u64>,
}

impl Counters {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "requests": self.requests,
            "taken": self.taken,
            "items": self.items,
            "refused": self.refused,
            "broken": self.broken,
            "faults": self.faults,
        })
    }
}
