//! A gateway with the defaults of an empty document, and requests sent through it.

use std::collections::BTreeMap;

use gatespan::config::{Backend, BackendKind, Config, Encoding, ExportPlan, Formats, Spelling};
use gatespan::config::{SpanPlan, Via};
use gatespan::policy::{Layer, Peer, Route, Rules};
use gatespan::span::NameTemplate;
use gatespan::{Admission, Edit, Edits, Entropy, Export, Format, Gate, Headers, Request, Time};

use crate::said::Lines;

/// What differs between the gateways of this crate.
#[derive(Default)]
pub struct Setup {
    /// The formats believed, in order.
    pub extract: &'static [&'static str],
    /// The formats written.
    pub inject: &'static [&'static str],
    /// Where spans are sent.
    pub backends: &'static [BackendKind],
    /// The default rule.
    pub rule: Layer,
    /// The routes.
    pub routes: Vec<Route>,
}

/// A gateway with the document's defaults apart from `setup`.
#[must_use]
pub fn gate(setup: Setup) -> Gate {
    let named = |names: &[&str]| -> Vec<&'static Format> {
        names
            .iter()
            .map(|name| Format::named(name).expect("a format of the table"))
            .collect()
    };
    let extract = named(setup.extract);
    let inject = named(setup.inject).into_iter().collect();
    let rules = Rules::new(
        setup.rule,
        setup.routes,
        BTreeMap::new(),
        inject,
        extract.iter().copied().collect(),
    );
    Gate::new(Config {
        service: "gatespan".into(),
        formats: Formats {
            extract,
            inject,
            spelling: Spelling::Both,
        },
        rules,
        span: SpanPlan {
            name: NameTemplate::default(),
            headers: vec!["user-agent".into()],
            query: gatespan::redact::QUERY_KEPT
                .iter()
                .map(|key| (*key).into())
                .collect(),
            thread: Some("x-session-id".into()),
        },
        response_header: "x-gatespan-trace-id".into(),
        backends: setup.backends.iter().map(|kind| backend(*kind)).collect(),
        export: ExportPlan {
            batch_spans: 200,
            batch_bytes: 1_000_000,
            interval_ms: 1000,
            queue_bytes: 4_194_304,
            timeout_ms: 5000,
            attempts: 6,
            backoff_ms: 500,
            backoff_max_ms: 30_000,
            gzip: false,
        },
    })
}

fn backend(kind: BackendKind) -> Backend {
    Backend {
        name: "backend".into(),
        kind,
        url: "http://backend.internal".into(),
        via: Via::Http,
        cluster: Some("backend".into()),
        api_key: None,
        workspace: None,
        project: None,
        encoding: Encoding::Protobuf,
        headers: Vec::new(),
        resource: Vec::new(),
        project_id: None,
    }
}

/// Any moment will do: no id of these tests is judged by its age.
pub const NOW: Time = Time::from_millis(1_772_446_530_125);

/// Any bytes will do.
pub const ENTROPY: Entropy = *b"\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa-our-span-";

/// A POST of these headers.
#[must_use]
pub fn request<'a>(headers: &'a [(&'a [u8], &'a [u8])]) -> Request<'a> {
    Request {
        method: b"POST",
        path: b"/v1/chat/completions?stream=true",
        host: b"api.example.com",
        headers: Headers::new(headers),
        peer: Peer::default(),
        route: None,
        rule: None,
    }
}

/// Lets the gate decide, every backend of its configuration accepting.
#[must_use]
pub fn admit<'a>(gate: &'a Gate, request: &Request<'a>) -> Admission<'a> {
    let export = Export::Accepting(gate.config().receives());
    gate.admit(request, export, NOW, &ENTROPY)
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
