//! A request that is held until its body has named its parent, or will not: its headers wait with Envoy.

use gatespan::{Request, Time};

use crate::host;
use crate::stream::{Moment, Stream};

/// How long a request is held at most, in nanoseconds.
const PATIENCE: u64 = 5_000_000_000;

impl Stream {
    /// Holds the request, if its body has to be looked at first. Whether it is held.
    #[inline(never)]
    pub(crate) fn hold(&mut self, request: &Request<'_>) -> bool {
        self.held = self.worker.gate.reads_ahead(request, host::now());
        self.held.is_some()
    }

    /// It was held long enough, if it was, and goes on by its headers: the caller takes its time, or Envoy does not show what
    /// it sends. Outside of the stream's own callbacks.
    pub(crate) fn let_go(&mut self, id: u32, now: Time) {
        let Some(exchange) = &self.held else { return };
        if now.0.saturating_sub(exchange.began().0) < PATIENCE || host::turn_to(id).is_err() {
            return;
        }
        self.ask(Moment::Now);
        if !self.is_refused {
            // Whether it can go on is Envoy's to know.
            let _ = host::go_on();
        }
        if self.request_bytes == 0 {
            self.worker.wonder();
        }
    }
}
