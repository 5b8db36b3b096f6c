//! What is counted of each system, and unlike the logs never forgotten.

use std::collections::BTreeMap;

use serde_json::{Value, json};

#[derive(Default)]
pub(crate) struct Counters {
    /// Requests that bring data.
    pub(crate) requests: u64,
    /// Of them those that were taken, and the items in these; a lost answer changes nothing about that.
    pub(crate) taken: u64,
    pub(crate) items: u64,
    /// Those that were refused for what was in them.
    pub(crate) refused: u64,
    /// Those whose body did not come to its end.
    pub(crate) broken: u64,
    /// Those that met trouble on demand, by its word.
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
