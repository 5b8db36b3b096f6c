//! The backends' wire APIs: one file each, one row each in [`APIS`].
//!
//! A span is encoded once, when it ends, straight into the bodies of the batch that is being filled. An API says how a
//! body begins and ends, what stands between two items, and what an answer means.

mod json;
mod moment;
mod opik;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::config::{Backend, BackendKind, Config};
use crate::context::Time;
use crate::policy::Secret;
use crate::span::Span;
use crate::words::Word;
pub(crate) use moment::Moment;

/// Every backend this gateway can speak to. A new one is a file, its `mod` line and its row here.
pub static APIS: [Api; 1] = [opik::API];

/// The headers in which a backend asks for a pause, in seconds, the more exact one first.
pub static PAUSE_HEADERS: [&str; 2] = ["ratelimit-reset", "retry-after"];

/// What is wrong with a document whose backends cannot all be delivered to yet, a line each. To accept one and record nothing
/// for it would be a loss that nobody sees.
pub fn undeliverable(config: &Config) -> impl Iterator<Item = String> {
    let kinds = config.backends.iter().map(|backend| backend.kind);
    kinds
        .filter(|kind| Api::of(*kind).is_none())
        .map(|kind| format!("backend.kind: {} cannot be delivered to yet", kind.word()))
}

/// One wire API.
pub struct Api {
    /// The kind in a configuration.
    pub kind: BackendKind,
    /// The calls that deliver a batch, in the order in which they are made.
    pub calls: &'static [Call],
    /// The headers of every call, besides those of HTTP itself.
    pub headers: fn(&Backend) -> Vec<(String, Secret)>,
    /// Writes a span: one item into the body of each call that it concerns.
    pub(crate) encode: fn(&Span<'_>, &Backend, &mut Bodies<'_>),
    /// What a status means for the batch.
    pub meaning: fn(status: u16) -> Meaning,
}

/// One call of a batch.
pub struct Call {
    /// The path behind the base of the backend's URL.
    pub path: &'static str,
    /// The media type of the body.
    pub content_type: &'static str,
    /// How a body begins.
    pub open: &'static [u8],
    /// How it ends.
    pub close: &'static [u8],
    /// What stands between two items.
    pub between: &'static [u8],
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
    /// The same may succeed later.
    Later,
    /// Nothing of ours is accepted until someone changes something there.
    Stop,
}

/// The most calls that any API needs for a batch.
pub(crate) const CALLS: usize = 2;

/// The bodies that are being filled, one a call.
pub(crate) struct Bodies<'b> {
    bodies: &'b mut [Vec<u8>; CALLS],
    calls: &'static [Call],
    latest: &'b mut Moment,
}

impl<'b> Bodies<'b> {
    /// `latest` is the time that was spelt last.
    pub(crate) const fn new(
        bodies: &'b mut [Vec<u8>; CALLS],
        calls: &'static [Call],
        latest: &'b mut Moment,
    ) -> Self {
        Self {
            bodies,
            calls,
            latest,
        }
    }

    /// Spells a time, with the help of the one before.
    fn moment(&mut self, time: Time) -> Moment {
        *self.latest = self.latest.near(time);
        *self.latest
    }

    /// The body of a call, ready for one more item.
    fn item(&mut self, call: usize) -> &mut Vec<u8> {
        let [first, second] = &mut *self.bodies;
        let body = if call == 0 { first } else { second };
        if let Some(call) = self.calls.get(call) {
            body.extend_from_slice(if body.is_empty() {
                call.open
            } else {
                call.between
            });
        }
        body
    }

    /// Writes into the first body what stands in the second from `start` on.
    fn repeat(&mut self, start: usize) {
        let [first, second] = &mut *self.bodies;
        first.extend_from_slice(second.get(start..).unwrap_or_default());
    }
}

impl core::fmt::Debug for Api {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:?}", self.kind)
    }
}

impl Api {
    /// The API of a kind.
    #[must_use]
    pub fn of(kind: BackendKind) -> Option<&'static Self> {
        APIS.iter().find(|api| api.kind == kind)
    }
}
