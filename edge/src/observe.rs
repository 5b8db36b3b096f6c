//! Bodies that pass, shown to the span that is open for them.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::worker::{Worker, time};

#[wasm_bindgen]
impl Worker {
    /// A piece of a request's body passes.
    pub fn observe_request(&self, span: u32, chunk: &[u8]) {
        if let Some(span) = self.opened.borrow_mut().span(span) {
            span.observe_request(chunk);
        }
    }

    /// The origin answers: with a status, and with headers that say how its body is written and packed.
    pub fn observe_answer(&self, span: u32, status: u16, content_type: &str, encoding: &str) {
        if let Some(span) = self.opened.borrow_mut().span(span) {
            span.observe_answer(status, content_type.as_bytes(), encoding.as_bytes());
        }
    }

    /// A piece of the answer's body passes.
    pub fn observe(&self, span: u32, chunk: &[u8], now: f64) {
        if let Some(span) = self.opened.borrow_mut().span(span) {
            span.observe(chunk, time(now));
        }
    }
}
