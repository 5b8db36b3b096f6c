//! What the words of an answer say about a batch. An answer may be cut off, and is read as far as it goes.

/// The whole number that a key of JSON has, which may stand in quotes as 64-bit numbers of protobuf do. A quote inside of a
/// text is escaped, so that no text looks like the key.
pub(super) fn number(answer: &[u8], key: &[u8]) -> Option<usize> {
    let value = value(answer, key)?;
    let digits = value.strip_prefix(b"\"").unwrap_or(value);
    let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
    // More than there can be of anything is as much as there is.
    let add = |number: usize, digit: &u8| {
        number
            .saturating_mul(10)
            .saturating_add(usize::from(digit - b'0'))
    };
    let digits = digits.get(..end).filter(|digits| !digits.is_empty())?;
    Some(digits.iter().fold(0, add))
}

/// Whether a key of JSON has this text.
pub(super) fn says(answer: &[u8], key: &[u8], text: &[u8]) -> bool {
    value(answer, key)
        .and_then(|value| value.strip_prefix(b"\"")?.strip_prefix(text))
        .is_some_and(|rest| rest.starts_with(b"\""))
}

/// What stands behind a key, which is given with its quotes.
fn value<'a>(answer: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let pieces = answer.windows(key.len()).enumerate();
    let mut places = pieces.filter(|(_, piece)| *piece == key);
    // A text may say the same as the key, but nothing stands behind it that stands behind a key.
    places.find_map(|(at, _)| {
        let rest = answer.get(at + key.len()..)?.trim_ascii_start();
        Some(rest.strip_prefix(b":")?.trim_ascii_start())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_behind_its_key_and_nowhere_else() {
        for (answer, wanted) in [
            (r#"{"n":3}"#, Some(3)),
            (r#"{ "n" : "12" , "m": 1}"#, Some(12)),
            (r#"{"m":{"n":0}}"#, Some(0)),
            (r#"{"m":"\"n\":7","n":8}"#, Some(8)),
            (r#"{"m":"n","n":8}"#, Some(8)),
            (r#"{"n":3"#, None), // the rest of it may have been cut off
            (r#"{"n":-1}"#, None),
            (r#"{"n":null}"#, None),
            (r#"{"nn":3}"#, None),
            (r#"{"n":99999999999999999999999}"#, Some(usize::MAX)),
            ("", None),
        ] {
            assert_eq!(number(answer.as_bytes(), b"\"n\""), wanted, "{answer}");
        }
        assert!(says(br#"{"s": "done"}"#, b"\"s\"", b"done"));
        assert!(!says(br#"{"s":"done2"}"#, b"\"s\"", b"done"));
    }
}
