//! What the Worker was given: texts (variables and secrets), and bindings, of which only the names come in here.

use alloc::collections::BTreeMap;

/// The environment of a Worker.
pub(crate) struct Environment {
    texts: BTreeMap<String, String>,
    bindings: Vec<String>,
}

impl Environment {
    /// Reads `[{name: text}, [binding]]`, which the JavaScript half writes.
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
}
