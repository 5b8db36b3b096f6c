//! The contexts of a VM by their numbers: Envoy may put several configurations into one, the old and the new among them.

use crate::host;
use crate::http_stream::HttpStream;
use crate::root::Root;
use crate::stream_table::StreamTable;

/// All that is alive in this VM.
pub(crate) struct Contexts {
    /// Few: one for each configuration.
    roots: Vec<(u32, Root)>,
    streams: StreamTable<HttpStream>,
}

impl Contexts {
    pub(crate) const fn new() -> Self {
        Self {
            roots: Vec::new(),
            streams: StreamTable::new(),
        }
    }

    /// A root has no parent. A stream under a root without a configuration is nobody's.
    pub(crate) fn create(&mut self, id: u32, parent: u32) {
        if self.streams.find(id).is_some() {
            self.replace(id);
        }
        if parent == 0 {
            self.roots.push((id, Root::default()));
        } else if let Some(shared) = self.root(parent).and_then(|root| root.shared()) {
            self.streams.insert(id, HttpStream::new(shared));
        }
    }

    /// A stream still has the number of a new context: it is over, and what it did is recorded. No good host does this.
    #[cold]
    fn replace(&mut self, id: u32) {
        if let Some(stream) = self.stream(id) {
            // Envoy is at another stream by now, which must not continue this one.
            drop(stream.finish());
        }
        self.streams.remove(id);
    }

    pub(crate) fn root(&mut self, id: u32) -> Option<&mut Root> {
        let root = self.roots.iter_mut().find(|(known, _)| *known == id);
        root.map(|(_, root)| root)
    }

    /// Time has passed for a root, and for the streams that it holds.
    pub(crate) fn tick(&mut self, id: u32) {
        let Some(root) = self.root(id) else { return };
        root.tick();
        if root
            .shared()
            .is_some_and(|shared| shared.gateway.borrow().config().reads_ahead())
        {
            let now = host::now();
            self.streams
                .each(|id, stream| stream.release_overdue(id, now));
        }
    }

    #[inline]
    pub(crate) fn stream(&mut self, id: u32) -> Option<&mut HttpStream> {
        self.streams.find(id)
    }

    /// Whether the context is ready to go: a stream is, once its span is closed.
    pub(crate) fn finish(&mut self, id: u32) -> bool {
        if let Some(stream) = self.stream(id) {
            stream.finish_stream();
            return true;
        }
        self.root(id).is_none_or(Root::finish)
    }

    /// What a context leaves behind is told, also where it was not done.
    pub(crate) fn delete(&mut self, id: u32) {
        if let Some(stream) = self.stream(id) {
            stream.finish_stream();
            self.streams.remove(id);
        } else if let Some(at) = self.roots.iter().position(|(known, _)| *known == id) {
            self.roots.swap_remove(at).1.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use gatespan::Config;
    use gatespan::config::Host;
    use gatespan::outbox::Counters;

    use super::*;
    use crate::envoy_request::NAMES;
    use crate::filter_action::FilterAction;
    use crate::shared::Shared;

    /// A root that records, and what it works with.
    fn recording() -> (Contexts, Rc<Shared>) {
        configured(
            r#"{ "backend": { "kind": "opik", "url": "http://opik.test", "cluster": "opik" } }"#,
        )
    }

    fn configured(document: &str) -> (Contexts, Rc<Shared>) {
        let config = Config::parse(document, Host::Envoy, &|_| None).unwrap();
        let worker = Rc::new(Shared::new(config, &NAMES));
        let mut contexts = Contexts::new();
        contexts.roots.push((1, Root::of(Rc::clone(&worker))));
        (contexts, worker)
    }

    fn counted(worker: &Shared) -> Counters {
        let counters = worker.gateway.borrow().counters().next().unwrap();
        assert!(counters.add_up());
        counters
    }

    #[test]
    fn a_stream_is_recorded_once_whatever_its_host_leaves_out_or_repeats() {
        for calls in [
            "hldx", "hdx", "hx", "hxx", "hlld", "hdlx", "hddl", "ldx", "lldx", "lhdx", "hhldx",
            "hlhx",
        ] {
            let (mut contexts, worker) = recording();
            contexts.create(2, 1);
            for call in calls.chars() {
                match call {
                    'h' => drop(contexts.stream(2).map(|stream| stream.begin(true))),
                    'l' => drop(contexts.stream(2).map(HttpStream::log)),
                    'd' => drop(contexts.finish(2)),
                    _ => contexts.delete(2),
                }
            }
            assert_eq!(counted(&worker).recorded, 1, "{calls}");
        }
    }

    #[test]
    fn a_stream_whose_number_is_given_anew_is_recorded_and_gone() {
        // A root, a stream under it, and a stream of an unknown root.
        for parent in [0, 1, 99] {
            let (mut contexts, worker) = recording();
            contexts.create(2, 1);
            contexts.stream(2).unwrap().begin(true);
            contexts.create(2, parent);
            assert_eq!(counted(&worker).recorded, 1, "{parent}");
            assert_eq!(contexts.stream(2).is_some(), parent == 1);
        }
    }

    #[test]
    fn a_request_is_refused_once_and_stays_refused() {
        let (mut contexts, worker) = configured(r#"{ "rule": { "missing": "reject" } }"#);
        contexts.create(2, 1);
        for _ in 0..2 {
            assert_eq!(contexts.stream(2).unwrap().begin(true), FilterAction::Pause);
        }
        let mut rejected = Vec::new();
        worker.gateway.borrow().metrics(&mut |metric| {
            let name = metric.name.to_string();
            if name.contains("rejected") {
                rejected.push(metric.value);
            }
        });
        assert_eq!(rejected, [1]);
    }

    #[test]
    fn what_a_root_leaves_behind_is_counted() {
        let (mut contexts, worker) = recording();
        for stream in [2, 3] {
            contexts.create(stream, 1);
            contexts.stream(stream).unwrap().begin(true);
        }
        contexts.delete(2);
        assert_eq!(counted(&worker).queued, 1);
        contexts.delete(1);
        // A stream may outlive its root.
        contexts.delete(3);
        let counters = counted(&worker);
        assert_eq!((counters.recorded, counters.queued), (2, 0));
        assert_eq!(counters.dropped.sum(), 2);
        assert!(contexts.root(1).is_none());
    }

    #[test]
    fn what_was_queued_under_an_earlier_configuration_is_counted() {
        let (mut contexts, worker) = recording();
        contexts.create(2, 1);
        contexts.stream(2).unwrap().begin(true);
        contexts.delete(2);
        // Natively there is no document, which is a valid one.
        assert!(contexts.root(1).unwrap().configure(0));
        assert_eq!((counted(&worker).queued, counted(&worker).recorded), (0, 1));
    }

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
