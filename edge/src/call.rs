//! A call to a backend, as the JavaScript half makes it.

use gatespan::backend::Via;
use gatespan::backend::{ANSWER_BYTES, PAUSE_HEADERS};
use gatespan::outbox::{Dispatch, Outcome, Ticket};
use gatespan::{Config, Headers, Pair};
use wasm_bindgen::prelude::wasm_bindgen;

/// A call to a backend, or a message for the Queue.
#[wasm_bindgen]
pub struct Call {
    pub(crate) ticket: Ticket,
    url: Option<String>,
    headers: Vec<String>,
    body: Vec<u8>,
    /// How many bytes of the answer are looked at.
    wanted: usize,
    /// What came of it: 0 until there is an answer.
    status: u16,
    /// The texts of the pause headers, a line each and in their order; an empty one is absent.
    pauses: String,
    answer: Vec<u8>,
}

impl Call {
    /// A call of the outbox, without a body if it is for the Queue.
    pub(crate) fn of(dispatch: &Dispatch<'_>, config: &Config) -> Option<Self> {
        match config.backends.get(dispatch.backend)?.via {
            Via::Http => Self::direct(dispatch, config),
            Via::Queue => Some(Self::to_nobody(dispatch)),
        }
    }

    /// A call to the backend itself.
    pub(crate) fn direct(dispatch: &Dispatch<'_>, config: &Config) -> Option<Self> {
        let backend = config.backends.get(dispatch.backend)?;
        let own = dispatch.headers();
        let own = own.flat_map(|(name, value)| [name.to_owned(), value.to_owned()]);
        Some(Self {
            url: Some(format!("{}{}", backend.url, dispatch.path)),
            headers: ["content-type".to_owned(), dispatch.content_type.to_owned()]
                .into_iter()
                .chain(own)
                .collect(),
            body: dispatch.body.to_vec(),
            ..Self::to_nobody(dispatch)
        })
    }

    const fn to_nobody(dispatch: &Dispatch<'_>) -> Self {
        Self {
            ticket: dispatch.ticket,
            url: None,
            headers: Vec::new(),
            body: Vec::new(),
            wanted: if dispatch.reads_answer {
                ANSWER_BYTES
            } else {
                0
            },
            status: 0,
            pauses: String::new(),
            answer: Vec::new(),
        }
    }

    pub(crate) const fn is_direct(&self) -> bool {
        self.url.is_some()
    }

    /// The pause headers that the response has.
    pub(crate) fn pauses(&self) -> Vec<Pair<'_>> {
        let names = PAUSE_HEADERS.iter().map(|name| name.as_bytes());
        let texts = self.pauses.split('\n').map(str::as_bytes);
        names.zip(texts).collect()
    }

    /// What came of it.
    pub(crate) fn outcome<'a>(&'a self, pauses: &'a [Pair<'a>]) -> Outcome<'a> {
        match self.status {
            0 => Outcome::Lost,
            code => Outcome::Status {
                code,
                headers: Headers::new(pauses),
                answer: &self.answer,
            },
        }
    }

    pub(crate) fn packed(self, parcel: Vec<u8>) -> Self {
        Self {
            body: parcel,
            ..self
        }
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

    /// How many bytes of the answer are looked at.
    #[must_use]
    pub fn wanted(&self) -> usize {
        self.wanted
    }

    /// The backend has responded: with this status, these texts of the pause headers (a line each and in their order; an
    /// empty one is absent), and these bytes first.
    pub fn answered(&mut self, status: u16, pauses: String, answer: &[u8]) {
        self.status = status;
        self.pauses = pauses;
        self.answer = answer.to_vec();
    }
}
