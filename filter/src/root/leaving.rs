//! How a configuration goes: replaced by another one, or with its VM, or with Envoy.

use super::{Root, Worker};
use crate::host::{self, Level};

impl Root {
    /// The configuration was replaced: what is queued is sent, and Envoy waits for us if that needs time. Until then it
    /// goes on ticking. Where the whole VM goes, or Envoy itself, it does not wait, and nothing is called any more.
    pub(crate) fn finish(&mut self) -> bool {
        self.is_ending = true;
        if let Some(worker) = &self.worker {
            worker.outbox.borrow_mut().leave(host::now());
            worker.tell_what_is_left();
        }
        self.send();
        self.publish();
        self.is_done()
    }

    fn is_done(&self) -> bool {
        let worker = self.worker.as_ref();
        worker.is_none_or(|worker| worker.outbox.borrow().is_done(host::now()))
    }

    pub(super) fn go_if_done(&self) {
        if self.is_ending && self.is_done() {
            host::finish();
        }
    }

    /// Nothing is sent any more: what could not be delivered in time is dropped and counted. Gauges are shared with those
    /// who come after, and would tell of it for ever.
    pub(crate) fn end(&mut self) {
        self.calls.clear();
        if let Some(worker) = &self.worker {
            worker.outbox.borrow_mut().shut();
        }
        self.publish();
    }
}

impl Worker {
    /// Says how much has to be sent yet, because that may be the last word.
    fn tell_what_is_left(&self) {
        for (index, counters) in self.outbox.borrow().counters() {
            let backend = self.gate.config().backends.get(index);
            if let (Some(backend), 1..) = (backend, counters.queued) {
                let (name, queued) = (&backend.name, counters.queued);
                host::log(
                    Level::Warn,
                    &format!(
                        "gatespan: ends with {queued} spans queued for backend {name}: they are sent if Envoy stays"
                    ),
                );
            }
        }
    }
}
