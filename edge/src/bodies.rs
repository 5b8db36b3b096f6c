//! Bodies that a stream reads.

use wasm_bindgen::prelude::wasm_bindgen;

use crate::worker::{Worker, time};

#[wasm_bindgen]
impl Worker {
    /// A chunk of the request's body.
    pub fn request_chunk(&self, stream: u32, chunk: &[u8]) {
        if let Some(stream) = self.streams.borrow_mut().find(stream) {
            stream.request_chunk(chunk);
        }
    }

    /// The names of the response headers that `response_headers` needs, one line each.
    #[must_use]
    pub fn wanted_headers(&self, stream: u32) -> String {
        let mut streams = self.streams.borrow_mut();
        let wanted = streams.find(stream).map(|stream| stream.wanted_headers());
        let mut names = String::new();
        for name in wanted.into_iter().flatten() {
            names.push_str(name);
            names.push('\n');
        }
        names
    }

    /// The response begins: its status, and the values of the wanted headers, one line each.
    pub fn response_headers(&self, stream: u32, status: u16, values: &str) {
        if let Some(stream) = self.streams.borrow_mut().find(stream) {
            stream.response_headers(status, values.split('\n'));
        }
    }

    /// A chunk of the response's body.
    pub fn response_chunk(&self, stream: u32, chunk: &[u8], now: f64) {
        if let Some(stream) = self.streams.borrow_mut().find(stream) {
            stream.response_chunk(chunk, time(now));
        }
    }
}
