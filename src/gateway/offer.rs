//! What an upstream is offered where its answer is read: the encodings of the client's offer (`accept-encoding`, RFC 9110,
//! 12.5.3) that we can read. Nothing is added that the client has not offered.

use alloc::vec::Vec;

use crate::genai::is_readable;
use crate::request::ACCEPT_ENCODING;
use crate::request::{Headers, trim};

/// The offer without what we cannot read; none if it need not change. Where nothing is left it is `identity`. A client
/// that refuses even that keeps its offer: it must be able to decode what it gets, and usage is `encoded` then.
pub(super) fn readable(headers: Headers<'_>) -> Option<Vec<u8>> {
    let mut offer = Offer::default();
    let lines = headers.named(ACCEPT_ENCODING.as_bytes());
    for item in lines.flat_map(|line| line.split(|byte| *byte == b',')) {
        let item = trim(item);
        if !item.is_empty() {
            offer.add(item);
        }
    }
    if !offer.is_changed {
        None
    } else if offer.has_any {
        Some(offer.kept)
    } else {
        let is_refused = offer.identity.unwrap_or(offer.refuses_rest);
        (!is_refused).then(|| IDENTITY.to_vec())
    }
}

const IDENTITY: &[u8] = b"identity";

/// What is left of an offer.
#[derive(Default)]
struct Offer {
    kept: Vec<u8>,
    /// Something was offered that we cannot read.
    is_changed: bool,
    /// Something is left that the client takes.
    has_any: bool,
    /// Whether the client refuses `identity`, if it names it.
    identity: Option<bool>,
    /// Whether it refuses all that it does not name.
    refuses_rest: bool,
}

impl Offer {
    fn add(&mut self, item: &[u8]) {
        let Some((coding, weight)) = parts(item) else {
            self.is_changed = true;
            return;
        };
        let is_refused = weight.is_some_and(is_zero);
        let is_rest = coding == b"*";
        if !(is_readable(coding) || is_rest && is_refused) {
            // What is refused was not offered.
            self.is_changed |= !is_refused;
            return;
        }
        self.refuses_rest |= is_rest;
        self.has_any |= !is_refused;
        if coding.eq_ignore_ascii_case(IDENTITY) {
            self.identity = Some(is_refused);
        }
        self.keep(coding, weight);
    }

    fn keep(&mut self, coding: &[u8], weight: Option<&[u8]>) {
        if !self.kept.is_empty() {
            self.kept.extend_from_slice(b", ");
        }
        self.kept.extend(coding.iter().map(u8::to_ascii_lowercase));
        if let Some(weight) = weight {
            self.kept.extend_from_slice(b";q=");
            self.kept.extend_from_slice(weight);
        }
    }
}

/// The coding of an item, and its weight if it has one; none if the item is something else.
fn parts(item: &[u8]) -> Option<(&[u8], Option<&[u8]>)> {
    let mut parts = item.split(|byte| *byte == b';').map(trim);
    let coding = parts.next()?;
    let Some(parameter) = parts.next() else {
        return Some((coding, None));
    };
    let weight = parameter
        .strip_prefix(b"q=")
        .or_else(|| parameter.strip_prefix(b"Q="))?;
    (parts.next().is_none() && is_weight(weight)).then_some((coding, Some(weight)))
}

/// Whether a weight is a number from 0 to 1. More digits than the three of the grammar do no harm.
fn is_weight(weight: &[u8]) -> bool {
    let (whole, digits) = match weight {
        [whole, b'.', digits @ ..] => (*whole, digits),
        [whole] => (*whole, &[][..]),
        _ => return false,
    };
    match whole {
        b'0' => digits.iter().all(u8::is_ascii_digit),
        b'1' => digits.iter().all(|digit| *digit == b'0'),
        _ => false,
    }
}

fn is_zero(weight: &[u8]) -> bool {
    weight.iter().all(|byte| matches!(byte, b'0' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn readable_of(value: &[u8]) -> Option<Vec<u8>> {
        readable(Headers::new(&[(b"Accept-Encoding", value)]))
    }

    #[test]
    fn hostile_offers_are_never_sent_on() {
        for (value, offer) in [
            (&b""[..], None),
            (b",,, ,", None),
            (b"br\r\nx-evil: 1, gzip", Some(&b"gzip"[..])),
            (b"gzip\x00, br", Some(b"identity")),
            (b"gzip;q=1\x01, deflate, br", Some(b"deflate")),
            (b"gzip;q=1;q=1, br", Some(b"identity")),
            (b"gzip;q=2, br", Some(b"identity")),
            (b"gzip;q=, br", Some(b"identity")),
            (b"gzip;, br", Some(b"identity")),
            (b";q=1, br", Some(b"identity")),
            (b"\xff, gzip", Some(b"gzip")),
        ] {
            let found = readable_of(value);
            assert_eq!(found.as_deref(), offer, "{}", value.escape_ascii());
        }
        let long = b"br, ".repeat(10_000);
        assert_eq!(readable_of(&long).as_deref(), Some(&b"identity"[..]));
    }

    #[test]
    fn weight_is_a_number_from_0_to_1() {
        for (weight, is_one) in [
            ("0", true),
            ("1", true),
            ("0.", true),
            ("0.333333", true),
            ("1.000", true),
            ("1.001", false),
            ("2", false),
            ("", false),
            (".5", false),
            ("-0", false),
            ("0,5", false),
            ("00", false),
        ] {
            assert_eq!(is_weight(weight.as_bytes()), is_one, "{weight}");
        }
    }
}
