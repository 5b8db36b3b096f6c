//! Random bytes, drawn in pools: a call of the host for each request would cost as much as the rest of it.

use gatespan::{Entropy, Time};

use crate::host;

/// Random bytes that were not used yet.
pub(crate) struct Pool {
    bytes: Vec<u8>,
    used: usize,
    /// The state of the generator of those bytes that the host does not give.
    state: u64,
}

/// Enough for more than 3,000 requests between two ticks; a busier worker draws once more in between.
const SIZE: usize = 65_536;

impl Default for Pool {
    fn default() -> Self {
        Self {
            bytes: vec![0; SIZE],
            used: SIZE,
            state: 0,
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
        let is_filled = self.fill_from(host::now(), |bytes| getrandom::fill(bytes).is_ok());
        if !is_filled {
            host::log(
                host::Level::Error,
                "gatespan: the host gave no random bytes",
            );
        }
    }

    /// No byte is used twice, whatever the host does: before it is asked, every used byte is overwritten with one that is
    /// made of the time and of the pools before. Such bytes can be guessed, but the ids do not repeat. Whether the host has
    /// filled the pool.
    fn fill_from(&mut self, now: Time, source: impl FnOnce(&mut [u8]) -> bool) -> bool {
        self.state ^= now.0;
        for bytes in self.bytes.chunks_exact_mut(size_of::<u64>()) {
            bytes.copy_from_slice(&mixed(&mut self.state).to_le_bytes());
        }
        self.used = 0;
        source(&mut self.bytes)
    }
}

/// The next number of SplitMix64: none comes twice from one state.
const fn mixed(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut number = *state;
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Each host is asked to fill the pool four times, at the same moment.
    #[test]
    fn no_random_bytes_are_used_twice_where_the_host_gives_none() {
        type Source = fn(&mut [u8]) -> bool;
        let hosts: [(&str, Source); 3] = [
            ("fails", |_| false),
            ("claims success and writes nothing", |_| true),
            ("fails in the middle", |bytes| {
                bytes[..SIZE / 2].fill(7);
                false
            }),
        ];
        for (host, source) in hosts {
            let mut pool = Pool::default();
            let mut drawn = BTreeSet::new();
            for _ in 0..4 {
                pool.fill_from(Time(1), source);
                // The second half, which no host writes.
                pool.used = SIZE / 2;
                while pool.used + size_of::<Entropy>() <= SIZE {
                    assert!(drawn.insert(pool.draw()), "{host}");
                }
            }
        }
    }
}
