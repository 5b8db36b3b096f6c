//! A request whose message may name its parent: read before it is decided, as far as it has to be.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::facts::Facts;
use crate::worker::{Worker, time};

#[wasm_bindgen]
impl Worker {
    /// Whether any request is read ahead.
    #[must_use]
    pub fn reads_ahead(&self) -> bool {
        self.gate.config().reads_ahead()
    }

    /// Begins to read ahead in a request that came at this time and has a body; nothing if that need not be.
    #[must_use]
    pub fn read_ahead(&self, facts: &str, now: f64) -> Option<u32> {
        let facts = Facts::read(facts);
        let (request, _) = self.asked(&facts);
        let exchange = self.gate.reads_ahead(&request, time(now))?;
        Some(self.held.borrow_mut().keep(exchange))
    }

    /// A piece of its body came. Whether the next one has to be awaited.
    #[must_use]
    pub fn awaits(&self, held: u32, chunk: &[u8]) -> bool {
        self.held.borrow_mut().find(held).is_some_and(|exchange| {
            exchange.request_chunk(chunk);
            exchange.awaits_parent()
        })
    }
}
