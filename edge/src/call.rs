//! A call to a backend, as the JavaScript half makes it.

use gatespan::Config;
use gatespan::outbox::{Dispatch, Ticket};
use wasm_bindgen::prelude::wasm_bindgen;

/// A call to a backend.
#[wasm_bindgen]
pub struct Call {
    pub(crate) ticket: Ticket,
    url: String,
    headers: Vec<String>,
    body: Vec<u8>,
}

impl Call {
    pub(crate) fn of(dispatch: &Dispatch<'_>, config: &Config) -> Option<Self> {
        let backend = config.backends.get(dispatch.backend)?;
        let own = dispatch.headers.iter();
        let own = own.flat_map(|(name, value)| [name.clone(), value.reveal().to_owned()]);
        Some(Self {
            ticket: dispatch.ticket,
            url: format!("{}{}", backend.url, dispatch.path),
            headers: ["content-type".to_owned(), dispatch.content_type.to_owned()]
                .into_iter()
                .chain(own)
                .collect(),
            body: dispatch.body.to_vec(),
        })
    }
}

#[wasm_bindgen]
impl Call {
    /// Where it goes to.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Names and values, in turn.
    #[must_use]
    pub fn headers(&self) -> Vec<String> {
        self.headers.clone()
    }

    /// The body, which is handed over: a second time it is empty.
    #[must_use]
    pub fn body(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.body)
    }
}
