//! `tracestate` of W3C Trace Context Level 2:
//!
//! ```text
//! list   = member *31( "," member )       spaces around members are allowed, empty members are not
//! member = key "=" value
//! key    = 1 of a-z 0-9, then 0..255 of a-z 0-9 _ - * / @
//! value  = 1..256 of 0x20 to 0x7e without "," and "=", the last one not a space
//! ```

use std::collections::HashSet;

const MEMBERS: usize = 32;
const LONGEST: usize = 256;

/// How a list breaks the grammar. An empty list is valid.
pub(super) fn fault(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return None;
    }
    let members: Vec<&str> = text
        .split(',')
        .map(|member| member.trim_matches([' ', '\t']))
        .collect();
    if members.len() > MEMBERS {
        return Some("has more than 32 members");
    }
    let mut keys = HashSet::new();
    members
        .into_iter()
        .find_map(|member| match member.split_once('=') {
            _ if member.is_empty() => Some("has an empty member"),
            None => Some("has a member without ="),
            Some((key, _)) if !is_key(key) => Some("has a key that is none"),
            Some((_, value)) if !is_value(value) => Some("has a value that is none"),
            Some((key, _)) if !keys.insert(key) => Some("has a key twice"),
            Some(_) => None,
        })
}

fn is_key(key: &str) -> bool {
    let small = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let rest = |byte: u8| small(byte) || b"_-*/@".contains(&byte);
    key.bytes().next().is_some_and(small) && key.len() <= LONGEST && key.bytes().all(rest)
}

fn is_value(value: &str) -> bool {
    let fits = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b',' && byte != b'=';
    (1..=LONGEST).contains(&value.len()) && value.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn tracestate_grammar_accepts_and_refuses() {
        let long = |length| "k".repeat(length);
        let many = |count| {
            (0..count)
                .map(|n| format!("k{n}=v"))
                .collect::<Vec<_>>()
                .join(",")
        };
        for (text, reason) in [
            ("", None),
            ("a=1", None),
            ("0a@b-_*/=x y", None),
            ("a=1, b=2\t,c= 3", None),
            (&format!("{}=1", long(256)), None),
            (&format!("a={}", long(256)), None),
            (&many(32), None),
            (&many(33), Some("has more than 32 members")),
            ("a=1,", Some("has an empty member")),
            (" ", Some("has an empty member")),
            ("a", Some("has a member without =")),
            ("=1", Some("has a key that is none")),
            ("A=1", Some("has a key that is none")),
            ("_a=1", Some("has a key that is none")),
            ("a b=1", Some("has a key that is none")),
            ("a =1", Some("has a key that is none")),
            ("ä=1", Some("has a key that is none")),
            (&format!("{}=1", long(257)), Some("has a key that is none")),
            ("a=", Some("has a value that is none")),
            ("a=b=c", Some("has a value that is none")),
            ("a=\u{7f}", Some("has a value that is none")),
            ("a=ü", Some("has a value that is none")),
            (
                &format!("a={}", long(257)),
                Some("has a value that is none"),
            ),
            ("a=1,b=2,a=3", Some("has a key twice")),
        ] {
            assert_eq!(fault(text), reason, "{text:?}");
        }
    }
}
