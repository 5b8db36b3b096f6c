//! What the Worker was given: texts (variables and secrets), and bindings, of which only names and methods come in here.

use alloc::collections::BTreeMap;

/// The environment of a Worker.
pub(crate) struct Environment {
    texts: BTreeMap<String, String>,
    /// The methods of each binding, as far as we ask for them.
    bindings: BTreeMap<String, Vec<String>>,
}

impl Environment {
    /// Reads `[{name: text}, {binding: [method]}]`, which the JavaScript half writes.
    pub(crate) fn read(json: &str) -> Self {
        let (texts, bindings) = serde_json::from_str(json).unwrap_or_default();
        Self { texts, bindings }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    pub(crate) fn has_binding(&self, name: &str) -> bool {
        self.bindings.contains_key(name)
    }

    /// Whether a binding has a method: a service has `fetch`, a Queue has `send`.
    pub(crate) fn has_method(&self, binding: &str, method: &str) -> bool {
        let methods = self.bindings.get(binding);
        methods.is_some_and(|methods| methods.iter().any(|known| known == method))
    }
}
