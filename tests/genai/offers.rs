//! Which encodings the upstream of a call is offered (tests/scenarios/offers.json).

use gatespan::Peer;
use gatespan::config::Host;
use gatespan::{Availability, Config, Edit, Gate, Headers, Request, Systems, Time};

use crate::rows::{parsed, text};

/// What a call's `accept-encoding` is set to, if it is.
fn offered(encoding: Option<&str>, lines: &[&str]) -> Option<String> {
    let encoding = encoding.map_or(String::new(), |word| {
        format!(r#", "genai_encoding": "{word}""#)
    });
    let document = format!(
        r#"{{"rule": {{"genai": "metadata"{encoding}}}, "backend": {{"kind": "otlp", "url": "http://a.test"}}}}"#
    );
    let config = Config::parse(&document, Host::Worker, &|_| None).expect("a configuration");
    assert!(config.headers().contains(&"accept-encoding"));
    let gate = Gate::new(config);
    let pairs: Vec<_> = lines
        .iter()
        .map(|line| (&b"accept-encoding"[..], line.as_bytes()))
        .collect();
    let request = Request {
        method: b"POST",
        scheme: b"https",
        path: b"/v1/chat/completions",
        host: b"llm.test",
        headers: Headers::new(&pairs),
        peer: Peer::default(),
        route: None,
        rule: None,
        continues: None,
        has_body: false,
    };
    let receives = Systems {
        opik: false,
        otel: true,
    };
    let export = Availability::Accepting(receives);
    let admission = gate.decide(&request, None, export, Time::from_millis(1), || {
        Some([7; 20])
    });
    let Ok(pass) = admission else {
        panic!("it is refused");
    };
    let mut set = pass.edits.as_slice().iter().filter_map(|edit| match edit {
        Edit::Set("accept-encoding", value) => Some(value.as_bytes().to_vec()),
        _ => None,
    });
    let value = set.next();
    assert_eq!(set.next(), None);
    value.map(|value| String::from_utf8(value).expect("text"))
}

#[test]
fn upstream_is_offered_what_can_be_read() {
    let table = parsed("offers.json");
    let rows = table["rows"].as_array().expect("rows");
    let mut wrong = String::new();
    for row in rows {
        let asked = row["asked"].as_array().expect("lines");
        let lines: Vec<&str> = asked.iter().map(text).collect();
        let found = offered(row["encoding"].as_str(), &lines);
        let wanted = row["upstream"].as_str();
        if found.as_deref() != wanted {
            let name = text(&row["name"]);
            wrong += &format!("{name}: {lines:?}: wanted {wanted:?}, found {found:?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(rows.len() > 20);
}
