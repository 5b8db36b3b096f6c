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

    /// The names of the answer's headers that are wanted, a line each.
    #[must_use]
    pub fn wanted(&self, span: u32) -> String {
        let mut opened = self.opened.borrow_mut();
        let wanted = opened.span(span).map(|span| span.wanted());
        let mut names = String::new();
        for name in wanted.into_iter().flatten() {
            names.push_str(name);
            names.push('\n');
        }
        names
    }

    /// The origin answers: with a status, and with these headers, a line each.
    pub fn observe_answer(&self, span: u32, status: u16, said: &str) {
        if let Some(span) = self.opened.borrow_mut().span(span) {
            span.observe_answer(status, said.split('\n'));
        }
    }

    /// A piece of the answer's body passes.
    pub fn observe(&self, span: u32, chunk: &[u8], now: f64) {
        if let Some(span) = self.opened.borrow_mut().span(span) {
            span.observe(chunk, time(now));
        }
    }
}
