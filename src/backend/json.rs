//! JSON, written by hand into a body: the shapes are few, and nothing is kept but bytes.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use crate::bytes::is_plain;
use crate::digits::{decimal, leading_zeros};

/// A text as it stands between quotes.
pub(super) fn text(out: &mut Vec<u8>, text: &[u8]) {
    if is_plain(text) {
        out.extend_from_slice(text);
    } else {
        escape(out, text);
    }
}

/// The same for what is rare: formatting costs more than all the rest of a span.
pub(super) fn shown(out: &mut Vec<u8>, text: &impl fmt::Display) {
    let _ = write!(Escaped(out), "{text}");
}

/// A whole number. Eight digits are enough for nearly every one.
pub(super) fn whole(out: &mut Vec<u8>, number: u64) {
    if number < 100_000_000 {
        let digits = decimal(number as u32);
        let zeros = leading_zeros(digits).min(digits.len() - 1);
        out.extend_from_slice(digits.get(zeros..).unwrap_or_default());
    } else {
        shown(out, &number);
    }
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
        for number in [0, 9, 10, 200, 56_789, 99_999_999, 100_000_000, u64::MAX] {
            let mut out = Vec::new();
            whole(&mut out, number);
            assert_eq!(core::str::from_utf8(&out), Ok(&*alloc::format!("{number}")));
        }
    }
}
