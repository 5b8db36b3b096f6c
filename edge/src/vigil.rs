//! Who will look at the queue next. There is no clock here but that of a request: somebody who is answered already has to
//! wait in `waitUntil` until the batch is ripe, and one is enough.

use core::cell::Cell;

use gatespan::Time;

/// The promise to look, and when.
#[derive(Default)]
pub(crate) struct Vigil {
    /// The promise of the one who waits. It is a time and no flag: a request whose wait is cut short by the platform
    /// breaks its promise without a word, and must not keep all others from making one.
    promised: Cell<Option<Time>>,
}

impl Vigil {
    /// How many milliseconds somebody who can wait for `patience` of them has to wait before the queue is looked at; none
    /// if there is nothing to wait for, or another one does.
    pub(crate) fn stand(&self, due: Option<Time>, now: Time, patience: u64) -> Option<u64> {
        let due = due?;
        let wait = due.0.saturating_sub(now.0).div_ceil(MILLI);
        if wait == 0 {
            return Some(0);
        }
        let is_kept = |promised: Time| now <= promised && promised <= due;
        if wait > patience || self.promised.get().is_some_and(is_kept) {
            return None;
        }
        self.promised.set(Some(due));
        Some(wait)
    }

    /// The one who promised has looked.
    pub(crate) fn relieve(&self) {
        self.promised.set(None);
    }
}

const MILLI: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Time {
        Time(millis * MILLI)
    }

    #[test]
    fn one_waits_and_the_others_go() {
        let vigil = Vigil::default();
        assert_eq!(vigil.stand(None, at(0), 100), None, "nothing is queued");
        assert_eq!(vigil.stand(Some(at(50)), at(0), 100), Some(50));
        assert_eq!(vigil.stand(Some(at(50)), at(1), 100), None);
        assert_eq!(
            vigil.stand(Some(at(20)), at(2), 100),
            Some(18),
            "what is due before is not promised"
        );
        assert_eq!(
            vigil.stand(Some(at(3)), at(3), 0),
            Some(0),
            "what is due now needs no patience"
        );
    }

    #[test]
    fn a_broken_promise_binds_nobody() {
        let vigil = Vigil::default();
        assert_eq!(vigil.stand(Some(at(50)), at(0), 100), Some(50));
        assert_eq!(vigil.stand(Some(at(90)), at(51), 100), Some(39));
    }

    #[test]
    fn who_cannot_wait_promises_nothing() {
        let vigil = Vigil::default();
        assert_eq!(vigil.stand(Some(at(50)), at(0), 0), None);
        assert_eq!(vigil.stand(Some(at(50)), at(1), 100), Some(49));
    }

    #[test]
    fn nobody_promises_what_the_platform_forbids() {
        let vigil = Vigil::default();
        assert_eq!(vigil.stand(Some(at(200)), at(0), 100), None);
        assert_eq!(vigil.stand(Some(at(200)), at(150), 100), Some(50));
        vigil.relieve();
        assert_eq!(vigil.stand(Some(at(200)), at(160), 100), Some(40));
    }
}
