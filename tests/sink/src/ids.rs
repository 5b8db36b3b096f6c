//! UUIDs as the backend's JSON reader accepts them: 36 characters with dashes in any case, or 24 characters of base64. With any
//! other spelling the whole body is invalid.

use core::hash::{BuildHasher, Hasher};
use std::hash::RandomState;

use uuid::{Builder, Uuid, Variant};

pub(crate) fn parse(text: &str) -> Option<Uuid> {
    match text.len() {
        36 => Uuid::try_parse(text).ok(),
        24 => base64(text).and_then(|bytes| Uuid::from_slice(&bytes).ok()),
        _ => None,
    }
}

pub(crate) fn is_v7(id: Uuid) -> bool {
    id.get_version_num() == 7 && id.get_variant() == Variant::RFC4122
}

/// The milliseconds in the first 48 bits of a version 7 id.
pub(crate) fn time(id: Uuid) -> i64 {
    i64::try_from(id.as_u128() >> 80).unwrap_or(i64::MAX)
}

/// The id that the server creates for an item without one.
pub(crate) fn mint(millis: u64) -> Uuid {
    let random = |_| RandomState::new().build_hasher().finish().to_be_bytes();
    let mut bytes = [0; 10];
    let drawn = [0, 1].map(random).concat();
    bytes
        .iter_mut()
        .zip(drawn)
        .for_each(|(byte, random)| *byte = random);
    Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let body = text.trim_end_matches('=');
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0);
    for letter in body.bytes() {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{is_v7, mint, parse, time};

    #[test]
    fn ids_have_the_two_spellings_of_the_backend() {
        let id = "019cae0b-ba4d-7c41-9a3e-5d0f6b72e814";
        let read = |text: &str| parse(text).map(|id| id.to_string());
        assert_eq!(read(id).as_deref(), Some(id));
        assert_eq!(read(&id.to_uppercase()).as_deref(), Some(id));
        assert_eq!(read("AZyuC7pNfEGaPl0Pa3LoFA==").as_deref(), Some(id));
        for bad in [
            &id.replace('-', ""),
            &format!("{{{id}}}"),
            &format!("{id} "),
            "",
            "AZyuC7pNfEGaPl0Pa3Lo!A==",
            "not-a-uuid",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn minted_id_is_version_7_with_its_time() {
        let (one, two) = (mint(1_772_446_530_125), mint(1_772_446_530_125));
        assert!(is_v7(one) && is_v7(two) && one != two);
        assert_eq!(time(one), 1_772_446_530_125);
    }
}
