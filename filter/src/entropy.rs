//! Random bytes, drawn in pools: a call of the host for each request would cost as much as the rest of it.

use gatespan::Entropy;

use crate::host;

/// Random bytes that were not used yet.
pub(crate) struct Pool {
    bytes: Vec<u8>,
    used: usize,
}

/// Enough for more than 3,000 requests between two ticks; a busier worker draws once more in between.
const SIZE: usize = 65_536;

impl Default for Pool {
    fn default() -> Self {
        Self {
            bytes: vec![0; SIZE],
            used: SIZE,
        }
    }
}

impl Pool {
    /// The random bytes of one admission.
    #[inline]
    pub(crate) fn draw(&mut self) -> Entropy {
        if self.used + size_of::<Entropy>() > self.bytes.len() {
            self.fill();
        }
        let drawn = self
            .bytes
            .get(self.used..)
            .and_then(<[u8]>::first_chunk)
            .copied()
            .unwrap_or_default();
        self.used += size_of::<Entropy>();
        drawn
    }

    /// Fills the pool while nobody waits, if much of it is used.
    pub(crate) fn top_up(&mut self) {
        if self.used > SIZE / 2 {
            self.fill();
        }
    }

    fn fill(&mut self) {
        // The host's source does not fail for pieces of this size. If it did, ids would differ by their time alone.
        if getrandom::fill(&mut self.bytes).is_err() {
            host::log(
                host::Level::Error,
                "gatespan: the host gave no random bytes",
            );
        }
        self.used = 0;
    }
}

/// The source behind `getrandom`, which has none of its own for this target.
#[cfg(target_family = "wasm")]
#[allow(unsafe_code, reason = "getrandom asks for this very function")]
#[unsafe(no_mangle)]
unsafe extern "Rust" fn __getrandom_v03_custom(
    buffer: *mut u8,
    length: usize,
) -> Result<(), getrandom::Error> {
    // `getrandom` hands over a buffer of this length.
    unsafe { host::fill_random(buffer, length) }.map_err(|_| getrandom::Error::UNEXPECTED)
}
