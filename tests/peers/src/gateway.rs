//! A gateway with the defaults of an empty document, and requests sent through it.

use gatespan::Peer;
use gatespan::config::Host;
use gatespan::{Availability, Config, Edit, Edits, Entropy, Gate, Headers, Request, Time};

use crate::said::Lines;

/// A gateway with these formats in and out. `more` is what else its document says: more keys, each with a comma
/// before it.
///
/// # Panics
/// When the document has a fault.
#[must_use]
pub fn gate(formats: &[&str], more: &str) -> Gate {
    let document =
        format!(r#"{{"formats": {{"extract": {formats:?}, "inject": {formats:?}}}{more}}}"#);
    match Config::parse(&document, Host::Worker, &|_| None) {
        Ok(config) => Gate::new(config),
        Err(complaints) => panic!("{complaints:?} in {document}"),
    }
}

/// Spans are sent to Opik.
pub const OPIK: &str = r#", "backend": {"kind": "opik", "url": "http://opik.test/api"}"#;
/// Spans are sent by OTLP.
pub const OTLP: &str = r#", "backend": {"kind": "otlp", "url": "http://otlp.test"}"#;
/// Spans are sent to both.
pub const OPIK_AND_OTLP: &str = r#", "backends": [
    {"kind": "opik", "url": "http://opik.test/api"},
    {"kind": "otlp", "url": "http://otlp.test"}
]"#;
/// Spans are not sent.
pub const NOWHERE: &str = "";

/// Any moment will do: no id of these tests is judged by its age.
pub const NOW: Time = Time::from_millis(1_772_446_530_125);

/// Any bytes will do.
pub const ENTROPY: Entropy = *b"\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa-our-span-";

/// A POST of these headers.
#[must_use]
pub fn request<'a>(headers: &'a [(&'a [u8], &'a [u8])]) -> Request<'a> {
    Request {
        method: b"POST",
        scheme: b"https",
        path: b"/v1/chat/completions?stream=true",
        host: b"api.example.com",
        headers: Headers::new(headers),
        peer: Peer::default(),
        route: None,
        rule: None,
        continues: None,
        has_body: false,
    }
}

/// Lets the gate decide. Every backend of its configuration accepts spans.
///
/// # Errors
/// If the request is rejected.
pub fn admit<'a>(
    gate: &'a Gate,
    request: &Request<'a>,
) -> Result<gatespan::Pass<'a>, gatespan::Rejection> {
    let export = Availability::Accepting(gate.config().receives());
    gate.decide(request, None, export, NOW, || Some(ENTROPY))
}

/// The header lines as the core takes them.
#[must_use]
pub fn pairs(lines: &Lines) -> Vec<(&[u8], &[u8])> {
    lines
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
        .collect()
}

/// The header lines after the edits, as a host would apply them.
#[must_use]
pub fn edited(lines: &Lines, edits: &Edits<'_>) -> Lines {
    let mut lines = lines.clone();
    for edit in edits.as_slice() {
        let name = match edit {
            Edit::Remove(name) => name,
            Edit::Set(name, _) => name.as_bytes(),
        };
        lines.retain(|(other, _)| !other.as_bytes().eq_ignore_ascii_case(name));
        if let Edit::Set(name, value) = edit {
            let value = String::from_utf8(value.as_bytes().to_vec()).expect("we write ASCII");
            lines.push(((*name).into(), value));
        }
    }
    lines
}
