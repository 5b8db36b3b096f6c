//! A request that is read before it is decided, because its message may name the parent (SEP-414 of the Model Context
//! Protocol). However it is cut into pieces, the outcome is the same: what was not there in time is never believed.

use super::{Body, Exchange};
use crate::genai::json::Text;
use crate::time::Time;

/// How much of a request is read for that: half of what Envoy holds back at the edge before it answers 413.
const AHEAD: u32 = 16 << 10;

impl Exchange {
    /// It reads ahead in a request that came at this time.
    pub(crate) const fn begin_at(&mut self, came: Time) {
        self.notes.set_time(came);
    }

    /// When the request came that it reads ahead in: however long that takes, its span began then.
    #[must_use]
    pub const fn began(&self) -> Time {
        self.notes.time()
    }

    /// A piece of the request's body.
    pub fn request_chunk(&mut self, chunk: &[u8]) {
        if self.answering {
            return;
        }
        let room = AHEAD.saturating_sub(self.scanned) as usize;
        match chunk.split_at_checked(room) {
            Some((ahead, behind)) if room > 0 => {
                self.scan(ahead);
                self.is_late = self.parent().is_none();
                self.scan(behind);
            }
            _ => self.scan(chunk),
        }
    }

    /// Whether what comes next of the request may name its parent, so that nothing should be decided yet.
    #[must_use]
    pub fn awaits_parent(&self) -> bool {
        self.dialect.api.calls_tools
            && !self.answering
            && self.body == Body::Read
            && self.inflater.is_none()
            && self.scanned < AHEAD
            && self.reader.is_open()
            && self.parent().is_none()
    }

    /// What a message names as its parent, be it a `traceparent` or not. Messages in a list have none together.
    pub(crate) fn parent(&self) -> Option<&[u8]> {
        let said = self.notes.staged_text(Text::Traceparent);
        said.filter(|_| !self.is_late && self.reader.is_alone())
    }
}
