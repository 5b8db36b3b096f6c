//! The ids of OpenTelemetry: hex, and never zero.

use core::num::NonZeroU64;

use super::Halves;
use crate::digits;
use crate::fault::FaultKind;

/// A 128-bit OpenTelemetry trace id, never zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TraceId(pub(super) Halves);

impl TraceId {
    /// The id with these bits, unless they are all zero.
    #[must_use]
    pub const fn from_bits(bits: u128) -> Option<Self> {
        if bits == 0 {
            None
        } else {
            Some(Self(Halves::of(bits)))
        }
    }

    /// Exactly 32 lower-case hex digits.
    pub fn parse(text: &[u8]) -> Result<Self, FaultKind> {
        let text = text.try_into().map_err(|_| FaultKind::Hex)?;
        let [high, low] = digits::lower_case(text).ok_or(FaultKind::Hex)?;
        Self::from_halves(high, low).ok_or(FaultKind::Zero)
    }

    /// Up to 32 hex digits of either case, padded with zeros on the left.
    pub(crate) fn padded(text: &[u8]) -> Result<Self, FaultKind> {
        let [high, low] = left_padded(text, 32)?;
        Self::from_halves(high, low).ok_or(FaultKind::Zero)
    }

    const fn from_halves(high: u64, low: u64) -> Option<Self> {
        if high | low == 0 {
            None
        } else {
            Some(Self(Halves { high, low }))
        }
    }

    /// The 128 bits.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0.bits()
    }

    /// 32 lower-case hex digits.
    #[must_use]
    pub fn hex(self) -> [u8; 32] {
        digits::of(self.0.high, self.0.low)
    }
}

/// A 64-bit OpenTelemetry span id, never zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SpanId(pub(super) NonZeroU64);

impl SpanId {
    /// The id with these bits, unless they are all zero.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Option<Self> {
        match NonZeroU64::new(bits) {
            Some(bits) => Some(Self(bits)),
            None => None,
        }
    }

    /// Exactly 16 lower-case hex digits.
    pub fn parse(text: &[u8]) -> Result<Self, FaultKind> {
        let text = text.try_into().map_err(|_| FaultKind::Hex)?;
        Self::from_bits(digits::lower_case_half(text).ok_or(FaultKind::Hex)?).ok_or(FaultKind::Zero)
    }

    /// Up to 16 hex digits of either case, padded with zeros on the left.
    pub(crate) fn padded(text: &[u8]) -> Result<Self, FaultKind> {
        let [_, bits] = left_padded(text, 16)?;
        Self::from_bits(bits).ok_or(FaultKind::Zero)
    }

    /// The 64 bits.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0.get()
    }

    /// 16 lower-case hex digits.
    #[must_use]
    pub fn hex(self) -> [u8; 16] {
        digits::of_half(self.bits())
    }
}

/// 1 to `length` hex digits of either case, zeros added on the left.
fn left_padded(text: &[u8], length: usize) -> Result<[u64; 2], FaultKind> {
    let mut padded = [b'0'; DIGITS];
    match DIGITS
        .checked_sub(text.len())
        .and_then(|start| padded.get_mut(start..))
    {
        Some(room) if (1..=length).contains(&text.len()) => room.copy_from_slice(text),
        _ => return Err(FaultKind::Hex),
    }
    digits::any_case(&padded).ok_or(FaultKind::Hex)
}

/// What the longest id has.
const DIGITS: usize = 32;
