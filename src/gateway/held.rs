//! A request that waits until its body has named its parent.

use alloc::boxed::Box;

use crate::genai::Exchange;
use crate::time::Time;

/// A request that the host holds back. Its body may name the parent, and headers that were sent cannot be changed.
///
/// The host passes chunks of the body until [`request_chunk`](Self::request_chunk) returns false, the body ends, or the request
/// [is overdue](Self::is_overdue). Then it calls [`Gateway::admit_held`](super::Gateway::admit_held).
#[derive(Debug)]
pub struct Held {
    pub(super) reader: Box<Exchange>,
}

/// How long a request is held at most.
const MAX_HELD_NANOS: u64 = 5_000_000_000;

impl Held {
    /// A chunk of the request's body. Whether the next chunk is needed too.
    pub fn request_chunk(&mut self, chunk: &[u8]) -> bool {
        self.reader.request_chunk(chunk);
        self.reader.awaits_parent()
    }

    /// Whether the request was held long enough: the client sends slowly, or the host does not show the body. It goes on by its headers.
    #[must_use]
    pub const fn is_overdue(&self, now: Time) -> bool {
        now.0 >= self.deadline().0
    }

    /// When the request is overdue.
    #[must_use]
    pub const fn deadline(&self) -> Time {
        Time(self.reader.began().0.saturating_add(MAX_HELD_NANOS))
    }
}
