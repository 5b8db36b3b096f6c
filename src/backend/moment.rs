//! Times as texts, with microseconds: that is what backends keep.

use crate::digits::decimal;
use crate::time::{Time, divided};

/// A time as a text, `2026-03-02T10:15:30.125000Z`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    text: [u8; 27],
    /// The whole seconds since 1970.
    second: u64,
}

impl Moment {
    pub(super) const fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    pub(crate) fn of(time: Time) -> Self {
        let (second, nanos) = divided(time.0, 1_000_000_000);
        Self {
            text: spelt(second, nanos as u32 / 1_000),
            second,
        }
    }

    /// Another time. Nearly always it lies in the same second, and most of its text is there already.
    #[inline]
    pub(super) fn near(&self, time: Time) -> Self {
        let (second, nanos) = divided(time.0, 1_000_000_000);
        if second != self.second {
            return Self::of(time);
        }
        let mut moment = *self;
        let [_, _, micros @ ..] = decimal(nanos as u32 / 1_000);
        if let Some(place) = moment.text.get_mut(20..26) {
            place.copy_from_slice(&micros);
        }
        moment
    }
}

fn spelt(second: u64, micros: u32) -> [u8; 27] {
    let (days, second) = divided(second, 86_400);
    let (year, month, day) = date(days as u32);
    let second = second as u32;
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let [a, b, c, d] = pairs(decimal(year * 10_000 + month * 100 + day));
    let [_, e, f, g] = pairs(decimal(hour * 10_000 + minute * 100 + second));
    let [_, h, i, j] = pairs(decimal(micros));
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    for (start, pair) in PAIRS.into_iter().zip([a, b, c, d, e, f, g, h, i, j]) {
        if let Some(place) = text.get_mut(start..start + 2) {
            place.copy_from_slice(&pair);
        }
    }
    text
}

/// Where the pairs of digits stand in a time.
const PAIRS: [usize; 10] = [0, 2, 5, 8, 11, 14, 17, 20, 22, 24];

const fn pairs([a, b, c, d, e, f, g, h]: [u8; 8]) -> [[u8; 2]; 4] {
    [[a, b], [c, d], [e, f], [g, h]]
}

/// The civil date of a day since 1970. Years are counted from March, so that the leap day is a year's last; an era has
/// 400 years.
const fn date(days: u32) -> (u32, u32, u32) {
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
    let year = era * 400 + year_of_era;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

/// The days from 1970 to a civil date, the other way round; none for a date before 1970.
pub(super) const fn days(year: u32, month: u32, day: u32) -> Option<u32> {
    let (shift, from_march) = if month <= 2 {
        (1, month + 9)
    } else {
        (0, month - 3)
    };
    let Some(year) = year.checked_sub(shift) else {
        return None;
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400;
    (days + (153 * from_march + 2) / 5 + day).checked_sub(719_469)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_day_of_its_date() {
        for day in (0..3_000_000).step_by(7) {
            let (year, month, day_of_month) = date(day);
            assert_eq!(days(year, month, day_of_month), Some(day));
        }
    }

    #[test]
    fn a_moment_is_spelt_with_microseconds() {
        for (nanos, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_772_446_530_125_000_999, "2026-03-02T10:15:30.125000Z"),
            (1_709_164_800_000_000_000, "2024-02-29T00:00:00.000000Z"),
            (951_782_399_999_999_000, "2000-02-28T23:59:59.999999Z"),
            (4_102_444_800_000_000_000, "2100-01-01T00:00:00.000000Z"),
        ] {
            let moment = Moment::of(Time(nanos));
            assert_eq!(core::str::from_utf8(&moment.text), Ok(text));
            for other in [0, nanos / 1_000_000_000 * 1_000_000_000] {
                let moment = Moment::of(Time(other)).near(Time(nanos));
                assert_eq!(core::str::from_utf8(&moment.text), Ok(text));
            }
        }
    }
}
