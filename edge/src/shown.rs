//! What the JavaScript half has to know of the configuration, and what people may know of the counters.

use gatespan::backend::PAUSE_HEADERS;
use gatespan::backend::Via;
use gatespan::metrics::{Prefix, delivery, metrics};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::facts;
use crate::status::{Counters, StatusRequest};
use crate::worker::Worker;

#[wasm_bindgen]
impl Worker {
    /// The request headers that `admit` wants to see.
    #[must_use]
    pub fn headers(&self) -> Vec<String> {
        let config = self.gate.config();
        let address = config.needs().address.then_some(facts::ADDRESS);
        let headers = config.headers().into_iter().chain(address);
        #[cfg(feature = "panic-hook")]
        let headers = headers.chain([crate::worker::PANIC]);
        headers.map(str::to_owned).collect()
    }

    /// The origins, each a URL or the name of a binding.
    #[must_use]
    pub fn origins(&self) -> Vec<String> {
        self.origins.places().map(str::to_owned).collect()
    }

    /// The response header of an exposed trace id.
    #[must_use]
    pub fn response_header(&self) -> String {
        self.gate.config().response_header.clone()
    }

    /// The response headers in which a backend asks for a pause, and its own time.
    #[must_use]
    pub fn pause_headers(&self) -> Vec<String> {
        PAUSE_HEADERS.map(str::to_owned).into()
    }

    /// What is to be said about the configuration although it is without fault.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.gate.config().warnings().collect()
    }

    /// How long a call to a backend may take, in milliseconds.
    #[must_use]
    pub fn timeout(&self) -> u32 {
        self.gate.config().export.timeout_ms
    }

    /// How many spans are queued, for all backends together.
    #[must_use]
    pub fn queued(&self) -> u32 {
        let outbox = self.outbox.borrow();
        let queued = outbox.counters().map(|(_, counters)| counters.queued);
        queued.sum::<u64>() as u32
    }

    /// Whether requests have to be asked about with `status_request`: there is a status secret.
    #[must_use]
    pub fn has_status(&self) -> bool {
        self.status.is_some()
    }

    /// What a request with this URL and this `authorization` asks of the status path.
    #[must_use]
    pub fn status_request(&self, url: &str, authorization: &str) -> StatusRequest {
        let status = self.status.as_ref();
        status.map_or(StatusRequest::None, |status| {
            status.request(url, authorization)
        })
    }

    /// The counters of this isolate as JSON, under the names that Envoy shows.
    #[must_use]
    pub fn status(&self) -> String {
        let (tally, outbox) = (self.tally.borrow(), self.outbox.borrow());
        let config = self.gate.config();
        let mut shown = Counters::default();
        metrics(&tally, &outbox, &config.backends, &mut |metric| {
            shown.add(metric);
        });
        if config
            .backends
            .iter()
            .any(|backend| backend.via == Via::Queue)
        {
            let prefix = Prefix("gatespan.brought", "");
            delivery(prefix, &self.brought.borrow(), &mut |metric| {
                shown.add(metric);
            });
        }
        shown.json()
    }
}
