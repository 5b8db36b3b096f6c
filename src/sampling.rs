//! The decision at the root of a trace: consistent probability sampling, so that every gateway decides alike.
//!
//! A trace is kept when its randomness `R` (56 bits, from `rv` or the end of the trace id) is at least the rejection
//! threshold `T`: probability = (2^56 - T) / 2^56.
//! <https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/>

use crate::digits;
use crate::ids::TraceId;
use crate::request::HeaderValue;

/// A rejection threshold: traces whose randomness is below it are not kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Threshold(u64);

/// What a rule says about the traces that begin here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sampler {
    /// Every trace is kept.
    Always,
    /// No trace is kept.
    Never,
    /// Traces at or above the threshold are kept.
    Above(Threshold),
}

impl Threshold {
    /// 1 to 14 lower-case hex digits, padded with zeros on the right.
    pub(crate) fn parse(digits: &[u8]) -> Option<Self> {
        fraction(digits).map(Self)
    }

    /// Whether a trace of this randomness is kept.
    #[must_use]
    pub const fn keeps(self, randomness: u64) -> bool {
        randomness >= self.0
    }

    /// The hex digits of a `th`, without the zeros at the end.
    #[must_use]
    pub fn digits(self) -> HeaderValue {
        let text = digits::of_half(self.0 << 8);
        let mut digits = text.as_slice();
        while let [rest @ .., b'0'] = digits {
            if rest.is_empty() {
                break;
            }
            digits = rest;
        }
        HeaderValue::of(&[digits])
    }
}

impl Sampler {
    /// The sampler of this probability, from 0 to 1. Five digits behind the leading `f`s tell probabilities apart
    /// well enough, and keep the header short.
    #[must_use]
    pub fn with_probability(probability: f64) -> Self {
        let kept = (probability * WHOLE as f64) as u64;
        if kept >= WHOLE {
            return Self::Always;
        }
        let exact = WHOLE - kept;
        let leading = (exact << 8).leading_ones() / 4;
        let step = 1 << (4 * (BITS / 4).saturating_sub(leading + DIGITS));
        let rounded = (exact + step / 2) / step * step;
        match rounded {
            WHOLE.. => Self::Never,
            0 => Self::Always,
            threshold => Self::Above(Threshold(threshold)),
        }
    }

    /// Whether a trace of this randomness is kept.
    #[must_use]
    pub const fn keeps(self, randomness: u64) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Above(threshold) => threshold.keeps(randomness),
        }
    }

    /// The threshold to announce: none when every trace is kept, or none is.
    #[must_use]
    pub const fn threshold(self) -> Option<Threshold> {
        match self {
            Self::Above(threshold) => Some(threshold),
            Self::Always | Self::Never => None,
        }
    }
}

/// The randomness of a trace without an `rv`: the low 56 bits of its id.
#[must_use]
pub(crate) const fn randomness(trace: TraceId) -> u64 {
    trace.bits() as u64 & (WHOLE - 1)
}

/// 1 to 14 lower-case hex digits behind an imagined point, as 56 bits.
pub(crate) fn fraction(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || digits.len() > BITS as usize / 4 {
        return None;
    }
    let mut bits: u64 = 0;
    for digit in digits {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        bits = bits << 4 | u64::from(value);
    }
    Some(bits << (BITS as usize - 4 * digits.len()))
}

const BITS: u32 = 56;
const WHOLE: u64 = 1 << BITS;
const DIGITS: u32 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probability_becomes_the_digits_of_the_specification() {
        for (probability, digits) in [
            (0.5, Some("8")),
            (0.25, Some("c")),
            (0.01, Some("fd70a4")),
            (0.1, Some("e6666")),
            (1.0, None),
            (0.0, None),
        ] {
            let sampler = Sampler::with_probability(probability);
            let written = sampler
                .threshold()
                .map(|threshold| threshold.digits().as_bytes().to_vec());
            assert_eq!(
                written.as_deref(),
                digits.map(str::as_bytes),
                "{probability}"
            );
        }
        assert_eq!(Sampler::with_probability(1.0), Sampler::Always);
        assert_eq!(Sampler::with_probability(0.0), Sampler::Never);
    }

    #[test]
    fn the_threshold_itself_is_kept() {
        let quarter = Threshold::parse(b"c").unwrap();
        assert!(!quarter.keeps(0xbf_ffff_ffff_ffff));
        assert!(quarter.keeps(0xc0_0000_0000_0000));
        assert_eq!(Sampler::with_probability(0.25), Sampler::Above(quarter));
        assert_eq!(
            Threshold::parse(b"0").unwrap().digits().as_bytes(),
            b"0",
            "th:0 keeps everything"
        );
        for bad in ["", "C", "123456789012345", "-1"] {
            assert_eq!(Threshold::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
