//! What a request is for: a path, a query and a host, out of what HTTP says of them.

use crate::bytes;

/// A path and the query behind it; a fragment has no business here, nor has the authority of an absolute target, which
/// may hold a password.
pub(crate) fn split_path(target: &[u8]) -> (&[u8], Option<&[u8]>) {
    let (path, in_place_of_none): (&[u8], &[u8]) = match behind_authority(target) {
        Some(path) => (path, b"/"),
        None => (target, b""),
    };
    let (path, query) = split_target(path);
    let path = if path.is_empty() {
        in_place_of_none
    } else {
        path
    };
    (path, query)
}

/// A path and the query behind it, the fragment cut off: whichever sign comes first ends the path.
fn split_target(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let is_sign = |word| bytes::equal(word, b'?') | bytes::equal(word, b'#');
    match bytes::position(text, is_sign).and_then(|at| text.split_at_checked(at)) {
        Some((path, [b'?', query @ ..])) => {
            let end = bytes::position(query, |word| bytes::equal(word, b'#'));
            (path, query.get(..end.unwrap_or(query.len())))
        }
        Some((path, _)) => (path, None),
        None => (text, None),
    }
}

/// What stands behind `http://user:pw@host` in a target like it.
fn behind_authority(target: &[u8]) -> Option<&[u8]> {
    let is_end = |byte: &u8| matches!(byte, b'/' | b'?' | b'#');
    let (scheme, rest) = target.split_at_checked(target.iter().position(is_end)?)?;
    let rest = rest
        .strip_prefix(b"//")
        .filter(|_| scheme.ends_with(b":"))?;
    let path = rest.iter().position(is_end).unwrap_or(rest.len());
    rest.get(path..)
}

/// A host without the user before it and without the dot that ends a full name, and the port behind it.
#[inline]
pub(crate) fn split_host(host: &[u8]) -> (&[u8], Option<&[u8]>) {
    let (name, port) = split_port(host);
    (name.strip_suffix(b".").unwrap_or(name), port)
}

fn split_port(host: &[u8]) -> (&[u8], Option<&[u8]>) {
    if !bytes::any(host, |word| {
        bytes::equal(word, b'@') | bytes::equal(word, b':')
    }) {
        return (host, None);
    }
    let host = host.rsplit(|byte| *byte == b'@').next().unwrap_or_default();
    // The colons of an IPv6 address stand in brackets.
    match host
        .iter()
        .rposition(|byte| matches!(byte, b':' | b']'))
        .and_then(|at| host.split_at_checked(at))
    {
        Some((name, [b':', port @ ..])) => (name, Some(port)),
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_its_path_and_its_query() {
        for (target, path, query) in [
            ("/a?b", "/a", Some("b")),
            ("/a?b?c#d", "/a", Some("b?c")),
            ("http://user:pw@h/a?b", "/a", Some("b")),
            ("http://user:pw@h?b", "/", Some("b")),
            ("http://user:p#w@h", "/", None),
            ("HTTPS://h", "/", None),
            ("/http://u:p@h/", "/http://u:p@h/", None),
            ("*", "*", None),
            ("a//b", "a//b", None),
            ("//u:p@h/", "//u:p@h/", None),
            ("", "", None),
        ] {
            let found = split_path(target.as_bytes());
            assert_eq!(
                found,
                (path.as_bytes(), query.map(str::as_bytes)),
                "{target}"
            );
        }
    }

    #[test]
    fn a_host_is_its_name_and_its_port() {
        for (host, name, port) in [
            ("a.test", "a.test", None),
            ("a.test:80", "a.test", Some("80")),
            ("a.test.", "a.test", None),
            ("a.test.:80", "a.test", Some("80")),
            ("user:pw@a.test:80", "a.test", Some("80")),
            ("[::1]", "[::1]", None),
            ("[::1]:80", "[::1]", Some("80")),
            ("", "", None),
        ] {
            let found = split_host(host.as_bytes());
            assert_eq!(found, (name.as_bytes(), port.map(str::as_bytes)), "{host}");
        }
    }
}
