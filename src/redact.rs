//! What of a request is never recorded.

use alloc::string::String;

/// Query values that are kept unless the configuration says otherwise: they choose a behaviour and identify nobody.
pub const QUERY_KEPT: [&str; 4] = ["alt", "api-version", "stream", "beta"];

/// Names of headers that hold secrets; a `*` stands for any characters. No configuration lifts this.
static SECRET_HEADERS: [&str; 16] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "*-authorization",
    "*-auth",
    "*-key",
    "*apikey*",
    "*api_key*",
    "*api-key*",
    "*token*",
    "*secret*",
    "*password*",
    "*credential*",
    "*signature*",
    "comet-*",
];

const REDACTED: &str = "REDACTED";

/// Whether a header must never be recorded.
#[must_use]
pub fn is_secret(header: &str) -> bool {
    SECRET_HEADERS.iter().any(|pattern| {
        match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            (Some(rest), Some(_)) => header.contains(rest.trim_end_matches('*')),
            (Some(end), None) => header.ends_with(end),
            (None, Some(start)) => header.starts_with(start),
            (None, None) => header == *pattern,
        }
    })
}

/// Appends a query with the values of all keys but `kept` replaced. What has no key is replaced whole.
pub(crate) fn query(query: &str, kept: &[String], out: &mut String) {
    let mut rest = Some(query);
    while let Some(text) = rest {
        let (part, behind) = cut(text, b'&');
        rest = behind;
        match cut(part, b'=') {
            (key, Some(_)) if kept.iter().any(|known| known == key) => out.push_str(part),
            (key, Some(_)) => {
                out.push_str(key);
                out.push('=');
                out.push_str(REDACTED);
            }
            (_, None) if part.is_empty() || kept.iter().any(|known| known == part) => {
                out.push_str(part);
            }
            (_, None) => out.push_str(REDACTED),
        }
        if rest.is_some() {
            out.push('&');
        }
    }
}

/// What stands before the first such byte, and what behind it.
fn cut(text: &str, byte: u8) -> (&str, Option<&str>) {
    let found = text.bytes().position(|other| other == byte);
    let halves = found.and_then(|at| Some((text.get(..at)?, text.get(at + 1..)?)));
    halves.map_or((text, None), |(before, behind)| (before, Some(behind)))
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
            ("", ""),
        ] {
            let mut out = String::new();
            query(came, &kept, &mut out);
            assert_eq!(out, recorded);
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
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["user-agent", "x-tenant", "accept", "x-session-id"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
