//! What the Worker was given: texts (variables and secrets), and bindings, of which only names and methods come in here.

use alloc::collections::BTreeMap;

/// The environment of a Worker.
pub(crate) struct Environment {
    texts: BTreeMap<String, String>,
    /// Names, and `NAME.METHOD` for each method that we ask for.
    bindings: Vec<String>,
}

impl Environment {
    /// Reads `[{name: text}, [binding or binding.method]]`, which the JavaScript half writes.
    pub(crate) fn read(json: &str) -> Self {
        let (texts, bindings) = serde_json::from_str(json).unwrap_or_default();
        Self { texts, bindings }
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    pub(crate) fn has_binding(&self, name: &str) -> bool {
        self.bindings.iter().any(|known| known == name)
    }

    /// Whether a binding has a method: a service has `fetch`, a Queue has `send`.
    pub(crate) fn has_method(&self, binding: &str, method: &str) -> bool {
        let is_it = |known: &String| {
            let rest = known.strip_prefix(binding);
            rest.and_then(|rest| rest.strip_prefix('.')) == Some(method)
        };
        self.bindings.iter().any(is_it)
    }
}
