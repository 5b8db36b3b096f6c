//! Texts eight bytes at a time. The module has no SIMD, and a byte at a time is what a request would spend most on.
//!
//! A probe looks at eight bytes as one number and marks, by its high bit, each byte that it is for. Marks above the lowest
//! one may be false: whether there is one, and where the first is, can be relied on.

/// The marks of the bytes that equal this one.
pub(crate) const fn equal(word: u64, byte: u8) -> u64 {
    let differs = word ^ repeated(byte);
    differs.wrapping_sub(repeated(1)) & !differs & HIGH
}

/// The marks of the bytes below a bound of at most 128.
pub(crate) const fn below(word: u64, bound: u8) -> u64 {
    word.wrapping_sub(repeated(bound)) & !word & HIGH
}

/// The marks of the letters from A to Z, and of the five signs behind them.
pub(crate) const fn upper_case(word: u64) -> u64 {
    word << 1 & !(word << 2) & !word & HIGH
}

/// Whether any notation may take a text as it stands between its quotes: it is ASCII, and has no control character, no
/// quote and no backslash.
pub(crate) fn is_plain(text: &[u8]) -> bool {
    // A quote and the sign behind the space change places, so that one look finds what is below either. Probes as above,
    // without their care for what is not ASCII: that is found by itself.
    !any(text, |word| {
        let low = (word ^ repeated(b'"' ^ b' ')).wrapping_sub(repeated(b'!'));
        let backslash = (word ^ repeated(b'\\')).wrapping_sub(repeated(1));
        (low | backslash | word) & HIGH
    })
}

/// Whether a probe marks any byte.
#[inline]
pub(crate) fn any(text: &[u8], probe: impl Fn(u64) -> u64) -> bool {
    let (words, rest) = text.as_chunks();
    let found = words
        .iter()
        .fold(0, |found, word| found | probe(u64::from_le_bytes(*word)));
    found | probe(last(text, rest)) & marks_of(rest.len()) != 0
}

/// The place of the first byte that a probe marks.
#[inline]
pub(crate) fn position(text: &[u8], probe: impl Fn(u64) -> u64) -> Option<usize> {
    let (words, rest) = text.as_chunks();
    let first = |marks: u64| marks.trailing_zeros() as usize / 8;
    for (index, word) in words.iter().enumerate() {
        let marks = probe(u64::from_le_bytes(*word));
        if marks != 0 {
            return Some(index * 8 + first(marks));
        }
    }
    let marks = probe(last(text, rest)) & marks_of(rest.len());
    (marks != 0).then(|| text.len() - rest.len() + first(marks))
}

/// What stands before the first byte that a probe marks, the byte, and what stands behind it.
pub(crate) fn cut(text: &[u8], probe: impl Fn(u64) -> u64) -> (&[u8], &[u8], Option<&[u8]>) {
    let found = position(text, probe).and_then(|at| text.split_at_checked(at));
    let parts = found.and_then(|(before, rest)| Some((before, rest.split_at_checked(1)?)));
    parts.map_or((text, b"", None), |(before, (such, behind))| {
        (before, such, Some(behind))
    })
}

/// Whether two texts are one.
#[inline]
pub(crate) fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && agree(one, other, 0)
}

/// Whether two texts of one length may differ in case alone. What says no early is not looked at further.
#[inline]
pub(crate) fn is_similar(one: &[u8], other: &[u8]) -> bool {
    agree(one, other, repeated(0x20))
}

/// Whether two texts of one length agree in all bits but these. Not as slices: those are compared a byte at a time.
#[inline]
fn agree(one: &[u8], other: &[u8], but: u64) -> bool {
    let ((ours, rest), (theirs, their_rest)) = (one.as_chunks(), other.as_chunks());
    let agree = |our: u64, their: u64| (our ^ their) & !but == 0;
    let mut words = ours.iter().zip(theirs);
    words.all(|(our, their)| agree(u64::from_le_bytes(*our), u64::from_le_bytes(*their)))
        && agree(last(one, rest), last(other, their_rest))
}

/// The last bytes of a text, fewer than eight, as a number that has zeros behind them.
#[inline]
fn last(text: &[u8], rest: &[u8]) -> u64 {
    match text.last_chunk() {
        _ if rest.is_empty() => 0,
        Some(word) => u64::from_le_bytes(*word) >> (64 - 8 * rest.len()),
        None => short(rest),
    }
}

/// The same of a text that has no more than these: its two ends, which are laid over each other. Rare, and not in line.
#[inline(never)]
fn short(text: &[u8]) -> u64 {
    match (text.first_chunk(), text.last_chunk()) {
        (Some(start), Some(end)) => {
            let [start, end] = [*start, *end].map(|half| u64::from(u32::from_le_bytes(half)));
            start | end << (8 * text.len() - 32)
        }
        _ => text
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

/// The marks that so many bytes can have.
const fn marks_of(count: usize) -> u64 {
    HIGH & ((1 << (8 * count)) - 1)
}

const HIGH: u64 = repeated(0x80);

const fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each byte at each place of texts of each length, among others.
    fn everywhere(check: impl Fn(&[u8], usize, u8)) {
        for byte in 0..=u8::MAX {
            for length in 1..=17 {
                for place in 0..length {
                    let mut text = [b'a'; 17];
                    text[place] = byte;
                    check(&text[..length], place, byte);
                }
            }
        }
    }

    #[test]
    fn a_byte_is_found_wherever_it_stands() {
        everywhere(|text, place, byte| {
            let found = |is_such: fn(u8) -> bool| text.iter().any(|byte| is_such(*byte));
            assert_eq!(
                any(text, |word| equal(word, b'"')),
                found(|b| b == b'"'),
                "{text:?}"
            );
            assert_eq!(
                any(text, |word| equal(word, 0)),
                found(|b| b == 0),
                "{text:?}"
            );
            assert_eq!(
                any(text, |word| below(word, b' ')),
                found(|b| b < b' '),
                "{text:?}"
            );
            assert_eq!(
                is_plain(text),
                !found(|b| b < b' ' || b == b'"' || b == b'\\' || !b.is_ascii()),
                "{text:?}"
            );
            let upper = |b: u8| (b'A' - 1..b'A' + 31).contains(&b);
            assert_eq!(
                any(text, upper_case),
                text.iter().any(|b| upper(*b)),
                "{text:?}"
            );
            let first = if byte == b'a' { 0 } else { place };
            let place_of = |byte| position(text, |word| equal(word, byte) | equal(word, 0x81));
            assert_eq!(
                place_of(byte),
                Some(if byte == 0x81 { place } else { first }),
                "{text:?}"
            );
        });
        assert!(!any(b"", |word| equal(word, 0)) && position(b"", |word| equal(word, 0)).is_none());
    }

    #[test]
    fn texts_are_one_if_every_byte_is() {
        everywhere(|text, _, byte| {
            let plain = &[b'a'; 17][..text.len()];
            assert_eq!(same(text, plain), byte == b'a', "{text:?}");
            assert!(!same(text, &[b'a'; 18]));
        });
        assert!(same(b"", b""));
    }
}
