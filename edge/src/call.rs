//! A call to a backend, as the JavaScript half makes it.

use gatespan::Config;
use gatespan::config::Via;
use gatespan::outbox::{Dispatch, Outcome, Ticket};
use wasm_bindgen::prelude::wasm_bindgen;

/// A call to a backend, or a message for the Queue.
#[wasm_bindgen]
pub struct Call {
    pub(crate) ticket: Ticket,
    url: Option<String>,
    headers: Vec<String>,
    body: Vec<u8>,
}

impl Call {
    /// A call of the outbox, without a body if it is for the Queue.
    pub(crate) fn of(dispatch: &Dispatch<'_>, config: &Config) -> Option<Self> {
        match config.backends.get(dispatch.backend)?.via {
            Via::Http => Self::direct(dispatch, config),
            Via::Queue => Some(Self {
                ticket: dispatch.ticket,
                url: None,
                headers: Vec::new(),
                body: Vec::new(),
            }),
        }
    }

    /// A call to the backend itself.
    pub(crate) fn direct(dispatch: &Dispatch<'_>, config: &Config) -> Option<Self> {
        let backend = config.backends.get(dispatch.backend)?;
        let own = dispatch.headers.iter();
        let own = own.flat_map(|(name, value)| [name.clone(), value.reveal().to_owned()]);
        Some(Self {
            ticket: dispatch.ticket,
            url: Some(format!("{}{}", backend.url, dispatch.path)),
            headers: ["content-type".to_owned(), dispatch.content_type.to_owned()]
                .into_iter()
                .chain(own)
                .collect(),
            body: dispatch.body.to_vec(),
        })
    }

    pub(crate) const fn is_direct(&self) -> bool {
        self.url.is_some()
    }

    pub(crate) fn packed(self, parcel: Vec<u8>) -> Self {
        Self {
            body: parcel,
            ..self
        }
    }
}

/// What came of a call: a status, or 0 if no answer came, and the pause that the backend asked for.
pub(crate) const fn outcome(status: u16, retry_after: Option<u32>) -> Outcome {
    match status {
        0 => Outcome::Lost,
        code => Outcome::Status { code, retry_after },
    }
}

#[wasm_bindgen]
impl Call {
    /// Where it goes to; to the Queue, if nowhere else.
    #[must_use]
    pub fn url(&self) -> Option<String> {
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
