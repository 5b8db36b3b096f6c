//! Ids that cannot hold an invalid value, their two spellings (hex, dashed UUID), and the sampling state.
//!
//! One bit pattern serves both systems: an [`OpikId`] read as 128 bits is a [`TraceId`], and its low 64 bits are a
//! [`SpanId`] (never zero, because the UUID variant sits there).

mod opik;
mod otel;
mod random;

pub(crate) use opik::Dashed;
pub use opik::{FUTURE_MS, OpikId};
pub use otel::{SpanId, TraceId};
pub(crate) use random::RandomPool;

use crate::words::words;

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
