//! What the JavaScript half needs to know of the configuration, and the counters for people.

use gatespan::backend::PAUSE_HEADERS;
use gatespan::backend::Via;
use gatespan::metrics::{MetricPrefix, delivery};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::request_text;
use crate::status::{CounterTable, StatusRequest};
use crate::worker::Worker;

#[wasm_bindgen]
impl Worker {
    /// The request headers that `admit` needs.
    #[must_use]
    pub fn headers(&self) -> Vec<String> {
        let gateway = self.gateway.borrow();
        let config = gateway.config();
        let address = config.needs().address.then_some(request_text::ADDRESS);
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
        self.gateway.borrow().config().response_header.clone()
    }

    /// The response headers in which a backend asks for a pause and states its time.
    #[must_use]
    pub fn pause_headers(&self) -> Vec<String> {
        PAUSE_HEADERS.map(str::to_owned).into()
    }

    /// What is legal in the configuration and may still not be meant.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.gateway.borrow().config().warnings().collect()
    }

    /// The timeout of a call to a backend, in milliseconds.
    #[must_use]
    pub fn timeout(&self) -> u32 {
        self.gateway.borrow().config().export.timeout_ms
    }

    /// How many spans are queued, for all backends together.
    #[must_use]
    pub fn queued(&self) -> u32 {
        let gateway = self.gateway.borrow();
        let queued = gateway.counters().map(|counters| counters.queued);
        queued.sum::<u64>() as u32
    }

    /// Whether there is a status secret, so that `status_request` has to be called.
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
        let gateway = self.gateway.borrow();
        let mut shown = CounterTable::default();
        gateway.metrics(&mut |metric| shown.add(metric));
        let mut backends = gateway.config().backends.iter();
        if backends.any(|backend| backend.via == Via::Queue) {
            let prefix = MetricPrefix("gatespan.brought", "");
            delivery(prefix, &self.consumed.borrow(), &mut |metric| {
                shown.add(metric);
            });
        }
        shown.json()
    }
}
