//! Digits, eight at a time: those of ids, which are hex, and those of numbers and times.

/// Eight digits as they stand in memory, the first one lowest.
type Word = u64;

/// The number that 32 digits spell, in halves, if all of them are lower-case hex.
pub(crate) fn lower_case(text: &[u8; 32]) -> Option<[u64; 2]> {
    pair(text, as_it_is)
}

/// The same for 16 digits.
pub(crate) fn lower_case_half(text: &[u8; 16]) -> Option<u64> {
    half(text, as_it_is)
}

/// The number that 32 hex digits of either case spell, in halves.
pub(crate) fn any_case(text: &[u8; 32]) -> Option<[u64; 2]> {
    pair(text, lowered)
}

fn pair(text: &[u8; 32], spelling: fn(Word) -> Word) -> Option<[u64; 2]> {
    match text.as_chunks() {
        ([high, low], _) => Some([half(high, spelling)?, half(low, spelling)?]),
        _ => None,
    }
}

#[inline]
fn half(text: &[u8; 16], spelling: fn(Word) -> Word) -> Option<u64> {
    let ([high, low], _) = text.as_chunks() else {
        return None;
    };
    let [high, low] = [*high, *low].map(|word| spelling(u64::from_le_bytes(word)));
    // What comes out is spelt again: if that is not what came in, it was no number. Asked of both at once.
    let (of_high, of_low) = (nibbles(high), nibbles(low));
    let odd = (of_high | of_low) & !FIFTEEN | (spelt(of_high) ^ high) | (spelt(of_low) ^ low);
    (odd == 0).then(|| u64::from(joined(of_high)) << 32 | u64::from(joined(of_low)))
}

const fn as_it_is(word: Word) -> Word {
    word
}

/// With its letters in lower case.
const fn lowered(word: Word) -> Word {
    word | (word & LETTER) >> 1
}

/// Each byte taken for a digit, whatever it is.
const fn nibbles(word: Word) -> Word {
    (word & FIFTEEN) + ((word & LETTER) >> 6) * 9
}

/// The number of eight nibbles.
const fn joined(nibbles: Word) -> u32 {
    let bytes = (nibbles << 4 | nibbles >> 8) & 0x00ff_00ff_00ff_00ff;
    let pairs = (bytes << 8 | bytes >> 16) & 0x0000_ffff_0000_ffff;
    (pairs << 16 | pairs >> 32) as u32
}

/// Nibbles as digits: those above 9 are lifted to the letters.
const fn spelt(nibbles: Word) -> Word {
    let letters = (nibbles + repeated(6)) >> 4 & repeated(1);
    nibbles + repeated(b'0') + letters * (b'a' - b'0' - 10) as u64
}

/// The 16 digits of a number.
#[inline]
pub(crate) fn of_half(number: u64) -> [u8; 16] {
    let mut text = [0; 16];
    spell(&mut text, FIRST_HALF, number);
    text
}

/// The 32 digits of a number in halves.
#[inline(never)]
pub(crate) fn of(high: u64, low: u64) -> [u8; 32] {
    let mut text = [0; 32];
    spell(&mut text, FIRST_HALF, high);
    spell(&mut text, SECOND_HALF, low);
    text
}

/// Puts the two digits of each byte of a number into their places. In line, so that shifts and places are constants.
#[inline(always)]
fn spell<const LENGTH: usize>(text: &mut [u8; LENGTH], places: [usize; 8], number: u64) {
    for (index, start) in places.into_iter().enumerate() {
        let byte = (number >> (56 - 8 * index)) as u8;
        if let Some(place) = text.get_mut(start..start + 2) {
            place.copy_from_slice(&of_byte(byte));
        }
    }
}

/// The two digits of a byte.
#[inline]
pub(crate) fn of_byte(byte: u8) -> [u8; 2] {
    PAIRS.get(usize::from(byte)).copied().unwrap_or_default()
}

/// Where the digits of each byte stand.
const FIRST_HALF: [usize; 8] = [0, 2, 4, 6, 8, 10, 12, 14];
const SECOND_HALF: [usize; 8] = [16, 18, 20, 22, 24, 26, 28, 30];

/// The two digits of every byte: to look them up is fewer steps than to work them out.
#[allow(
    clippy::indexing_slicing,
    reason = "a bad index in a constant does not compile"
)]
static PAIRS: [[u8; 2]; 256] = {
    let digits = *b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte / 16], digits[byte % 16]];
        byte += 1;
    }
    pairs
};

