//! The ids of Opik: UUIDs of version 7.

use core::num::NonZeroU64;

use super::{Halves, SpanId, TraceId};
use crate::fault::FaultKind;
use crate::time::Time;
use crate::{bytes, digits};

/// An Opik id: a UUID of version 7 and variant 10, hence never zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct OpikId(Halves);

impl OpikId {
    /// Made of a time and 74 random bits (law 1; also our own span id).
    #[must_use]
    pub fn mint(now: Time, random: [u8; 10]) -> Self {
        let [a, b, rest @ ..] = random;
        Self::dated(
            now,
            // In the order in which they lie there: they are random, and to turn them round is many steps.
            u16::from_le_bytes([a, b]).into(),
            u64::from_le_bytes(rest),
        )
    }

    /// For a caller that has no Opik id: the time is now, the 74 free bits are those of `trace` (law 3b).
    #[must_use]
    pub fn derive(now: Time, trace: TraceId) -> Self {
        Self::dated(now, trace.0.high, trace.0.low)
    }

    /// The time, and what is free of these bits: 48 are the time, 4 the version, 2 the variant (RFC 9562).
    const fn dated(now: Time, high: u64, low: u64) -> Self {
        Self(Halves {
            high: now.millis() << 16 | VERSION_7 | high & 0xfff,
            low: VARIANT | low & (u64::MAX >> 2),
        })
    }

    /// The id with these bits, if they are a UUID of version 7.
    #[must_use]
    pub const fn from_bits(bits: u128) -> Option<Self> {
        let halves = Halves::of(bits);
        Self::from_halves(halves.high, halves.low)
    }

    const fn from_halves(high: u64, low: u64) -> Option<Self> {
        if high & 0xf000 == VERSION_7 && low >> 62 == VARIANT >> 62 {
            Some(Self(Halves { high, low }))
        } else {
            None
        }
    }

    /// A dashed or undashed UUID of version 7 in any case, its time at most [`FUTURE_MS`] ahead of `now` (law 11).
    pub fn parse(text: &[u8], now: Time) -> Result<Self, FaultKind> {
        let found = if let Ok(dashed) = text.try_into() {
            digits::dashed_any_case(dashed)
        } else {
            text.try_into().ok().and_then(digits::any_case)
        };
        let [high, low] = found.ok_or(FaultKind::Uuid)?;
        let id = Self::from_halves(high, low).ok_or(FaultKind::NotVersion7)?;
        if id.millis() > now.millis().saturating_add(FUTURE_MS) {
            return Err(FaultKind::Future);
        }
        Ok(id)
    }

    /// The 128 bits.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0.bits()
    }

    /// The time inside the id, in milliseconds since 1970.
    #[must_use]
    pub const fn millis(self) -> u64 {
        self.0.high >> 16
    }

    /// The same 128 bits as an OpenTelemetry trace id (law 2).
    #[must_use]
    pub const fn as_trace(self) -> TraceId {
        // Not zero: the version bits are set.
        TraceId(self.0)
    }

    /// The low 64 bits as an OpenTelemetry span id.
    #[must_use]
    pub const fn as_span(self) -> SpanId {
        match NonZeroU64::new(self.0.low) {
            Some(bits) => SpanId(bits),
            None => SpanId(NonZeroU64::MIN), // not reached: the variant bits are set
        }
    }

    /// 36 characters, lower-case and dashed.
    #[must_use]
    pub fn dashed(self) -> [u8; DASHED] {
        digits::dashed(self.0.high, self.0.low)
    }

    /// Whether a text in which an id was read is as we would spell it.
    pub(crate) fn is_spelling(text: &[u8]) -> bool {
        text.try_into().is_ok_and(digits::is_dashed) && !bytes::any(text, bytes::upper_case)
    }
}

