//! Instants in the form of Java's ISO_INSTANT, `YYYY-MM-DDTHH:MM:SS[.1 to 9 digits]Z`, stored in microseconds as in the backend.

use std::time::{SystemTime, UNIX_EPOCH};

const DAY: i64 = 86_400;
/// The backend accepts instants from 1970 to before 2300.
const END_YEAR: i64 = 2300;

/// Microseconds since 1970.
pub(crate) type Micros = i64;

pub(crate) fn now() -> Micros {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

pub(crate) fn parse(text: &str) -> Option<Micros> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.split('-');
    let (year, month, day) = (
        digits(date.next()?, 4)?,
        digits(date.next()?, 2)?,
        digits(date.next()?, 2)?,
    );
    let (time, fraction) = match time.split_once('.') {
        Some((time, fraction)) => (time, micros(fraction)?),
        None => (time, 0),
    };
    let mut time = time.split(':');
    let (hour, minute, second) = (
        digits(time.next()?, 2)?,
        digits(time.next()?, 2)?,
        digits(time.next()?, 2)?,
    );
    let over = date.next().is_some() || time.next().is_some();
    let real = (1970..END_YEAR).contains(&year)
        && (1..=12).contains(&month)
        && (1..=length(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    let seconds = days(year, month, day) * DAY + hour * 3_600 + minute * 60 + second;
    (real && !over).then_some(seconds * 1_000_000 + fraction)
}

pub(crate) fn spell(at: Micros) -> String {
    let (day, rest) = (
        at.div_euclid(DAY * 1_000_000),
        at.rem_euclid(DAY * 1_000_000),
    );
    let (seconds, fraction) = (rest / 1_000_000, rest % 1_000_000);
    // In this calendar a year begins in March, so that the leap day is its last day.
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march = (5 * of_year + 2) / 153;
    let date = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{second:02}.{fraction:06}Z")
}

/// Days from 1970 to a date: the inverse of [`spell`].
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let march = (month + 9) % 12;
    let of_year = (153 * march + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

fn length(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let plain = text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn micros(fraction: &str) -> Option<i64> {
    let value = digits(fraction, fraction.len()).filter(|_| (1..=9).contains(&fraction.len()))?;
    let places = u32::try_from(fraction.len()).ok()?;
    Some(value * 1_000_000_000 / 10_i64.pow(places) / 1_000)
}

#[cfg(test)]
mod tests {
    use super::{parse, spell};

    #[test]
    fn instants_are_read_like_in_java() {
        let good = [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-03-02T10:15:30.125Z", 1_772_446_530_125_000),
            ("2026-03-02T10:15:30.125000Z", 1_772_446_530_125_000),
            ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
            ("2299-12-31T23:59:59.999999999Z", 10_413_791_999_999_999),
        ];
        for (text, at) in good {
            assert_eq!(parse(text), Some(at), "{text}");
        }
        let bad = [
            "",
            "yesterday",
            "2026-03-02",
            "2026-03-02T10:15:30",
            "2026-03-02T10:15:30+00:00",
            "2026-03-02 10:15:30Z",
            "2026-3-2T10:15:30Z",
            "2026-02-29T10:15:30Z",
            "2026-04-31T10:15:30Z",
            "2026-03-02T24:00:00Z",
            "2026-03-02T10:15Z",
            "2026-03-02T10:15:30.Z",
            "2026-03-02T10:15:30.1234567890Z",
            "1969-12-31T23:59:59Z",
            "2300-01-01T00:00:00Z",
            "2026-03-02-01T10:15:30Z",
            "+026-03-02T10:15:30Z",
        ];
        for text in bad {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn spelling_and_reading_agree() {
        for day in 0..120_000_i64 {
            let at = day * 86_400_000_000 + day * 719_393 % 86_400_000_000;
            assert_eq!(parse(&spell(at)), Some(at));
        }
    }
}
