//! What of a request is never recorded.

use alloc::string::String;
use alloc::vec::Vec;

use crate::bytes;

/// Query values that are kept unless the configuration says otherwise: they choose a behaviour and identify nobody.
pub const QUERY_KEPT: [&str; 4] = ["alt", "api-version", "stream", "beta"];

/// Names of headers that hold secrets; a `*` stands for any characters. No configuration lifts this.
static SECRET_HEADERS: [&str; 18] = [
    "*authorization*",
    "auth",
    "*-auth",
    "dpop",
    "*cookie*",
    "*-key",
    "*_key",
    "*apikey*",
    "*api_key*",
    "*api-key*",
    "*token*",
    "*secret*",
    "*password*",
    "*credential*",
    "*signature*",
    "*jwt*",
    "*client-cert*",
    "comet-*",
];

const REDACTED: &[u8] = b"REDACTED";

/// Whether a header must never be recorded.
#[must_use]
pub fn is_secret(header: &str) -> bool {
    SECRET_HEADERS.iter().any(|pattern| {
        match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            (Some(rest), Some(_)) => holds(header, rest.trim_end_matches('*')),
            (Some(end), None) => header.ends_with(end),
            (None, Some(start)) => header.starts_with(start),
            (None, None) => header == *pattern,
        }
    })
}

/// Whether a text stands anywhere in a header. Both are short: a search that looks ahead would be a lot of code.
fn holds(header: &str, text: &str) -> bool {
    let mut places = header.as_bytes().windows(text.len().max(1));
    places.any(|place| place == text.as_bytes())
}

/// Appends a query with the values of all keys but `kept` replaced. What has no key is replaced whole. Some servers begin
/// a new key at a semicolon as well, so a kept value ends there.
pub(crate) fn query(query: &[u8], kept: &[String], out: &mut Vec<u8>) {
    let is_kept = |key: &[u8]| kept.iter().any(|known| bytes::same(known.as_bytes(), key));
    let mut rest = Some(query);
    while let Some(text) = rest {
        let (part, separator, behind) = bytes::cut(text, |word| {
            bytes::equal(word, b'&') | bytes::equal(word, b';')
        });
        rest = behind;
        let (key, _, value) = bytes::cut(part, |word| bytes::equal(word, b'='));
        match (key, value) {
            (key, Some(_)) if is_kept(key) => out.extend_from_slice(part),
            (key, Some(_)) => {
                out.extend_from_slice(key);
                out.push(b'=');
                out.extend_from_slice(REDACTED);
            }
            (_, None) if part.is_empty() || is_kept(part) => out.extend_from_slice(part),
            (_, None) => out.extend_from_slice(REDACTED),
        }
        out.extend_from_slice(separator);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_keeps_its_keys_and_loses_its_values() {
        let kept = ["stream".into()];
        for (came, recorded) in [
            ("key=AIza&stream=true", "key=REDACTED&stream=true"),
            ("stream", "stream"),
            ("sk-abc123", "REDACTED"),
            ("a=b=c&&d=", "a=REDACTED&&d=REDACTED"),
            ("stream=1;key=AIza", "stream=1;key=REDACTED"),
            (
                "key=AIza;stream=1&stream;sk-abc",
                "key=REDACTED;stream=1&stream;REDACTED",
            ),
            (";", ";"),
            ("", ""),
        ] {
            let mut out = Vec::new();
            query(came.as_bytes(), &kept, &mut out);
            assert_eq!(core::str::from_utf8(&out), Ok(recorded));
        }
    }

    #[test]
    fn secrets_are_known_by_name() {
        for name in [
            "authorization",
            "cookie",
            "x-api-key",
            "x-goog-api-key",
            "x-amz-security-token",
            "helicone-auth",
            "auth",
            "dpop",
            "api_key",
            "x_secret_key",
            "x-jwt-assertion",
            "cookie2",
            "set-cookie",
            "proxy-authorization",
            "x-forwarded-client-cert",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in [
            "user-agent",
            "x-tenant",
            "accept",
            "x-session-id",
            "x-author",
            "x-keyword",
            "keep-alive",
        ] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
