//! Requests byte for byte, to search them for what no request may contain. Limited in bytes.

use std::collections::VecDeque;

use serde_json::{Value, json};

use crate::http::Request;

/// Maximal bytes of all requests.
const HEAVIEST: usize = 64 * 1024 * 1024;

/// Head and body of a request. A body in chunks is stored without the chunk lengths, a compressed body compressed.
pub(crate) struct Raw(Vec<u8>);

impl Raw {
    pub(crate) fn of(request: &Request, body: &[u8]) -> Self {
        let Request {
            method,
            path,
            query,
            headers,
            ..
        } = request;
        let mut bytes = format!("{method} {path}?{query}\n").into_bytes();
        for (name, value) in headers {
            bytes.extend_from_slice(format!("{name}: {value}\n").as_bytes());
        }
        bytes.push(b'\n');
        bytes.extend_from_slice(body);
        Self(bytes)
    }

    fn holds(&self, word: &[u8]) -> bool {
        self.0.windows(word.len()).any(|found| found == word)
    }

    fn first_line(&self) -> String {
        let line = self.0.split(|byte| *byte == b'\n').next();
        String::from_utf8_lossy(line.unwrap_or_default()).into_owned()
    }
}

/// The newest ones.
#[derive(Default)]
pub(crate) struct Raws {
    kept: VecDeque<Raw>,
    weight: usize,
    forgotten: usize,
}

impl Raws {
    pub(crate) fn push(&mut self, raw: Raw) {
        self.weight += raw.0.len();
        self.kept.push_back(raw);
        while self.weight > HEAVIEST
            && let Some(oldest) = self.kept.pop_front()
        {
            self.weight -= oldest.0.len();
            self.forgotten += 1;
        }
    }

    /// The request lines of requests that contain a word, how many requests were searched, and how many are gone.
    pub(crate) fn holding(&self, word: &[u8]) -> Value {
        let found = self.kept.iter().filter(|raw| raw.holds(word));
        json!({
            "requests": found.map(Raw::first_line).collect::<Vec<_>>(),
            "searched": self.kept.len(),
            "forgotten": self.forgotten,
        })
    }
}
