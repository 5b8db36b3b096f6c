//! The counters, for those who know the secret.

use alloc::borrow::Cow;

use gatespan::Secret;
use gatespan::config::check_path;
use gatespan::metrics::Metric;
use serde_json::{Map, Value};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::environment::Environment;

/// Where the counters are shown, and to whom.
pub(crate) struct Status {
    /// The segments of the path; none while there is no path.
    path: Option<Vec<String>>,
    secret: Secret,
}

/// What a request asks of the status path.
#[wasm_bindgen]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StatusRequest {
    /// Nothing: it goes on.
    None,
    /// The counters, with the secret.
    Counters,
    /// The counters, without the secret.
    Unauthorized,
    /// Something else, although it carries the secret, which no origin may see.
    Misplaced,
}

const PATH: &str = "GATESPAN_STATUS_PATH";
const SECRET: &str = "GATESPAN_STATUS_SECRET";

impl Status {
    /// Nothing is shown unless both variables are set. The secret without a path is kept from origins all the same.
    pub(crate) fn read(environment: &Environment, faults: &mut Vec<String>) -> Option<Self> {
        let path = environment.text(PATH).filter(|path| !path.is_empty());
        let secret = environment.text(SECRET).map(str::trim);
        let secret = secret.filter(|secret| !secret.is_empty());
        let checked = path.map(check).transpose();
        if let Err(why) = checked {
            faults.push(format!("{PATH}: {why}"));
        }
        let Some(secret) = secret else {
            if path.is_some() {
                faults.push(format!("{SECRET}: is not set, and {PATH} is"));
            }
            return None;
        };
        let owned = |path| segments(path).into_iter().map(Cow::into_owned).collect();
        Some(Self {
            path: checked.ok().flatten().map(owned),
            secret: Secret::new(secret.to_owned()),
        })
    }

    /// What a request with this URL and this `authorization` asks for.
    pub(crate) fn request(&self, url: &str, authorization: &str) -> StatusRequest {
        let is_here = self
            .path
            .as_ref()
            .is_some_and(|path| *path == segments(path_of(url)));
        match (is_here, self.is_in(authorization)) {
            (true, _) if self.is_for(authorization) => StatusRequest::Counters,
            (true, _) => StatusRequest::Unauthorized,
            (false, true) => StatusRequest::Misplaced,
            (false, false) => StatusRequest::None,
        }
    }

    /// Whether `Bearer` and the secret were presented.
    fn is_for(&self, authorization: &str) -> bool {
        let presented = authorization.split_once(' ');
        presented.is_some_and(|(scheme, presented)| {
            scheme.eq_ignore_ascii_case("bearer") && self.secret.equals(presented.as_bytes())
        })
    }

    /// Whether a header contains the secret: after any scheme or none, and in any of several copies, which a comma joins.
    fn is_in(&self, authorization: &str) -> bool {
        let bytes = authorization.as_bytes();
        let length = self.secret.reveal().len();
        let is_gap = |byte: &u8| matches!(byte, b' ' | b'\t' | b',');
        let gaps = bytes.iter().enumerate().filter(|(_, byte)| is_gap(byte));
        let starts = gaps.map(|(at, _)| at + 1).take(WORDS);
        // All of them are compared, so that the time tells nothing about which one fits.
        core::iter::once(0)
            .chain(starts)
            .fold(false, |found, start| {
                let word = bytes.get(start..start + length).unwrap_or_default();
                let is_whole = bytes.get(start + length).is_none_or(is_gap);
                found | (is_whole & self.secret.equals(word))
            })
    }
}

/// In so many words of a header the secret is looked for. Who has it sends a few.
const WORDS: usize = 64;

/// Whether a request can have this path.
fn check(path: &str) -> Result<&str, &'static str> {
    check_path(path)?;
    let fits = path.bytes().all(|byte| (b'!'..=b'~').contains(&byte));
    if fits {
        Ok(path)
    } else {
        Err("holds a character that no path can carry")
    }
}

/// The path of a URL as it arrived.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let rest = rest.get(..end).unwrap_or_default();
    let start = rest.find(['/', '\\']).unwrap_or(rest.len());
    rest.get(start..).unwrap_or_default()
}

/// The segments of a path as a URL parser and Cloudflare's URL normalization see them: `/./` and `/x/../` are resolved, several
/// slashes are one, one at the end does not count, and letters that need no escape have none.
fn segments(path: &str) -> Vec<Cow<'_, str>> {
    let mut segments = Vec::new();
    for segment in path.split(['/', '\\']) {
        let segment = unescaped(segment);
        match &*segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            _ => segments.push(segment),
        }
    }
    segments
}

/// A segment without the escapes of letters that need none (RFC 3986, 2.3).
fn unescaped(segment: &str) -> Cow<'_, str> {
    let mut parts = segment.split('%');
    let first = parts.next().unwrap_or_default();
    if first.len() == segment.len() {
        return Cow::Borrowed(segment);
    }
    let mut text = first.to_owned();
    for part in parts {
        let digits = part.split_at_checked(2);
        let letter = digits.and_then(|(digits, rest)| Some((plain(digits)?, rest)));
        if let Some((letter, rest)) = letter {
            text.push(letter);
            text.push_str(rest);
        } else {
            text.push('%');
            text.push_str(part);
        }
    }
    Cow::Owned(text)
}

/// The letter of an escape, if it needs none.
fn plain(digits: &str) -> Option<char> {
    let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let byte = u8::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
    let is_plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    is_plain.then_some(char::from(byte))
}

