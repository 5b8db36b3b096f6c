//! Time without a clock: stretches of it, and the pauses between tries.

use super::Settings;
use crate::time::Time;

/// A stretch of time. A clock that is set back ends it, so that nothing waits for the time of the mistake to return.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    from: Time,
    nanos: u64,
}

impl Stretch {
    pub(super) const fn of(from: Time, millis: u64) -> Self {
        Self {
            from,
            nanos: millis.saturating_mul(MILLI),
        }
    }

    pub(super) const fn end(self) -> Time {
        Time(self.from.0.saturating_add(self.nanos))
    }

    /// Clocks that differ a little are no mistake: it has to be set back by more than the stretch is long.
    pub(super) fn is_over(self, now: Time) -> bool {
        now >= self.end() || now.0.saturating_add(self.nanos) < self.from.0
    }
}

/// The pauses of one backend. They grow while it fails, whichever batch it fails with.
#[derive(Debug)]
pub(super) struct Backoff {
    rest: Option<Stretch>,
    /// Whether the backend asked for it.
    is_asked: bool,
    setbacks: u32,
    jitter: u64,
}

impl Backoff {
    /// `seed` makes the pauses of many gateways differ.
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            rest: None,
            is_asked: false,
            setbacks: 0,
            // The generator below would stay at zero for ever.
            jitter: seed | 1,
        }
    }

    pub(super) fn is_resting(&self, now: Time) -> bool {
        self.rest.is_some_and(|rest| !rest.is_over(now))
    }

    /// Nothing is sent before this time.
    pub(super) fn until(&self) -> Time {
        self.rest.map_or(Time(0), Stretch::end)
    }

    /// The backend answers as it should.
    pub(super) const fn end(&mut self) {
        self.rest = None;
        self.setbacks = 0;
    }

    /// A pause that nobody asked for is over, and the next one is short: there is no time for long ones any more.
    pub(super) const fn hasten(&mut self) {
        if !self.is_asked {
            self.end();
        }
    }

    /// So many pauses were made already, by somebody else.
    pub(super) const fn resume(&mut self, setbacks: u32) {
        self.setbacks = setbacks;
    }

    /// A pause twice as long as the last, or the one that the backend asked for.
    pub(super) fn grow(&mut self, plan: &Settings, asked_s: Option<u32>, now: Time) {
        let doublings = self.setbacks.min(MOST_DOUBLINGS);
        self.setbacks = self.setbacks.saturating_add(1);
        let millis = match asked_s {
            // Everyone was told the same second: they should not all return in it.
            Some(seconds) => {
                let first = self.jittered(u64::from(plan.backoff_ms));
                u64::from(seconds.min(LONGEST_ASKED_S)) * 1_000 + first
            }
            None => {
                let doubled = u64::from(plan.backoff_ms) << doublings;
                self.jittered(doubled.min(u64::from(plan.backoff_max_ms)))
            }
        };
        self.is_asked = asked_s.is_some();
        self.rest = Some(Stretch::of(now, millis));
    }

    /// The longest pause.
    pub(super) const fn rest(&mut self, plan: &Settings, now: Time) {
        self.is_asked = false;
        self.rest = Some(Stretch::of(now, plan.backoff_max_ms as u64));
    }

    /// Between half and all of a pause, so that many gateways do not return at once.
    const fn jittered(&mut self, millis: u64) -> u64 {
        self.jitter ^= self.jitter << 13;
        self.jitter ^= self.jitter >> 7;
        self.jitter ^= self.jitter << 17;
        let half = millis / 2;
        millis - self.jitter % (half + 1)
    }
}

const MILLI: u64 = 1_000_000;
/// Ten minutes doubled so often are more than any longest pause.
const MOST_DOUBLINGS: u32 = 24;
/// A backend may ask for a pause, but not for silence.
const LONGEST_ASKED_S: u32 = 300;