/// The eight decimal digits of a number below a hundred million, zeros before it. It is halved three times, and the parts
/// are divided beside each other: by multiplying, because they are small.
pub(crate) const fn decimal(number: u32) -> [u8; 8] {
    let halves = (number / 10_000) as u64 | ((number % 10_000) as u64) << 32;
    let hundreds = (halves * 10_486) >> 20 & 0x0000_007f_0000_007f;
    let pairs = hundreds | (halves - hundreds * 100) << 16;
    let tens = (pairs * 103) >> 10 & 0x000f_000f_000f_000f;
    let digits = tens | (pairs - tens * 10) << 8;
    (digits | repeated(b'0')).to_le_bytes()
}

/// How many zeros stand before the first other digit.
pub(crate) const fn leading_zeros(digits: [u8; 8]) -> usize {
    let nibbles = u64::from_le_bytes(digits) & FIFTEEN;
    nibbles.trailing_zeros() as usize / 8
}

/// Where the groups of four digits stand in a dashed UUID, and where its dashes do.
const GROUPS: [usize; 8] = [0, 4, 9, 14, 19, 24, 28, 32];
const DASHES: [usize; 4] = [8, 13, 18, 23];

/// A number in halves as a UUID with dashes.
#[inline(never)]
pub(crate) fn dashed(high: u64, low: u64) -> [u8; 36] {
    let mut text = [b'-'; 36];
    spell(&mut text, [0, 2, 4, 6, 9, 11, 14, 16], high);
    spell(&mut text, [19, 21, 24, 26, 28, 30, 32, 34], low);
    text
}

/// The number that a UUID with dashes spells in either case, in halves.
pub(crate) fn dashed_any_case(text: &[u8; 36]) -> Option<[u64; 2]> {
    let mut digits = [0; 32];
    let (groups, _) = digits.as_chunks_mut::<4>();
    for (start, group) in GROUPS.into_iter().zip(groups) {
        group.copy_from_slice(text.get(start..start + 4)?);
    }
    any_case(&digits).filter(|_| is_dashed(text))
}

/// Whether the dashes of a UUID stand in their places.
pub(crate) fn is_dashed(text: &[u8; 36]) -> bool {
    DASHES.into_iter().all(|dash| text.get(dash) == Some(&b'-'))
}

const FIFTEEN: Word = repeated(15);
/// The bit that letters have and digits have not.
const LETTER: Word = repeated(0x40);

const fn repeated(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_as_they_are_written() {
        for (high, low) in [
            (0, 0),
            (0, 1),
            (u64::MAX, u64::MAX),
            (0x0123_4567_89ab_cdef, 0xfedc_ba98_7654_3210),
        ] {
            let text = of(high, low);
            let plain = alloc::format!("{high:016x}{low:016x}");
            assert_eq!(core::str::from_utf8(&text), Ok(&*plain));
            assert_eq!(lower_case(&text), Some([high, low]));
            assert_eq!(
                any_case(&text.map(|digit| digit.to_ascii_uppercase())),
                Some([high, low])
            );
            assert_eq!(dashed_any_case(&dashed(high, low)), Some([high, low]));
            let half = of_half(low);
            assert_eq!(
                (half.as_slice(), lower_case_half(&half)),
                (&text[16..], Some(low))
            );
        }
    }

    #[test]
    fn a_number_has_eight_decimal_digits() {
        let every = (0..=9_999).chain((0..10_000).map(|number| number * 10_000 + 9_999));
        for number in every.chain([12_345_678, 90_000_001, 99_999_999]) {
            let plain = alloc::format!("{number:08}");
            assert_eq!(core::str::from_utf8(&decimal(number)), Ok(&*plain));
        }
    }

    #[test]
    fn every_other_byte_is_no_digit_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for place in 0..32 {
                let mut text = [b'7'; 32];
                text[place] = byte;
                let is_lower = matches!(byte, b'0'..=b'9' | b'a'..=b'f');
                assert_eq!(lower_case(&text).is_some(), is_lower, "{byte} at {place}");
                assert_eq!(
                    any_case(&text).is_some(),
                    byte.is_ascii_hexdigit(),
                    "{byte} at {place}"
                );
            }
        }
    }

    #[test]
    fn dashes_stand_in_their_places() {
        let text = dashed(0x019a_8b1c_6f3e_7c41, 0x9a3e_5d0f_6b72_e814);
        assert_eq!(
            core::str::from_utf8(&text),
            Ok("019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814")
        );
        for dash in DASHES {
            let mut other = text;
            other[dash] = b'0';
            assert_eq!(dashed_any_case(&other), None);
        }
    }
}
