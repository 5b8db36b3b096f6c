//! Random bytes, drawn in pools: one call for each request would cost as much as the rest of it. The platform gives none
//! outside of a request, so the first pool is drawn by the first request.

use gatespan::Entropy;

/// Random bytes that were not used yet.
pub(crate) struct Pool {
    bytes: [u8; SIZE],
    used: usize,
}

const SIZE: usize = 1_024;

impl Pool {
    pub(crate) const fn new() -> Self {
        Self {
            bytes: [0; SIZE],
            used: SIZE,
        }
    }

    /// The random bytes of one admission; none if the platform gives none, for ids that repeat are worse than none.
    pub(crate) fn draw(&mut self) -> Option<Entropy> {
        if self.used + size_of::<Entropy>() > SIZE {
            getrandom::fill(&mut self.bytes).ok()?;
            self.used = 0;
        }
        let drawn = self.bytes.get(self.used..)?.first_chunk().copied()?;
        self.used += size_of::<Entropy>();
        Some(drawn)
    }
}
