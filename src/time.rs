//! Moments. The core has no clock: a host passes the time with each call.

/// A moment, in nanoseconds since 1970. The core has no clock: the host says what time it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Time(pub u64);

impl Time {
    /// A moment given in milliseconds since 1970.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000_000))
    }

    /// Whole milliseconds since 1970.
    #[must_use]
    pub const fn millis(self) -> u64 {
        divided(self.0, 1_000_000).0
    }
}

/// A quotient and what is left. The divisor is hidden from the compiler: by a constant it would multiply in 128 bits, which
/// is many steps in the filter, and dividing is one.
pub(crate) const fn divided(number: u64, divisor: u64) -> (u64, u64) {
    match number.checked_div(core::hint::black_box(divisor)) {
        Some(quotient) => (
            quotient,
            number.wrapping_sub(quotient.wrapping_mul(divisor)),
        ),
        None => (0, number),
    }
}
