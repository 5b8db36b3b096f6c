//! A request as it comes in: one text, a line for each fact, because each text of its own would be a call of its own.
//!
//! ```text
//! method ⏎ URL { ⏎ name ⏎ value of a header }
//! ```
//!
//! No header holds a line break, and neither does a URL. Values are UTF-8: that is how the platform gives and takes them.
//! Copies of a header come joined by `, `; those of an id are taken apart again, so that two are none here as well.

use core::net::IpAddr;

use gatespan::format::is_single;
use gatespan::{Headers, Pair};

/// The facts of one request.
pub(crate) struct Facts<'t> {
    pub(crate) method: &'t [u8],
    pub(crate) scheme: &'t [u8],
    pub(crate) host: &'t [u8],
    /// With the query.
    pub(crate) path: &'t [u8],
    pub(crate) headers: Vec<Pair<'t>>,
}

impl<'t> Facts<'t> {
    pub(crate) fn read(text: &'t str) -> Self {
        let mut lines = text.split('\n');
        let mut line = || lines.next().unwrap_or_default();
        let (method, url) = (line(), line());
        // Enough for nearly every request, so that the list is allocated once.
        let mut headers = Vec::with_capacity(16);
        while let (Some(name), Some(value)) = (lines.next(), lines.next()) {
            let name = name.as_bytes();
            if value.contains(JOINT) && is_single(name) {
                headers.extend(value.split(JOINT).map(|copy| (name, copy.as_bytes())));
            } else {
                headers.push((name, value.as_bytes()));
            }
        }
        let [scheme, host, path] = split(url);
        Self {
            method: method.as_bytes(),
            scheme: scheme.as_bytes(),
            host: host.as_bytes(),
            path: path.as_bytes(),
            headers,
        }
    }
}

/// What the platform puts between two copies of a header.
const JOINT: &str = ", ";

/// The header in which the platform says who the caller is; whatever a caller puts into it is gone.
pub(crate) const ADDRESS: &str = "cf-connecting-ip";

/// The caller's address.
pub(crate) fn address(headers: Headers<'_>) -> Option<IpAddr> {
    let text = headers.first(ADDRESS.as_bytes())?;
    core::str::from_utf8(text).ok()?.parse().ok()
}

/// The scheme of a URL, its authority and what stands behind it. The JavaScript half has spelt it anew: there is a scheme, there is a
/// path, and there is no fragment.
fn split(url: &str) -> [&str; 3] {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let slash = rest.find('/').and_then(|at| rest.split_at_checked(at));
    let (host, path) = slash.unwrap_or((rest, "/"));
    [scheme, host, path]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_its_lines() {
        let facts = Facts::read("GET\nhttps://a.test:81/b?c=//d\nb3\n0\nbaggage\n");
        assert_eq!(facts.method, b"GET");
        assert_eq!(facts.scheme, b"https");
        assert_eq!(facts.host, b"a.test:81");
        assert_eq!(facts.path, b"/b?c=//d");
        let headers: [Pair<'_>; 2] = [(b"b3", b"0"), (b"baggage", b"")];
        assert_eq!(facts.headers, headers);
    }

    #[test]
    fn copies_of_an_id_are_told_apart_and_lists_are_left() {
        let facts =
            Facts::read("GET\nhttps://a.test/\nb3\n0, 1\nbaggage\na=1, b=2\ntracestate\na=1, b=2");
        let headers: [Pair<'_>; 4] = [
            (b"b3", b"0"),
            (b"b3", b"1"),
            (b"baggage", b"a=1, b=2"),
            (b"tracestate", b"a=1, b=2"),
        ];
        assert_eq!(facts.headers, headers);
    }

    #[test]
    fn a_request_may_have_no_headers() {
        let facts = Facts::read("GET\nhttps://a.test/");
        assert_eq!((facts.host, facts.path), (&b"a.test"[..], &b"/"[..]));
        assert_eq!(facts.headers, []);
    }

    #[test]
    fn a_caller_has_an_address_if_the_platform_says_one() {
        for (value, expected) in [
            ("203.0.113.9", Some("203.0.113.9")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("203.0.113.9, 10.0.0.1", None),
        ] {
            let pairs = [(ADDRESS.as_bytes(), value.as_bytes())];
            let expected = expected.and_then(|expected| expected.parse().ok());
            assert_eq!(address(Headers::new(&pairs)), expected, "{value}");
        }
        assert_eq!(address(Headers::new(&[])), None);
    }
}
