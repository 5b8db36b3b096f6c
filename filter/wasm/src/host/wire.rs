//! How the ABI spells a header map: a count, then two lengths a pair, then names and values, each with a NUL behind it.

use gatespan::{Pair, Sieve};

/// Reads the headers of a map that a sieve lets pass. A map that is cut off ends with its last whole pair.
pub(crate) fn pairs<'m>(map: &'m [u8], sieve: &Sieve) -> Vec<Pair<'m>> {
    let Some((count, rest)) = word(map) else {
        return Vec::new();
    };
    let Some((lengths, mut texts)) = rest.split_at_checked(count.saturating_mul(8)) else {
        return Vec::new();
    };
    let mut pairs = Vec::with_capacity(USUAL);
    let (lengths, _) = lengths.as_chunks::<8>();
    for [a, b, c, d, e, f, g, h] in lengths {
        let name = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
        let value = u32::from_le_bytes([*e, *f, *g, *h]) as usize;
        let Some((texts_of_pair, rest)) =
            texts.split_at_checked(name.wrapping_add(value).wrapping_add(2))
        else {
            break;
        };
        texts = rest;
        let Some((name, behind)) = texts_of_pair.split_at_checked(name) else {
            break;
        };
        if sieve.lets_pass(name) {
            let [_, value @ .., _] = behind else { break };
            pairs.push((name, value));
        }
    }
    pairs
}

fn word(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (word, rest) = bytes.split_first_chunk()?;
    Some((u32::from_le_bytes(*word) as usize, rest))
}

/// More headers than nearly any request has that matter.
const USUAL: usize = 16;

/// Spells a map.
pub(super) fn spelled(headers: &[(&str, &str)]) -> Vec<u8> {
    let mut map = Vec::from((headers.len() as u32).to_le_bytes());
    for (name, value) in headers {
        map.extend_from_slice(&(name.len() as u32).to_le_bytes());
        map.extend_from_slice(&(value.len() as u32).to_le_bytes());
    }
    for text in headers.iter().flat_map(|(name, value)| [name, value]) {
        map.extend_from_slice(text.as_bytes());
        map.push(0);
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_map_is_read_as_it_is_spelt() {
        let headers = [(":path", "/"), ("x-empty", ""), ("", "nameless")];
        let sieve = Sieve::of(headers.map(|(name, _)| name));
        let map = spelled(&headers);
        let read = pairs(&map, &sieve);
        let wanted = headers.map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        assert_eq!(read, wanted);
        for end in 0..map.len() {
            let cut = pairs(&map[..end], &sieve);
            assert_eq!(cut, wanted[..cut.len()], "cut at {end}");
        }
    }
}
