//! Time limits without a clock, and the pauses between attempts.

use super::Settings;
use crate::time::Time;

/// A span of time. A clock that is set back by more than the timer is long ends it: nothing waits until a wrong time comes back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Timer {
    from: Time,
    nanos: u64,
}

impl Timer {
    pub(super) const fn new(from: Time, millis: u64) -> Self {
        Self {
            from,
            nanos: millis.saturating_mul(NANOS_PER_MILLI),
        }
    }

    pub(super) const fn end(self) -> Time {
        Time(self.from.0.saturating_add(self.nanos))
    }

    pub(super) fn is_over(self, now: Time) -> bool {
        now >= self.end() || now.0.saturating_add(self.nanos) < self.from.0
    }
}

/// The pauses of one backend. They grow while it fails, whichever batch it fails with.
#[derive(Debug)]
pub(super) struct Backoff {
    pause: Option<Timer>,
    /// Whether the backend asked for the pause.
    is_asked: bool,
    /// How many pauses were made since the last success.
    pauses: u32,
    /// The state of a xorshift generator.
    jitter: u64,
}

impl Backoff {
    /// `seed` makes the pauses of many gateways differ.
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            pause: None,
            is_asked: false,
            pauses: 0,
            // Xorshift never leaves the state zero.
            jitter: seed | 1,
        }
    }

    pub(super) const fn pause(&self) -> Option<Timer> {
        self.pause
    }

    pub(super) fn is_pausing(&self, now: Time) -> bool {
        self.pause.is_some_and(|pause| !pause.is_over(now))
    }

    /// Nothing is sent before this time.
    pub(super) fn until(&self) -> Time {
        self.pause.map_or(Time(0), Timer::end)
    }

    /// The backend works again.
    pub(super) const fn reset(&mut self) {
        self.pause = None;
        self.pauses = 0;
    }

    /// The host ends soon: a pause that the backend did not ask for is over, and the next one is short.
    pub(super) const fn hurry(&mut self) {
        if !self.is_asked {
            self.reset();
        }
    }

    /// Another gateway has made this many pauses already.
    pub(super) const fn resume(&mut self, pauses: u32) {
        self.pauses = pauses;
    }

    /// Pauses twice as long as last time, or as long as the backend asks for.
    pub(super) fn grow(&mut self, settings: &Settings, asked_s: Option<u32>, now: Time) {
        let doublings = self.pauses.min(MAX_DOUBLINGS);
        self.pauses = self.pauses.saturating_add(1);
        let millis = match asked_s {
            // The backend asks every gateway for the same second. They must not all return in it.
            Some(seconds) => {
                let first = self.jittered(u64::from(settings.backoff_ms));
                u64::from(seconds.min(MAX_ASKED_S)) * 1_000 + first
            }
            None => {
                let doubled = u64::from(settings.backoff_ms) << doublings;
                self.jittered(doubled.min(u64::from(settings.backoff_max_ms)))
            }
        };
        self.is_asked = asked_s.is_some();
        self.pause = Some(Timer::new(now, millis));
    }

    /// Makes the longest pause.
    pub(super) const fn pause_longest(&mut self, settings: &Settings, now: Time) {
        self.is_asked = false;
        self.pause = Some(Timer::new(now, settings.backoff_max_ms as u64));
    }

    /// Between half and all of a pause, so that gateways do not all return at the same moment.
    const fn jittered(&mut self, millis: u64) -> u64 {
        self.jitter ^= self.jitter << 13;
        self.jitter ^= self.jitter >> 7;
        self.jitter ^= self.jitter << 17;
        let half = millis / 2;
        millis - self.jitter % (half + 1)
    }
}

const NANOS_PER_MILLI: u64 = 1_000_000;
/// Ten minutes, doubled this often, are longer than any configured pause.
const MAX_DOUBLINGS: u32 = 24;
/// The longest pause that a backend can ask for, in seconds.
const MAX_ASKED_S: u32 = 300;
