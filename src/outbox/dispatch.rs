//! What crosses between a queue and its host: a call to make, and what came of it.

use alloc::string::String;

use crate::request::Headers;
use crate::secret::Secret;

/// A call to make.
#[derive(Debug)]
pub struct Dispatch<'o> {
    /// Names the call in [`settle`](super::Outbox::settle).
    pub ticket: Ticket,
    /// The backend, by its place in the configuration.
    pub backend: usize,
    /// The path behind the backend's base path.
    pub path: &'static str,
    pub(super) headers: &'o [(String, Secret)],
    pub(super) project: Option<(&'static str, &'o str)>,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: &'o [u8],
    /// Whether the beginning of an answer is to be handed over: [`ANSWER_BYTES`](crate::backend::ANSWER_BYTES) of it.
    pub reads_answer: bool,
}

impl Dispatch<'_> {
    /// Headers besides those of HTTP itself.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.headers.iter();
        own.map(|(name, value)| (name.as_str(), value.reveal()))
            .chain(self.project)
    }
}

/// Names one call, so that its outcome finds the way back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ticket {
    pub(super) lane: u32,
    pub(super) call: u32,
}

/// What came of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome<'a> {
    /// The backend answered, and may have asked for a pause.
    Status {
        /// The HTTP status.
        code: u16,
        /// Those headers of [`PAUSE_HEADERS`](crate::backend::PAUSE_HEADERS) that the response has.
        headers: Headers<'a>,
        /// How the answer begins, where the call wants to know.
        answer: &'a [u8],
    },
    /// A carrier has the whole batch, and answers for it from now on.
    Taken,
    /// No answer came: refused, reset, or too late.
    Lost,
}
