//! JSON, written by hand into a body: the shapes are few, and nothing is kept but bytes.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::bytes::is_plain;
use crate::context::divided;
use crate::digits::{decimal, leading_zeros};
use crate::span::{Key, Span, Value};

/// A text as it stands between quotes.
pub(super) fn text(out: &mut Vec<u8>, text: &[u8]) {
    if is_plain(text) {
        out.extend_from_slice(text);
    } else {
        escape(out, text);
    }
}

/// A text that is known to be plain, or may not be.
pub(super) fn plain(out: &mut Vec<u8>, text: &[u8], is_plain: bool) {
    if is_plain {
        out.extend_from_slice(text);
    } else {
        self::text(out, text);
    }
}

/// The same for what is rare: formatting costs more than all the rest of a span.
pub(super) fn shown(out: &mut Vec<u8>, text: &impl fmt::Display) {
    let _ = write!(Escaped(out), "{text}");
}

/// A whole number, eight digits at a time.
pub(super) fn whole(out: &mut Vec<u8>, number: u64) {
    let (above, below) = divided(number, 100_000_000);
    let digits = decimal(below as u32);
    let zeros = if above == 0 {
        leading_zeros(digits).min(digits.len() - 1)
    } else {
        whole(out, above);
        0
    };
    out.extend_from_slice(digits.get(zeros..).unwrap_or_default());
}

/// The attributes of a span as an object.
pub(super) fn attributes(out: &mut Vec<u8>, span: &Span<'_>, is_plain: bool) {
    out.push(b'{');
    after(out, span, is_plain, QUOTE_AND_COMMA);
}

/// The same, to the end of an object that is open behind a text.
pub(super) fn members(out: &mut Vec<u8>, span: &Span<'_>, is_plain: bool) {
    after(out, span, is_plain, 0);
}

/// A member brings along the quote that ends the text before it and the comma behind that, of which so much is too much. No
/// key needs escaping: they are ours, or tokens of HTTP.
fn after(out: &mut Vec<u8>, span: &Span<'_>, is_plain: bool, mut surplus: usize) {
    span.attributes(&mut |attribute| {
        match attribute.key {
            Key::Known(known) => out.extend_from_slice(behind(surplus, known.member.as_bytes())),
            Key::RequestHeader(name) => {
                out.extend_from_slice(behind(surplus, br#"","http.request.header."#));
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(br#"":""#);
            }
        }
        surplus = 0;
        match attribute.value {
            Value::Whole(number) => {
                // A number stands without quotes.
                out.pop();
                whole(out, number);
                surplus = QUOTE;
            }
            other => value(out, other, is_plain),
        }
    });
    out.extend_from_slice(behind(surplus, br#""}"#));
}

/// What an attribute says, as a text.
pub(super) fn value(out: &mut Vec<u8>, value: Value<'_>, is_plain: bool) {
    match value {
        Value::Text(text) => plain(out, text, is_plain),
        Value::Trace(id) => out.extend_from_slice(&id.hex()),
        Value::Span(id) => out.extend_from_slice(&id.hex()),
        Value::Opik(id) => out.extend_from_slice(&id.dashed()),
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
