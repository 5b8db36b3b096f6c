//! JSON, written by hand into a body: the shapes are few, and nothing is kept but bytes.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::bytes::is_plain;
use crate::digits::{decimal, leading_zeros};
use crate::span::{AttributeKey, AttributeValue, Span};
use crate::time::divided;

/// A text as it stands between quotes.
pub(super) fn text(out: &mut Vec<u8>, text: &[u8]) {
    if is_plain(text) {
        out.extend_from_slice(text);
    } else {
        escape(out, text);
    }
}

/// A text that is known to be plain, or may not be.
#[inline]
pub(super) fn plain(out: &mut Vec<u8>, text: &[u8], is_plain: bool) {
    if is_plain {
        out.extend_from_slice(text);
    } else {
        self::text(out, text);
    }
}

/// The name of a span.
pub(super) fn name(out: &mut Vec<u8>, span: &Span<'_>) {
    let is_plain = span.is_plain();
    // Each piece is handed over where it is made: to fetch one after the other is three times the steps.
    span.name().for_each(|text| plain(out, text, is_plain));
}

/// A text for what is rare: formatting costs more than all the rest of a span.
pub(super) fn shown(out: &mut Vec<u8>, text: &impl fmt::Display) {
    let _ = write!(Escaped(out), "{text}");
}

/// A whole number, eight digits at a time.
#[inline]
pub(super) fn whole(out: &mut Vec<u8>, number: u64) {
    if number < 100_000_000 {
        let digits = decimal(number as u32);
        let zeros = leading_zeros(digits).min(digits.len() - 1);
        out.extend_from_slice(digits.get(zeros..).unwrap_or_default());
    } else {
        let (above, below) = divided(number, 100_000_000);
        whole(out, above);
        out.extend_from_slice(&decimal(below as u32));
    }
}

/// A stretch of time, given in nanoseconds, as milliseconds.
pub(super) fn millis(out: &mut Vec<u8>, nanos: u64) {
    let (millis, rest) = divided(nanos, 1_000_000);
    whole(out, millis);
    out.push(b'.');
    let [_, _, digits @ ..] = decimal(rest as u32);
    out.extend_from_slice(&digits);
}

/// The members of an object that is being written.
pub(super) struct Members<'b> {
    out: &'b mut Vec<u8>,
    is_plain: bool,
    /// A member brings along the quote that ends the text before it and the comma behind that, of which so much is too much.
    surplus: usize,
}

impl<'b> Members<'b> {
    /// An object of the attributes of this span, which begins here.
    pub(super) fn begin(out: &'b mut Vec<u8>, span: &Span<'_>) -> Self {
        out.push(b'{');
        Self {
            out,
            is_plain: span.is_plain(),
            surplus: QUOTE_AND_COMMA,
        }
    }

    /// The attributes that every request has. No key needs escaping: they are ours, or tokens of HTTP.
    pub(super) fn common(&mut self, span: &Span<'_>) {
        span.attributes(&mut |attribute| {
            match attribute.key {
                AttributeKey::Known(known) => self.key(known.member.as_bytes()),
                AttributeKey::RequestHeader(name) => {
                    self.key(br#"","http.request.header."#);
                    self.out.extend_from_slice(name.as_bytes());
                    self.out.extend_from_slice(br#"":""#);
                }
            }
            self.value(attribute.value, self.is_plain);
        });
    }

    /// One more, of a name that needs no escaping either.
    pub(super) fn member(&mut self, name: [&str; 2], value: AttributeValue<'_>) {
        self.key(br#"",""#);
        for piece in name {
            self.out.extend_from_slice(piece.as_bytes());
        }
        self.out.extend_from_slice(br#"":""#);
        self.value(value, false);
    }

    /// The end of the object.
    pub(super) fn end(self) {
        self.out.extend_from_slice(behind(self.surplus, br#""}"#));
    }

    #[inline]
    fn key(&mut self, member: &[u8]) {
        self.out.extend_from_slice(behind(self.surplus, member));
        self.surplus = 0;
    }

    #[inline]
    fn value(&mut self, value: AttributeValue<'_>, is_plain: bool) {
        // Nearly all are.
        if let AttributeValue::Text(text) = value {
            return plain(self.out, text, is_plain);
        }
        if is_bare(value) {
            self.out.pop();
            self.surplus = QUOTE;
        }
        self::value(self.out, value, is_plain);
    }
}

/// Whether a value stands without quotes.
fn is_bare(value: AttributeValue<'_>) -> bool {
    matches!(
        value,
        AttributeValue::Whole(_)
            | AttributeValue::Decimal(_)
            | AttributeValue::Seconds(_)
            | AttributeValue::True
            | AttributeValue::FinishReasons(_)
    )
}

/// What an attribute says: the inside of a text, or what stands without quotes.
#[inline]
pub(super) fn value(out: &mut Vec<u8>, value: AttributeValue<'_>, is_plain: bool) {
    match value {
        AttributeValue::Text(text) => plain(out, text, is_plain),
        AttributeValue::Whole(number) => whole(out, number),
        AttributeValue::Trace(id) => out.extend_from_slice(&id.hex()),
        AttributeValue::Span(id) => out.extend_from_slice(&id.hex()),
        AttributeValue::Opik(id) => out.extend_from_slice(&id.dashed()),
        AttributeValue::FinishReasons(words) => {
            for (index, word) in words.iter().enumerate() {
                out.extend_from_slice(if index == 0 { b"[\"" } else { b",\"" });
                text(out, word);
                out.push(b'"');
            }
            out.push(b']');
        }
        other => shown(out, &other),
    }
}

/// What a member begins with, and may be too much.
const QUOTE: usize = 1;
const QUOTE_AND_COMMA: usize = 2;

fn behind(surplus: usize, member: &[u8]) -> &[u8] {
    if surplus == 0 {
        return member;
    }
    member.get(surplus..).unwrap_or_default()
}

struct Escaped<'b>(&'b mut Vec<u8>);

impl Write for Escaped<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        text(self.0, piece.as_bytes());
        Ok(())
    }
}

fn escape(out: &mut Vec<u8>, text: &[u8]) {
    for byte in text {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', *byte]),
            0..b' ' => {
                let mut digits = [0; 2];
                // One byte is two digits.
                let _ = hex::encode_to_slice([*byte], &mut digits);
                out.extend_from_slice(b"\\u00");
                out.extend_from_slice(&digits);
            }
            byte => out.push(*byte),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_escaped() {
        let mut out = Vec::new();
        text(&mut out, "a\"b\\c\n\u{1f}ü".as_bytes());
        assert_eq!(core::str::from_utf8(&out), Ok("a\\\"b\\\\c\\u000a\\u001fü"));
    }

    #[test]
    fn a_whole_number_has_as_many_digits_as_it_needs() {
        for number in [
            0,
            9,
            10,
            200,
            56_789,
            99_999_999,
            100_000_000,
            10_000_000_000_000_000,
            u64::MAX,
        ] {
            let mut out = Vec::new();
            whole(&mut out, number);
            assert_eq!(core::str::from_utf8(&out), Ok(&*alloc::format!("{number}")));
        }
    }
}
