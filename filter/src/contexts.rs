//! The contexts of a VM by their numbers: Envoy may put several configurations into one, the old and the new among them.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::root::Root;
use crate::stream::Stream;

/// All that is alive in this VM.
pub(crate) struct Contexts {
    /// Few: one for each configuration.
    roots: Vec<(u32, Root)>,
    streams: HashMap<u32, Stream, BuildHasherDefault<Number>>,
}

impl Contexts {
    pub(crate) const fn new() -> Self {
        Self {
            roots: Vec::new(),
            streams: HashMap::with_hasher(BuildHasherDefault::new()),
        }
    }

    /// A root has no parent. A stream under a root without a configuration is nobody's.
    pub(crate) fn create(&mut self, id: u32, parent: u32) {
        if parent == 0 {
            self.roots.push((id, Root::default()));
        } else if let Some(worker) = self.root(parent).and_then(|root| root.worker()) {
            self.streams.insert(id, Stream::new(worker));
        }
    }

    pub(crate) fn root(&mut self, id: u32) -> Option<&mut Root> {
        let root = self.roots.iter_mut().find(|(known, _)| *known == id);
        root.map(|(_, root)| root)
    }

    pub(crate) fn stream(&mut self, id: u32) -> Option<&mut Stream> {
        self.streams.get_mut(&id)
    }

    /// Whether the context is ready to go: a stream is, once its span is closed.
    pub(crate) fn finish(&mut self, id: u32) -> bool {
        if let Some(stream) = self.stream(id) {
            stream.close();
            return true;
        }
        self.root(id).is_none_or(Root::finish)
    }

    pub(crate) fn delete(&mut self, id: u32) {
        if self.streams.remove(&id).is_none() {
            self.roots.retain(|(known, _)| *known != id);
        }
    }
}

/// Numbers that count up need no more than to be spread: the map looks at the highest bits and at the lowest.
#[derive(Default)]
struct Number(u64);

impl Hasher for Number {
    fn write_u32(&mut self, number: u32) {
        self.0 = u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u32(u32::from(*byte) ^ self.0 as u32);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_never_configured_lets_everything_pass() {
        let mut contexts = Contexts::new();
        contexts.create(1, 0);
        contexts.create(2, 1);
        contexts.create(3, 99);
        assert!(contexts.stream(2).is_none() && contexts.stream(3).is_none());
        assert!(contexts.finish(2) && contexts.finish(1) && contexts.finish(77));
        contexts.delete(2);
        contexts.delete(1);
        assert!(contexts.root(1).is_none());
    }
}
