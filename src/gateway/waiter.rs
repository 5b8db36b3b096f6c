//! Which request waits for the queue. A Worker has no timer of its own: a request that was answered waits in `waitUntil` until a batch is
//! due, and one request is enough.

use crate::time::Time;

/// The request that waits.
#[derive(Debug, Default)]
pub(super) struct Waiter {
    /// Until when it waits. A flag would not do: the platform may end a waiting request without notice, and then another one must take
    /// over.
    until: Option<Time>,
}

impl Waiter {
    /// How many milliseconds this request waits before it polls, if it can wait for `limit_ms`. None if there is nothing to wait for,
    /// or another request waits.
    pub(super) fn wait_ms(&mut self, due: Option<Time>, now: Time, limit_ms: u64) -> Option<u64> {
        let due = due?;
        let wait = due.0.saturating_sub(now.0).div_ceil(NANOS_PER_MILLI);
        if wait == 0 {
            return Some(0);
        }
        let is_kept = |until: Time| now <= until && until <= due;
        if wait > limit_ms || self.until.is_some_and(is_kept) {
            return None;
        }
        self.until = Some(due);
        Some(wait)
    }

    /// The request that waited polls now.
    pub(super) const fn finish(&mut self) {
        self.until = None;
    }
}

const NANOS_PER_MILLI: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time::from_millis(millis)
    }

    #[test]
    fn one_request_waits_for_all() {
        let mut waiter = Waiter::default();
        for (due, now, limit_ms, wait, why) in [
            (None, 0, 100, None, "nothing is queued"),
            (Some(50), 0, 100, Some(50), "the first request waits"),
            (Some(50), 1, 100, None, "the first request still waits"),
            (
                Some(20),
                2,
                100,
                Some(18),
                "nobody waits for what is due earlier",
            ),
            (Some(3), 3, 0, Some(0), "what is due now needs no wait"),
        ] {
            assert_eq!(
                waiter.wait_ms(due.map(at), at(now), limit_ms),
                wait,
                "{why}"
            );
        }
    }

    #[test]
    fn request_that_was_ended_is_replaced() {
        let mut waiter = Waiter::default();
        assert_eq!(waiter.wait_ms(Some(at(50)), at(0), 100), Some(50));
        assert_eq!(waiter.wait_ms(Some(at(90)), at(51), 100), Some(39));
    }

    #[test]
    fn request_that_cannot_wait_keeps_no_other_from_it() {
        let mut waiter = Waiter::default();
        assert_eq!(waiter.wait_ms(Some(at(50)), at(0), 0), None);
        assert_eq!(waiter.wait_ms(Some(at(50)), at(1), 100), Some(49));
    }

    #[test]
    fn request_waits_no_longer_than_the_platform_allows() {
        let mut waiter = Waiter::default();
        assert_eq!(waiter.wait_ms(Some(at(200)), at(0), 100), None);
        assert_eq!(waiter.wait_ms(Some(at(200)), at(150), 100), Some(50));
        waiter.finish();
        assert_eq!(waiter.wait_ms(Some(at(200)), at(160), 100), Some(40));
    }
}