/// The ids of a span of ours as Opik spells them. They are needed twice, upstream and at the end of the span, and to spell
/// them is dearer than to keep them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dashed {
    /// The trace.
    pub trace: [u8; DASHED],
    /// The span, which is the parent of what comes next.
    pub span: [u8; DASHED],
}

/// How far in the future the time of an inbound Opik id may lie: clocks differ, ids of tomorrow are made up.
pub const FUTURE_MS: u64 = 60_000;

const DASHED: usize = 36;
const VERSION_7: u64 = 7 << 12;
const VARIANT: u64 = 0b10 << 62;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_what_the_uuid_crate_makes_of_the_same() {
        for random in [[0; 10], [255; 10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]] {
            let ours = OpikId::mint(NOW, random);
            // They read the random bytes the other way round, in the two pieces of which we take them.
            let mut turned = random;
            let (start, end) = turned.split_at_mut(2);
            start.reverse();
            end.reverse();
            let theirs =
                uuid::Builder::from_unix_timestamp_millis(NOW.millis(), &turned).into_uuid();
            assert_eq!(ours.bits(), theirs.as_u128());
            assert_eq!(ours.dashed(), alloc::format!("{theirs}").as_bytes());
            assert_eq!(OpikId::from_bits(theirs.as_u128()), Some(ours));
        }
        let other = uuid::Uuid::from_u128(u128::MAX);
        assert_eq!(
            (other.get_version_num(), OpikId::from_bits(u128::MAX)),
            (15, None)
        );
    }

    const NOW: Time = Time::from_millis(1_772_446_530_125);

    #[test]
    fn one_id_has_two_spellings() {
        let id = OpikId::parse(b"019cae0b-ba4d-7b60-9c1b-2281eda8d7fe", NOW).unwrap();
        assert_eq!(&id.dashed(), b"019cae0b-ba4d-7b60-9c1b-2281eda8d7fe");
        assert_eq!(&id.as_trace().hex(), b"019cae0bba4d7b609c1b2281eda8d7fe");
        assert_eq!(&id.as_span().hex(), b"9c1b2281eda8d7fe");
        assert_eq!(id.millis(), 1_772_446_530_125);
    }

    #[test]
    fn a_derived_id_ends_like_the_trace_it_stands_for() {
        let trace = TraceId::parse(b"4bf92f3577b34da6a3ce929d0e0e4736").unwrap();
        let id = OpikId::derive(NOW, trace);
        assert_eq!(id.millis(), NOW.millis());
        assert_eq!(&id.dashed()[24..], b"929d0e0e4736");
        assert_eq!(
            &id.dashed()[15..18],
            b"da6",
            "the twelve bits behind the version are kept as well"
        );
    }

    #[test]
    fn an_id_of_zero_random_bytes_is_still_valid() {
        let id = OpikId::mint(Time(0), [0; 10]);
        assert_ne!(id.as_span().bits(), 0);
        assert_eq!(OpikId::from_bits(id.bits()), Some(id));
    }

    #[test]
    fn a_uuid_has_36_or_32_characters_and_nothing_else() {
        for (text, kind) in [
            ("{019cae0b-ba4d-7b60-9c1b-2281eda8d7fe}", FaultKind::Uuid),
            (
                "urn:uuid:019cae0b-ba4d-7b60-9c1b-2281eda8d7fe",
                FaultKind::Uuid,
            ),
            ("", FaultKind::Uuid),
            (
                "019cae0b-ba4d-4b60-9c1b-2281eda8d7fe",
                FaultKind::NotVersion7,
            ),
            (
                "019cae0b-ba4d-7b60-dc1b-2281eda8d7fe",
                FaultKind::NotVersion7,
            ),
            (
                "00000000-0000-0000-0000-000000000000",
                FaultKind::NotVersion7,
            ),
            ("ffffffff-ffff-7fff-bfff-ffffffffffff", FaultKind::Future),
        ] {
            assert_eq!(OpikId::parse(text.as_bytes(), NOW), Err(kind), "{text}");
        }
    }
}
