//! A request that is held until its body has named its parent.

use gatespan::Time;

use crate::host;
use crate::http_stream::{HttpStream, Timing};

impl HttpStream {
    /// Lets a request go on that was held for long enough. Envoy calls this outside of the stream's own callbacks.
    pub(crate) fn release_overdue(&mut self, id: u32, now: Time) {
        let is_overdue = self.held.as_ref().is_some_and(|held| held.is_overdue(now));
        if !is_overdue || host::turn_to(id).is_err() {
            return;
        }
        self.ask(Timing::Now);
        if !self.is_rejected {
            // Envoy knows whether the request can go on.
            let _ = host::go_on();
        }
        if self.request_bytes == 0 {
            self.shared.log_unseen_body();
        }
    }
}
