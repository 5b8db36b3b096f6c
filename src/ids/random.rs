//! Random bytes that are used once.

use alloc::vec::Vec;

use super::Entropy;
use crate::time::Time;

/// Random bytes from the host. A call into the host for each request would cost as much as the rest of the request, so the host fills
/// a pool. Each byte is used once; without fresh bytes [`draw`](Self::draw) returns none.
#[derive(Debug, Default)]
pub(crate) struct RandomPool {
    bytes: Vec<u8>,
    used: usize,
    /// After a failure the host is asked again from this time on.
    retry_at: Option<Time>,
}

impl RandomPool {
    /// The random bytes of one request.
    #[inline]
    pub(crate) fn draw(&mut self) -> Option<Entropy> {
        let drawn: Entropy = *self.bytes.get(self.used..)?.first_chunk()?;
        self.used += size_of::<Entropy>();
        // A host that reports success and writes nothing leaves zeros.
        (drawn != [0; size_of::<Entropy>()]).then_some(drawn)
    }

    /// Whether there are no bytes for another request, and the host may have some.
    #[inline]
    pub(crate) fn is_empty(&self, now: Time) -> bool {
        self.used + size_of::<Entropy>() > self.bytes.len()
            && self.retry_at.is_none_or(|retry_at| now >= retry_at)
    }

    /// Whether more than half of the bytes are used.
    pub(crate) const fn is_low(&self) -> bool {
        self.used * 2 >= self.bytes.len()
    }

    /// Has the host fill `size` bytes, and forgets all others. `fill` returns whether it succeeded. After a failure there are no bytes: some
    /// of them may be old.
    pub(crate) fn refill(&mut self, size: usize, now: Time, fill: impl FnOnce(&mut [u8]) -> bool) {
        self.bytes.clear();
        self.bytes.resize(size, 0);
        self.used = 0;
        self.retry_at = None;
        if !fill(&mut self.bytes) {
            self.bytes.clear();
            self.retry_at = Some(Time(now.0.saturating_add(RETRY_NANOS)));
        }
    }
}

/// A host without random bytes is asked once a second, and not for each request.
const RETRY_NANOS: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    const SIZE: usize = 64;
    const NOW: Time = Time(7);

    #[test]
    fn bytes_are_drawn_once() {
        let mut pool = RandomPool::default();
        assert!(pool.is_empty(NOW) && pool.draw().is_none());
        let mut next = 0;
        let mut drawn = BTreeSet::new();
        for _ in 0..3 {
            pool.refill(SIZE, NOW, |bytes| {
                bytes.fill_with(|| {
                    next += 1;
                    next
                });
                true
            });
            while let Some(bytes) = pool.draw() {
                assert!(drawn.insert(bytes));
            }
            assert!(pool.is_empty(NOW) && pool.is_low());
        }
        assert_eq!(drawn.len(), 3 * (SIZE / size_of::<Entropy>()));
    }

    #[test]
    fn failed_refill_leaves_no_bytes() {
        type Fill = fn(&mut [u8]) -> bool;
        let hosts: [(&str, Fill); 3] = [
            ("fails", |_| false),
            ("reports success and writes nothing", |_| true),
            ("fails in the middle", |bytes| {
                bytes.iter_mut().take(SIZE / 2).for_each(|byte| *byte = 7);
                false
            }),
        ];
        for (host, fill) in hosts {
            let mut pool = RandomPool::default();
            pool.refill(SIZE, NOW, |bytes| {
                bytes.fill(9);
                true
            });
            pool.refill(SIZE, NOW, fill);
            assert_eq!(pool.draw(), None, "{host}");
        }
    }

    #[test]
    fn host_that_fails_is_asked_once_a_second() {
        let mut pool = RandomPool::default();
        pool.refill(SIZE, NOW, |_| false);
        assert!(!pool.is_empty(NOW));
        assert!(pool.is_empty(Time(NOW.0 + RETRY_NANOS)));
    }
}
