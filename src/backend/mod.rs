//! The backends' wire APIs: one file each, one row each in [`APIS`].
//!
//! A span is encoded once, when it ends, straight into the bodies of the batch that is being filled. An API says how a
//! body begins and ends, what stands between two items, and what an answer means.

mod answer;
pub mod genai;
mod json;
pub(crate) mod lilypad;
mod moment;
mod opik;
pub mod opik_usage;
pub(crate) mod otlp;
pub(crate) mod pause;
mod settings;

use alloc::string::String;
use alloc::vec::Vec;

use crate::identity::Systems;
use crate::policy::Rules;
use crate::secret::Secret;
use crate::span::Span;
use crate::time::Time;
pub(crate) use moment::Moment;
pub use pause::PAUSE_HEADERS;
pub use settings::{BackendKind, Dialect, Encoding, Settings, Via};

/// Every backend this gateway can speak to. A new one is a file, its `mod` line and its row here.
pub static APIS: [BackendApi; 5] = [
    opik::API,
    otlp::PROTOBUF,
    otlp::JSON,
    otlp::OPIK,
    lilypad::API,
];

/// How many bytes of an answer a host hands over at most, where an API reads it at all.
pub const RESPONSE_BYTES: usize = 4_096;

/// One wire API.
pub struct BackendApi {
    /// For which backends of a configuration.
    pub serves: Served,
    /// The systems in which a span arrives.
    pub receives: Systems,
    /// The calls that deliver a batch, in the order in which they are made.
    pub calls: &'static [Endpoint],
    /// The URL that the paths of the calls stand behind.
    pub(crate) base: fn(&Settings) -> String,
    /// The headers of every call, besides those of HTTP itself.
    pub headers: fn(&Settings) -> Vec<(String, Secret)>,
    /// The header that names the project of all spans of a batch: those of another one are sent in another batch.
    pub project: Option<&'static str>,
    /// What the bodies of a backend have alike.
    pub(crate) frame: fn(service: &str, &Settings) -> Frame,
    /// Writes a span: one item into the body of each call that it concerns.
    pub(crate) encode: fn(&Span<'_>, &Settings, &mut Bodies<'_>),
    /// What a status means for the batch.
    pub meaning: fn(status: u16) -> Meaning,
    /// How many spans of a batch that was accepted are not stored all the same, by the words of the answer.
    pub(crate) missing: Option<fn(answer: &[u8], sent: usize) -> usize>,
    /// What may become of spans without the gateway learning of it.
    pub(crate) doubt: fn(&Rules) -> Option<&'static str>,
}

/// The backends that an API is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Served {
    /// Their kind.
    pub kind: BackendKind,
    /// Their encoding, where the kind has several.
    pub encoding: Option<Encoding>,
    /// Their dialect, likewise.
    pub dialect: Option<Dialect>,
}

/// One call of a batch.
pub struct Endpoint {
    /// The path behind the base of the backend's URL.
    pub path: &'static str,
    /// The media type of the body.
    pub content_type: &'static str,
    /// What stands between two items.
    pub between: &'static [u8],
    /// How a body ends.
    pub close: &'static [u8],
    /// What is left to do when a body is closed.
    pub(crate) seal: fn(&mut [u8]),
}

/// What the bodies of one backend have alike.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    /// How the body of each call begins.
    pub(crate) openings: [Vec<u8>; CALLS],
    /// What is the same in every item.
    pub(crate) common: Vec<u8>,
}

/// What an answer means for the batch that was sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Meaning {
    /// It is stored.
    Stored,
    /// Something in it is bad, or there is too much of it: it is sent again in two halves.
    Split,
    /// Something in it is there already: our own first try, if this is another one, else it is as if it were bad.
    There,
    /// The server failed, and does not say of what: if an earlier try may have been stored, of that; else it is tried once
    /// more, and then it is as if something in it were bad.
    Unclear,
    /// It is not stored, and to send it again, or a part of it, is forbidden.
    Refused,
    /// It was not looked at, and the same may succeed later.
    Wait,
    /// The same may succeed later, and this one may have.
    Later,
    /// Nothing of ours is accepted until someone changes something there.
    Stop,
}

impl Meaning {
    /// Whether the backend dealt with what it was sent.
    pub(crate) const fn is_taken(self) -> bool {
        matches!(
            self,
            Self::Stored | Self::Split | Self::There | Self::Refused
        )
    }
}

/// The most calls that any API needs for a batch.
pub(crate) const CALLS: usize = 2;

/// The bodies that are being filled, one a call.
pub(crate) struct Bodies<'b> {
    bodies: &'b mut [Vec<u8>; CALLS],
    calls: &'static [Endpoint],
    frame: &'b Frame,
    latest: &'b mut Moment,
}

impl<'b> Bodies<'b> {
    /// `latest` is the time that was spelt last.
    pub(crate) const fn new(
        bodies: &'b mut [Vec<u8>; CALLS],
        calls: &'static [Endpoint],
        frame: &'b Frame,
        latest: &'b mut Moment,
    ) -> Self {
        Self {
            bodies,
            calls,
            frame,
            latest,
        }
    }

    /// What is the same in every item.
    fn common(&self) -> &'b [u8] {
        &self.frame.common
    }

    /// Spells a time, with the help of the one before.
    fn moment(&mut self, time: Time) -> Moment {
        *self.latest = self.latest.near(time);
        *self.latest
    }

    /// The body of a call, ready for one more item.
    fn item(&mut self, call: usize) -> &mut Vec<u8> {
        let ([first, second], [of_first, of_second]) = (&mut *self.bodies, &self.frame.openings);
        let (body, opening) = if call == 0 {
            (first, of_first)
        } else {
            (second, of_second)
        };
        if body.is_empty() {
            body.extend_from_slice(opening);
        } else if let Some(call) = self.calls.get(call) {
            body.extend_from_slice(call.between);
        }
        body
    }

    /// Writes into the first body what stands in the second from `start` on.
    fn repeat(&mut self, start: usize) {
        let [first, second] = &mut *self.bodies;
        first.extend_from_slice(second.get(start..).unwrap_or_default());
    }
}

impl core::fmt::Debug for BackendApi {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:?}", self.serves)
    }
}

impl BackendApi {
    /// The API of a backend. Each has one, unless its kind is `none`.
    #[must_use]
    pub fn of(backend: &Settings) -> Option<&'static Self> {
        APIS.iter().find(|api| api.serves.includes(backend))
    }
}

impl Served {
    const fn all(kind: BackendKind) -> Self {
        Self {
            kind,
            encoding: None,
            dialect: None,
        }
    }

    fn includes(&self, backend: &Settings) -> bool {
        self.kind == backend.kind
            && self
                .encoding
                .is_none_or(|encoding| encoding == backend.encoding)
            && self
                .dialect
                .is_none_or(|dialect| dialect == backend.dialect)
    }
}

/// A body that is whole when it is closed.
fn leave(_: &mut [u8]) {}

/// The URL as it was configured.
fn as_configured(backend: &Settings) -> String {
    backend.url.clone()
}

/// The resource: who tells the spans.
fn resource_attributes<'b>(
    service: &'b str,
    backend: &'b Settings,
) -> impl Iterator<Item = (&'b str, &'b str)> {
    let own = [("service.name", service)];
    let given = backend.resource.iter();
    own.into_iter()
        .filter(|(own, _)| !backend.resource.iter().any(|(key, _)| key == own))
        .chain(given.map(|(key, value)| (key.as_str(), value.as_str())))
}
