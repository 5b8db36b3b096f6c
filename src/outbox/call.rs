//! What crosses between the outbox and its host: a request to a backend, and its outcome.

use alloc::string::String;

use crate::backend;
use crate::request::Headers;
use crate::secret::Secret;

/// A request to a backend that is due. The host sends it with the method POST.
#[derive(Debug)]
pub struct Call<'o> {
    /// Names the call in [`settle`](super::Sender::settle).
    pub id: CallId,
    /// The backend.
    pub backend: &'o backend::Settings,
    /// The path, after the base path of the backend's URL.
    pub path: &'static str,
    pub(super) headers: &'o [(String, Secret)],
    pub(super) project: Option<(&'static str, &'o str)>,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: &'o [u8],
    /// Whether the outcome needs the first [`RESPONSE_BYTES`](crate::backend::RESPONSE_BYTES) of the response.
    pub reads_response: bool,
    /// How long the host waits for the response.
    pub timeout_ms: u32,
}

impl Call<'_> {
    /// The headers, besides `content-type` and those that HTTP itself needs.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let configured = self.headers.iter();
        configured
            .map(|(name, value)| (name.as_str(), value.reveal()))
            .chain(self.project)
    }
}

/// Names one call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CallId {
    pub(super) queue: u32,
    pub(super) call: u32,
}

/// The outcome of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome<'a> {
    /// The backend responded.
    Status {
        /// The HTTP status.
        code: u16,
        /// The headers named by [`PAUSE_HEADERS`](crate::backend::PAUSE_HEADERS), as far as the response has them.
        headers: Headers<'a>,
        /// The start of the body, if the call [reads it](Call::reads_response).
        body: &'a [u8],
    },
    /// A Cloudflare Queue has taken the whole batch and will deliver it.
    Taken,
    /// There was no response: the connection was refused or reset, or the call timed out.
    Lost,
}

impl Outcome<'static> {
    /// A response with this status, of which nothing else is known.
    #[must_use]
    pub const fn status(code: u16) -> Self {
        Self::Status {
            code,
            headers: Headers::new(&[]),
            body: &[],
        }
    }
}
