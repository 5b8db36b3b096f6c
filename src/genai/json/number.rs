//! Numbers of JSON (RFC 8259, section 6), a byte at a time:
//! `number = [ "-" ] ( "0" / digit1-9 *digit ) [ "." 1*digit ] [ ("e" / "E") [ "-" / "+" ] 1*digit ]`

/// How far a number has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Number {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    E,
    Sign,
    Exponent,
}

impl Number {
    /// With its first byte.
    pub(super) const fn begun(byte: u8) -> Option<Self> {
        match byte {
            b'-' => Some(Self::Minus),
            b'0' => Some(Self::Zero),
            b'1'..=b'9' => Some(Self::Integer),
            _ => None,
        }
    }

    /// With one more byte, if it may stand there.
    pub(super) const fn with(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Minus, _) => match byte {
                b'-' => None,
                _ => Self::begun(byte),
            },
            (Self::Integer, b'0'..=b'9') => Some(Self::Integer),
            (Self::Zero | Self::Integer, b'.') => Some(Self::Point),
            (Self::Point | Self::Fraction, b'0'..=b'9') => Some(Self::Fraction),
            (Self::Zero | Self::Integer | Self::Fraction, b'e' | b'E') => Some(Self::E),
            (Self::E, b'+' | b'-') => Some(Self::Sign),
            (Self::E | Self::Sign | Self::Exponent, b'0'..=b'9') => Some(Self::Exponent),
            _ => None,
        }
    }

    /// Whether it may end here.
    pub(super) const fn is_whole(self) -> bool {
        matches!(
            self,
            Self::Zero | Self::Integer | Self::Fraction | Self::Exponent
        )
    }
}

/// The largest count: every whole number up to it is the same for a reader that knows doubles alone.
pub(super) const LARGEST: u64 = 1 << 53;

/// The count that a number spells: whole, not negative, not too large; `2e3` is whole, and so is `20.0`.
#[inline(never)]
pub(super) fn count(number: &[u8]) -> Option<u64> {
    let mut digits = 0u64;
    // What the digits are to be multiplied by, as a power of ten: zeros count when another digit comes behind them.
    let (mut zeros, mut power, mut exponent) = (0i32, 0i32, 0i32);
    let (mut step, mut is_below_one, mut in_exponent) = (0, false, false);
    for byte in number {
        match byte {
            b'.' => step = 1,
            b'e' | b'E' => in_exponent = true,
            b'+' => {}
            b'-' if in_exponent => is_below_one = true,
            b'0'..=b'9' if in_exponent => {
                exponent = exponent
                    .saturating_mul(10)
                    .saturating_add(i32::from(byte - b'0'));
            }
            b'0' if digits == 0 => power -= step,
            b'0' => {
                power -= step;
                zeros += 1;
            }
            b'1'..=b'9' => {
                power -= step;
                digits = scaled(digits, zeros + 1)? + u64::from(byte - b'0');
                zeros = 0;
            }
            _ => return None,
        }
    }
    if is_below_one {
        exponent = -exponent;
    }
    scaled(digits, exponent.saturating_add(power + zeros))
}

/// A number times a power of ten, if that is whole and not too large.
fn scaled(number: u64, power: i32) -> Option<u64> {
    if number == 0 {
        return Some(0);
    }
    let mut number = number;
    for _ in 0..power {
        number = number.checked_mul(10).filter(|number| *number <= LARGEST)?;
    }
    (power >= 0 && number <= LARGEST).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_whole_and_not_too_large() {
        for (text, expected) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("120", Some(120)),
            ("2e3", Some(2_000)),
            ("2E+3", Some(2_000)),
            ("1.5e1", Some(15)),
            ("20.0", Some(20)),
            ("20.50e1", Some(205)),
            ("2000e-3", Some(2)),
            ("0.00", Some(0)),
            ("0e999999999999", Some(0)),
            ("0.02e2", Some(2)),
            ("9007199254740992", Some(1 << 53)),
            ("9007199254740993", None),
            ("90071992547409920e-1", Some(1 << 53)),
            ("9007199254740993e0", None),
            ("00.10e1", Some(1)),
            ("100000000000000000000000000000e-27", Some(100)),
            ("1e16", None),
            ("1e99999999999", None),
            ("1e-99999999999", None),
            ("18446744073709551617", None),
            ("1.5", None),
            ("15e-1", None),
            ("-1", None),
            ("-0", None),
        ] {
            assert_eq!(count(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn the_grammar_is_that_of_json() {
        let whole = |text: &str| {
            let mut bytes = text.bytes();
            let first = bytes.next().and_then(Number::begun);
            bytes
                .try_fold(first?, Number::with)
                .filter(|number| number.is_whole())
        };
        for text in ["0", "-0", "10", "1.05", "1e5", "1E-05", "-1.5e+3"] {
            assert!(whole(text).is_some(), "{text}");
        }
        for text in [
            "", "-", "--1", "01", "1.", ".5", "1e", "1e+", "+1", "1.e5", "0x1",
        ] {
            assert!(whole(text).is_none(), "{text}");
        }
    }
}
