//! How a configuration goes: replaced by another one, or with its VM, or with Envoy.

use super::Root;
use crate::host::{self, Level};
use crate::shared::Shared;

impl Root {
    /// The configuration was replaced: what is queued is sent, and Envoy waits for us if that needs time. Until then it
    /// goes on ticking. Where the whole VM goes, or Envoy itself, it does not wait, and nothing is called any more.
    pub(crate) fn finish(&mut self) -> bool {
        self.is_ending = true;
        if let Some(shared) = &self.shared {
            shared.gateway.borrow_mut().leave(host::now());
            shared.log_what_is_left();
        }
        self.send();
        self.publish();
        self.is_done()
    }

    fn is_done(&self) -> bool {
        let shared = self.shared.as_ref();
        shared.is_none_or(|shared| shared.gateway.borrow().is_done(host::now()))
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
        if let Some(shared) = &self.shared {
            shared.gateway.borrow_mut().shut();
        }
        self.publish();
    }
}

impl Shared {
    /// Says how much has to be sent yet, because that may be the last word.
    fn log_what_is_left(&self) {
        let gateway = self.gateway.borrow();
        let backends = gateway.config().backends.iter();
        for (backend, counters) in backends.zip(gateway.counters()) {
            if counters.queued > 0 {
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
