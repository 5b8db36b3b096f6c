//! The pause that a backend asks for: seconds, or a date.

use super::moment::days;
use crate::request::Headers;
use crate::time::Time;

const RESET: &str = "ratelimit-reset";
const RETRY: &str = "retry-after";
const DATE: &str = "date";

/// The response headers that a host hands over: those in which a backend asks for a pause, and its own time.
pub static PAUSE_HEADERS: [&str; 3] = [RESET, RETRY, DATE];

/// For how many seconds a backend asks for a pause. `RateLimit-Reset` is more exact than `Retry-After`.
pub(crate) fn asked(headers: Headers<'_>, now: Time) -> Option<u32> {
    let reset = first(headers, RESET);
    let retry = first(headers, RETRY);
    whole(reset)
        .or_else(|| whole(retry))
        .or_else(|| until(retry, first(headers, DATE), now))
}

/// The text of a header, which is empty where the header is absent.
#[inline(never)]
fn first<'h>(headers: Headers<'h>, name: &str) -> &'h [u8] {
    let text = headers.first(name.as_bytes());
    text.unwrap_or_default().trim_ascii()
}

/// How many seconds are left until a date; none if it has passed. Both dates of a backend come from one clock, so that their
/// difference is right even if the clock is wrong.
fn until(date: &[u8], backends_now: &[u8], now: Time) -> Option<u32> {
    let date = seconds(date)?;
    let now = seconds(backends_now).unwrap_or(now.0 / 1_000_000_000);
    let left = date.checked_sub(now).filter(|left| *left > 0)?;
    Some(u32::try_from(left).unwrap_or(u32::MAX))
}

/// A number of seconds; one that is too large is the largest.
#[inline(never)]
fn whole(digits: &[u8]) -> Option<u32> {
    let add = |number: u32, digit: &u8| {
        let digit = u32::from(digit.wrapping_sub(b'0'));
        number.saturating_mul(10).saturating_add(digit)
    };
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| digits.iter().fold(0, add))
}

/// The seconds from 1970 to a date like `Sun, 06 Nov 1994 08:49:37 GMT`. No server writes the two obsolete forms of
/// RFC 9110, 5.6.7, any more.
#[inline(never)]
fn seconds(date: &[u8]) -> Option<u64> {
    let fits = |(byte, wanted): (&u8, &u8)| *wanted == b'.' || byte == wanted;
    if date.len() != FORM.len() || !date.iter().zip(FORM).all(fits) {
        return None;
    }
    let number = |start: usize, end: usize| date.get(start..end).and_then(whole);
    let name = date.get(8..11)?;
    let month = MONTHS.iter().position(|month| month.as_slice() == name)? + 1;
    let (year, day) = (number(12, 16)?, number(5, 7)?);
    let (hour, minute, second) = (number(17, 19)?, number(20, 22)?, number(23, 25)?);
    // A leap second is the 60th.
    if !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days(year, month as u32, day)?;
    Some(u64::from(days) * 86_400 + u64::from(hour * 3_600 + minute * 60 + second))
}

/// The form of a date, with a dot for what differs.
const FORM: &[u8; 29] = b"..., .. ... .... ..:..:.. GMT";

static MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_seconds_since_1970() {
        for (date, wanted) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Thu, 29 Feb 2024 23:59:60 GMT", Some(1_709_251_200)),
            ("Mon, 02 Mar 2026 10:15:30 GMT", Some(1_772_446_530)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(253_402_300_799)),
            ("Wed, 31 Dec 1969 23:59:59 GMT", None),
            ("Sat, 01 Jan 0000 00:00:00 GMT", None),
            ("Sun, 00 Nov 1994 08:49:37 GMT", None),
            ("Sun, 32 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 24:00:00 GMT", None),
            ("Sun, 06 Nov 1994 08:60:00 GMT", None),
            ("Sun, 06 Nov 1994 08:49:61 GMT", None),
            ("Sun, +6 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 08:49:37 UTC", None),
            ("Sun, 06 Nov 1994 08:49:37", None),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun Nov  6 08:49:37 1994", None),
            ("", None),
        ] {
            assert_eq!(seconds(date.as_bytes()), wanted, "{date}");
        }
    }
}
