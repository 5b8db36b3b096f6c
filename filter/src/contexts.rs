//! The contexts of a VM by their numbers: Envoy may put several configurations into one, the old and the new among them.

use crate::root::Root;
use crate::stream::Stream;
use crate::streams::Streams;

/// All that is alive in this VM.
pub(crate) struct Contexts {
    /// Few: one for each configuration.
    roots: Vec<(u32, Root)>,
    streams: Streams,
}

impl Contexts {
    pub(crate) const fn new() -> Self {
        Self {
            roots: Vec::new(),
            streams: Streams::new(),
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
        self.streams.find(id)
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
        if !self.streams.remove(id) {
            self.roots.retain(|(known, _)| *known != id);
        }
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