/// The metrics as one JSON object.
#[derive(Default)]
pub(crate) struct CounterTable(Map<String, Value>);

impl CounterTable {
    pub(crate) fn add(&mut self, metric: Metric<'_>) {
        self.0.insert(metric.name.to_string(), metric.value.into());
    }

    pub(crate) fn json(self) -> String {
        Value::Object(self.0).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(json: &str) -> (Option<Status>, Vec<String>) {
        let mut faults = Vec::new();
        let status = Status::read(&Environment::read(json), &mut faults);
        (status, faults)
    }

    const BOTH: &str = r#"[{"GATESPAN_STATUS_PATH":"/a/s","GATESPAN_STATUS_SECRET":"hunter2"},[]]"#;

    #[test]
    fn status_path_shows_counters_to_the_bearer_of_the_secret() {
        let status = status(BOTH).0.unwrap();
        for url in [
            "https://a.test/a/s",
            "https://a.test/a/s?x#y",
            "https://a.test/a/s/",
            "https://a.test//a//s",
            "https://a.test/../x/../a/./s/.",
            "https://a.test/%2E%2e/%61/s",
            "https://a.test\\a\\s",
        ] {
            for (authorization, asked) in [
                ("Bearer hunter2", StatusRequest::Counters),
                ("bearer hunter2", StatusRequest::Counters),
                ("", StatusRequest::Unauthorized),
                ("hunter2", StatusRequest::Unauthorized),
                ("Bearer", StatusRequest::Unauthorized),
                ("Bearer ", StatusRequest::Unauthorized),
                ("Bearer hunter", StatusRequest::Unauthorized),
                ("Basic hunter2", StatusRequest::Unauthorized),
            ] {
                assert_eq!(
                    status.request(url, authorization),
                    asked,
                    "{url} {authorization}"
                );
            }
        }
    }

    #[test]
    fn secret_is_found_in_requests_for_other_paths() {
        let status = status(BOTH).0.unwrap();
        for url in [
            "https://a.test",
            "https://a.test/",
            "https://a.test?/a/s",
            "https://a.test/a",
            "https://a.test/a/s/x",
            "https://a.test/a%2Fs",
            "https://a.test/%2561/s",
            "https://a.test/a/%S",
            "https://a.test/a/s%",
            "https://a.test/A/s",
            "https://a.test/a/../s",
            "https://a/s.test/",
        ] {
            for (authorization, asked) in [
                ("Bearer hunter2", StatusRequest::Misplaced),
                ("hunter2", StatusRequest::Misplaced),
                ("Token   hunter2 ", StatusRequest::Misplaced),
                ("Bearer other, Bearer hunter2", StatusRequest::Misplaced),
                ("Bearer hunter2, Bearer other", StatusRequest::Misplaced),
                ("Bearer hunter2,Bearer other", StatusRequest::Misplaced),
                ("", StatusRequest::None),
                ("Bearer hunter22", StatusRequest::None),
                ("Bearer xhunter2", StatusRequest::None),
            ] {
                assert_eq!(
                    status.request(url, authorization),
                    asked,
                    "{url} {authorization}"
                );
            }
        }
    }

    #[test]
    fn secret_may_contain_blanks_and_commas() {
        let status = status(r#"[{"GATESPAN_STATUS_SECRET":"a b,c"},[]]"#)
            .0
            .unwrap();
        for (authorization, request) in [
            ("Bearer a b,c", StatusRequest::Misplaced),
            ("Bearer x, Bearer a b,c, Bearer y", StatusRequest::Misplaced),
            ("Bearer a b,cd", StatusRequest::None),
            ("Bearer a b", StatusRequest::None),
        ] {
            assert_eq!(status.request("https://a.test/", authorization), request);
        }
    }

    #[test]
    fn secret_without_a_path_is_kept_from_origins() {
        let only = r#"[{"GATESPAN_STATUS_SECRET":" hunter2\n"},[]]"#;
        let (status, faults) = status(only);
        assert!(faults.is_empty());
        let status = status.unwrap();
        assert_eq!(
            status.request("https://a.test/", "Bearer hunter2"),
            StatusRequest::Misplaced
        );
        assert_eq!(
            status.request("https://a.test/", "Bearer x"),
            StatusRequest::None
        );
    }

    #[test]
    fn faulty_path_is_refused_and_its_secret_is_kept_from_origins() {
        assert!(matches!(status("[{},[]]"), (None, faults) if faults.is_empty()));
        for (path, fault) in [
            ("s", "GATESPAN_STATUS_PATH: does not begin with /"),
            (
                "/s?x",
                "GATESPAN_STATUS_PATH: holds a query, which is not looked at",
            ),
            (
                "/a s",
                "GATESPAN_STATUS_PATH: holds a character that no path can carry",
            ),
        ] {
            let json =
                format!(r#"[{{"GATESPAN_STATUS_PATH":"{path}","GATESPAN_STATUS_SECRET":"x"}},[]]"#);
            let (status, faults) = status(&json);
            assert_eq!(faults, [fault]);
            let asked = status.unwrap().request("https://a.test/s", "Bearer x");
            assert_eq!(asked, StatusRequest::Misplaced);
        }
        let (status, faults) = status(r#"[{"GATESPAN_STATUS_PATH":"/s"},[]]"#);
        assert!(status.is_none());
        assert_eq!(
            faults,
            ["GATESPAN_STATUS_SECRET: is not set, and GATESPAN_STATUS_PATH is"]
        );
    }
}
