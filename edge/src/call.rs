//! A call to a backend, as the JavaScript half makes it.

use gatespan::backend::{PAUSE_HEADERS, RESPONSE_BYTES, Via};
use gatespan::outbox::{CallId, Outcome};
use gatespan::{Call, Headers, Pair};
use wasm_bindgen::prelude::wasm_bindgen;

/// A call to a backend, or a message for the Queue.
#[wasm_bindgen]
pub struct BackendCall {
    pub(crate) id: CallId,
    url: Option<String>,
    headers: Vec<String>,
    body: Vec<u8>,
    /// How many bytes of the response are read.
    wanted_bytes: usize,
    /// The status of the response; 0 until there is one.
    status: u16,
    /// The values of the pause headers, one line each and in their order; empty if absent.
    pauses: String,
    response: Vec<u8>,
}

impl BackendCall {
    /// A call, without a body if it is for the Queue.
    pub(crate) fn of(call: &Call<'_>) -> Self {
        match call.backend.via {
            Via::Http => Self::direct(call),
            Via::Queue => Self::without_url(call),
        }
    }

    /// A call to the backend itself.
    pub(crate) fn direct(call: &Call<'_>) -> Self {
        let configured = call.headers();
        let configured = configured.flat_map(|(name, value)| [name.to_owned(), value.to_owned()]);
        Self {
            url: Some(format!("{}{}", call.backend.url, call.path)),
            headers: ["content-type".to_owned(), call.content_type.to_owned()]
                .into_iter()
                .chain(configured)
                .collect(),
            body: call.body.to_vec(),
            ..Self::without_url(call)
        }
    }

    const fn without_url(call: &Call<'_>) -> Self {
        Self {
            id: call.id,
            url: None,
            headers: Vec::new(),
            body: Vec::new(),
            wanted_bytes: if call.reads_response {
                RESPONSE_BYTES
            } else {
                0
            },
            status: 0,
            pauses: String::new(),
            response: Vec::new(),
        }
    }

    pub(crate) const fn is_direct(&self) -> bool {
        self.url.is_some()
    }

    /// The pause headers of the response.
    pub(crate) fn pauses(&self) -> Vec<Pair<'_>> {
        let names = PAUSE_HEADERS.iter().map(|name| name.as_bytes());
        let values = self.pauses.split('\n').map(str::as_bytes);
        names.zip(values).collect()
    }

    /// The outcome.
    pub(crate) fn outcome<'a>(&'a self, pauses: &'a [Pair<'a>]) -> Outcome<'a> {
        match self.status {
            0 => Outcome::Lost,
            code => Outcome::Status {
                code,
                headers: Headers::new(pauses),
                body: &self.response,
            },
        }
    }

    pub(crate) fn with_message(self, message: Vec<u8>) -> Self {
        Self {
            body: message,
            ..self
        }
    }
}

#[wasm_bindgen]
impl BackendCall {
    /// The URL; none if the call is a message for the Queue.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        self.url.clone()
    }

    /// Names and values of the headers, in turn.
    #[must_use]
    pub fn headers(&self) -> Vec<String> {
        self.headers.clone()
    }

    /// Takes the body.
    #[must_use]
    pub fn body(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.body)
    }

    /// How many bytes of the response `set_response` needs.
    #[must_use]
    pub fn wanted_bytes(&self) -> usize {
        self.wanted_bytes
    }

    /// The response: its status, the values of the pause headers (one line each and in their order, empty if absent), and its first bytes.
    pub fn set_response(&mut self, status: u16, pauses: String, response: &[u8]) {
        self.status = status;
        self.pauses = pauses;
        self.response = response.to_vec();
    }
}
