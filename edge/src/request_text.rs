//! A request in one text, one item a line: each further text would be one more call.
//!
//! ```text
//! method ⏎ URL { ⏎ name ⏎ value of a header }
//! ```
//!
//! No header and no URL contains a line break. Values are UTF-8, as the platform has them.
//! The platform joins copies of a header with `, `. Copies of an id header are split again, so that two of them are invalid here too.

use core::net::IpAddr;

use gatespan::format::is_single;
use gatespan::{Headers, Pair};

/// One request.
pub(crate) struct RequestText<'t> {
    pub(crate) method: &'t [u8],
    pub(crate) scheme: &'t [u8],
    pub(crate) host: &'t [u8],
    /// With the query.
    pub(crate) path: &'t [u8],
    pub(crate) headers: Vec<Pair<'t>>,
}

impl<'t> RequestText<'t> {
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

/// The platform joins copies of a header with this.
const JOINT: &str = ", ";

/// The header with the client's address. The platform writes it, whatever the client sends.
pub(crate) const ADDRESS: &str = "cf-connecting-ip";

/// The client's address.
pub(crate) fn address(headers: Headers<'_>) -> Option<IpAddr> {
    let text = headers.first(ADDRESS.as_bytes())?;
    core::str::from_utf8(text).ok()?.parse().ok()
}

/// The scheme, the authority and the path of a URL. The JavaScript half has normalised it: it has a scheme and a path, and no
/// fragment.
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
    fn request_is_read_from_its_lines() {
        let request = RequestText::read("GET\nhttps://a.test:81/b?c=//d\nb3\n0\nbaggage\n");
        assert_eq!(request.method, b"GET");
        assert_eq!(request.scheme, b"https");
        assert_eq!(request.host, b"a.test:81");
        assert_eq!(request.path, b"/b?c=//d");
        let headers: [Pair<'_>; 2] = [(b"b3", b"0"), (b"baggage", b"")];
        assert_eq!(request.headers, headers);
    }

    #[test]
    fn copies_of_an_id_are_split_and_lists_are_not() {
        let request = RequestText::read(
            "GET\nhttps://a.test/\nb3\n0, 1\nbaggage\na=1, b=2\ntracestate\na=1, b=2",
        );
        let headers: [Pair<'_>; 4] = [
            (b"b3", b"0"),
            (b"b3", b"1"),
            (b"baggage", b"a=1, b=2"),
            (b"tracestate", b"a=1, b=2"),
        ];
        assert_eq!(request.headers, headers);
    }

    #[test]
    fn request_may_have_no_headers() {
        let request = RequestText::read("GET\nhttps://a.test/");
        assert_eq!((request.host, request.path), (&b"a.test"[..], &b"/"[..]));
        assert_eq!(request.headers, []);
    }

    #[test]
    fn client_has_the_address_that_the_platform_writes() {
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
