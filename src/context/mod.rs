//! Ids that cannot hold an invalid value, their two spellings (hex, dashed UUID), and the sampling state.
//!
//! One bit pattern serves both systems: an [`OpikId`] read as 128 bits is a [`TraceId`], and its low 64 bits are a
//! [`SpanId`] (never zero, because the UUID variant sits there).

mod opik;
mod otel;

pub(crate) use opik::Dashed;
pub use opik::{FUTURE_MS, OpikId};
pub use otel::{SpanId, TraceId};

use crate::words::words;

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

/// The random bytes of one admission: ten for a trace id, ten for our span id.
pub type Entropy = [u8; 20];

/// 128 bits. As one number they would want an alignment that every box and every list has to pay for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
struct Halves {
    high: u64,
    low: u64,
}

impl Halves {
    const fn of(bits: u128) -> Self {
        Self {
            high: (bits >> 64) as u64,
            low: bits as u64,
        }
    }

    const fn bits(self) -> u128 {
        (self.high as u128) << 64 | self.low as u128
    }
}

/// What the ids of one family say: the pair of one system, or nothing but a sampling state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ids {
    /// No ids: a sampling state alone.
    None,
    /// The Opik system.
    Opik(OpikIds),
    /// The OpenTelemetry system.
    Otel(OtelIds),
}

/// A trace id and, if the caller has one, the parent span id of the Opik system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpikIds {
    /// The trace.
    pub trace: OpikId,
    /// The parent; none means the top of the trace.
    pub parent: Option<OpikId>,
}

/// A trace id and a span id of the OpenTelemetry system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OtelIds {
    /// The trace.
    pub trace: TraceId,
    /// The span that becomes the receiver's parent.
    pub span: SpanId,
}

words! {
    /// What is known of the sampling decision.
    Sampling {
        /// Not decided yet: the receiver decides.
        Defer = "defer",
        /// Not sampled.
        Deny = "deny",
        /// Sampled.
        Accept = "accept",
        /// Sampled, and marked as a debug trace.
        Debug = "debug",
    }
}

impl Sampling {
    /// The decision as a yes or no; none while it is deferred.
    #[must_use]
    pub const fn decided(self) -> Option<bool> {
        match self {
            Self::Defer => None,
            Self::Deny => Some(false),
            Self::Accept | Self::Debug => Some(true),
        }
    }
}

impl From<bool> for Sampling {
    fn from(sampled: bool) -> Self {
        if sampled { Self::Accept } else { Self::Deny }
    }
}
