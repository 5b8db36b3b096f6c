//! JSON, written by hand into a body: the shapes are few, and nothing is kept but bytes.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::context::Time;

/// An object that is being written.
pub(super) struct Object<'b> {
    out: &'b mut Vec<u8>,
    is_empty: bool,
}

impl<'b> Object<'b> {
    pub(super) fn begin(out: &'b mut Vec<u8>) -> Self {
        out.push(b'{');
        Self {
            out,
            is_empty: true,
        }
    }

    pub(super) fn end(self) {
        self.out.push(b'}');
    }

    /// A key that is ours and needs no escaping.
    fn key(&mut self, key: &str) -> &mut Vec<u8> {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    /// A text that is ours and needs no escaping.
    pub(super) fn plain(&mut self, key: &str, text: &[u8]) {
        let out = self.key(key);
        out.push(b'"');
        out.extend_from_slice(text);
        out.push(b'"');
    }

    pub(super) fn text(&mut self, key: &str, text: &impl fmt::Display) {
        quoted(self.key(key), text);
    }

    pub(super) fn time(&mut self, key: &str, time: Time) {
        let out = self.key(key);
        out.push(b'"');
        moment(out, time);
        out.push(b'"');
    }

    pub(super) fn list(&mut self, key: &str, texts: impl Iterator<Item = impl fmt::Display>) {
        let out = self.key(key);
        out.push(b'[');
        for (index, text) in texts.enumerate() {
            if index > 0 {
                out.push(b',');
            }
            quoted(out, &text);
        }
        out.push(b']');
    }

    pub(super) fn object(&mut self, key: &str) -> Object<'_> {
        Object::begin(self.key(key))
    }

    /// An entry whose key is made of a caller's configuration.
    pub(super) fn entry(&mut self, key: &impl fmt::Display) -> Entry<'_> {
        if !self.is_empty {
            self.out.push(b',');
        }
        self.is_empty = false;
        quoted(self.out, key);
        self.out.push(b':');
        Entry(self.out)
    }
}

/// The value of an entry.
pub(super) struct Entry<'b>(&'b mut Vec<u8>);

impl Entry<'_> {
    pub(super) fn text(self, text: &impl fmt::Display) {
        quoted(self.0, text);
    }

    pub(super) fn whole(self, number: u64) {
        let _ = write!(Raw(self.0), "{number}");
    }
}

fn quoted(out: &mut Vec<u8>, text: &impl fmt::Display) {
    out.push(b'"');
    let _ = write!(Escaped(out), "{text}");
    out.push(b'"');
}

struct Raw<'b>(&'b mut Vec<u8>);

impl Write for Raw<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

struct Escaped<'b>(&'b mut Vec<u8>);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut plain = text.as_bytes();
        while let Some(at) = plain
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
        {
            let (before, rest) = plain.split_at_checked(at).unwrap_or((plain, &[]));
            self.0.extend_from_slice(before);
            let Some((byte, rest)) = rest.split_first() else {
                break;
            };
            match byte {
                b'"' | b'\\' => self.0.extend_from_slice(&[b'\\', *byte]),
                byte => {
                    let mut digits = [0; 2];
                    // One byte is two digits.
                    let _ = hex::encode_to_slice([*byte], &mut digits);
                    self.0.extend_from_slice(b"\\u00");
                    self.0.extend_from_slice(&digits);
                }
            }
            plain = rest;
        }
        self.0.extend_from_slice(plain);
        Ok(())
    }
}

/// `2026-03-02T10:15:30.125000Z`: microseconds are what Opik keeps.
fn moment(out: &mut Vec<u8>, time: Time) {
    let micros = time.0 / 1_000;
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    for (number, width, behind) in [
        (year, 4, b'-'),
        (month, 2, b'-'),
        (day, 2, b'T'),
        (second / 3_600, 2, b':'),
        (second / 60 % 60, 2, b':'),
        (second % 60, 2, b'.'),
        (micros, 6, b'Z'),
    ] {
        let mut digits = [b'0'; 6];
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        out.extend_from_slice(digits.get(6 - width..).unwrap_or_default());
        out.push(behind);
    }
}

/// The civil date of a day since 1970. Years are counted from March, so that the leap day is a year's last; an era has
/// 400 years.
fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_spelt_with_microseconds() {
        for (nanos, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_772_446_530_125_000_999, "2026-03-02T10:15:30.125000Z"),
            (1_709_164_800_000_000_000, "2024-02-29T00:00:00.000000Z"),
            (951_782_399_999_999_000, "2000-02-28T23:59:59.999999Z"),
            (4_102_444_800_000_000_000, "2100-01-01T00:00:00.000000Z"),
        ] {
            let mut out = Vec::new();
            moment(&mut out, Time(nanos));
            assert_eq!(core::str::from_utf8(&out), Ok(text));
        }
    }

    #[test]
    fn a_text_is_escaped() {
        let mut out = Vec::new();
        quoted(&mut out, &"a\"b\\c\n\u{1f}ü");
        assert_eq!(
            core::str::from_utf8(&out),
            Ok("\"a\\\"b\\\\c\\u000a\\u001fü\"")
        );
    }
}
