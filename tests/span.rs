//! What a span says of its request.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub,
    reason = "a test says what is wrong by panicking"
)]

#[path = "span/asked.rs"]
mod asked;
#[path = "span/ends.rs"]
mod ends;
#[path = "span/rows.rs"]
mod rows;

use asked::Asked;
use gatespan::config::Host;
use gatespan::{Availability, Config, End, EndKind, Gate, Request, Span, Time, Unrecorded};

const NOW: Time = Time::from_millis(1_772_446_530_125);

const OK: End = End {
    status: Some(200),
    grpc_status: None,
    kind: EndKind::Complete,
    request_bytes: None,
    response_bytes: None,
};

/// A gateway with this document, and an Opik backend unless it names others.
fn gate(document: &str) -> Gate {
    let opik = r#""backend": {"kind": "opik", "url": "http://opik.test/api", "cluster": "opik"}"#;
    let more = match document {
        "" => opik.to_owned(),
        _ if document.contains("backend") => document.to_owned(),
        _ => format!("{document}, {opik}"),
    };
    let config = Config::parse(&format!("{{{more}}}"), Host::Envoy, &|_| None);
    Gate::new(config.unwrap_or_else(|faults| panic!("{faults:?}")))
}

/// What is read from the span of a request.
fn ask<T>(gate: &Gate, request: &Request<'_>, end: End, read: impl FnOnce(&Span<'_>) -> T) -> T {
    let export = Availability::Accepting(gate.config().receives());
    let entropy = core::array::from_fn(|index| 17 + 7 * index as u8);
    let Ok(pass) = gate.decide(request, None, export, NOW, || Some(entropy)) else {
        panic!("{request:?} was refused")
    };
    read(&gate.close(pass.span.expect("a span"), end, NOW))
}

/// The attributes, a line each.
fn said(span: &Span<'_>) -> String {
    let mut lines = Vec::new();
    span.attributes(&mut |one| lines.push(format!("{}={}", one.key, one.value)));
    lines.join("\n")
}

fn value(span: &Span<'_>, key: &str) -> Option<String> {
    let mut found = None;
    span.attributes(&mut |one| {
        if one.key.to_string() == key {
            found = Some(one.value.to_string());
        }
    });
    found
}

fn name(span: &Span<'_>) -> String {
    String::from_utf8(span.name().collect::<Vec<_>>().concat()).unwrap()
}

fn attribute(gate: &Gate, request: &Request<'_>, key: &str) -> Option<String> {
    ask(gate, request, OK, |span| value(span, key))
}

#[test]
fn a_name_is_its_template_filled() {
    let request = "POST /v1/chat?key=AIza api.test:443\n:route: chat";
    for (template, request, wanted) in [
        ("{method} {path}", request, "POST /v1/chat"),
        ("{host}{path}", request, "api.test/v1/chat"),
        ("llm {route}!", request, "llm chat!"),
        ("fixed", request, "fixed"),
        ("{method}{method}", request, "POSTPOST"),
        ("{method} {path}", "BREW /pot a.test", "HTTP /pot"),
        ("<{route}> {path}", "GET http://u:pw@a.test/b#c h", "<> /b"),
    ] {
        let gate = gate(&format!(r#""span": {{"name": "{template}"}}"#));
        let name = ask(&gate, &Asked::read(request).request(), OK, |span| {
            name(span)
        });
        assert_eq!(name, wanted, "{template}");
    }
    let name = ask(&gate(""), &Asked::read(request).request(), OK, |span| {
        name(span)
    });
    assert_eq!(name, "POST /v1/chat", "the default");
}

#[test]
fn a_thread_is_a_harmless_name_or_none() {
    let gate = gate(r#""span": {"thread": "X-Session-Id"}"#);
    let longest = "t".repeat(128);
    let too_long = "t".repeat(129);
    let endless = "t".repeat(60_000);
    for (value, taken, why) in [
        ("Abc-12_3", true, "letters, digits, and two more"),
        ("a", true, "one character"),
        (&longest, true, "128 characters"),
        (&too_long, false, "and one more"),
        (&endless, false, "and many more"),
        ("", false, "nothing"),
        ("a b", false, "a space"),
        ("a.b", false, "a dot"),
        ("a/b", false, "a slash"),
        ("a\u{7}", false, "a control character"),
        ("é", false, "not ASCII"),
    ] {
        let text = format!("GET / h\nx-session-id: {value}\nx-session-id: second");
        let asked = Asked::read(&text);
        let thread = ask(&gate, &asked.request(), OK, |span| {
            span.thread().map(<[u8]>::to_vec)
        });
        assert_eq!(thread, taken.then(|| value.into()), "{why}");
    }
    let none = ask(&gate, &Asked::read("GET / h").request(), OK, |span| {
        span.thread().is_none()
    });
    assert!(none, "no header");
}

#[test]
fn tags_project_and_service_are_those_of_the_configuration() {
    let gate = gate(
        r#""service": "llm", "rule": {"project": "all", "tags": ["edge"]},
           "routes": [{"match": {"path": "/a"}, "project": "a"}], "rules": {"r": {"tags": ["x", "y"]}}"#,
    );
    for (request, wanted) in [
        ("GET / h", "llm Some(\"all\") [\"edge\"]"),
        (
            "GET /a h\nopik_project_name: theirs",
            "llm Some(\"a\") [\"edge\"]",
        ),
        ("GET /a h\n:rule: r", "llm Some(\"a\") [\"x\", \"y\"]"),
    ] {
        let found = ask(&gate, &Asked::read(request).request(), OK, |span| {
            format!("{} {:?} {:?}", span.service(), span.project(), span.tags())
        });
        assert_eq!(found, wanted, "{request}");
    }
}

#[test]
fn texts_are_cut_between_two_characters() {
    let gate = gate(r#""span": {"headers": ["x-a"]}"#);
    let long = |text: &str| text.repeat(3000);
    let cut = |text: &str| text.repeat(2048 / text.len());
    for text in ["a", "é", "語"] {
        let path = format!("/{}", long(text));
        let (host, route, value) = (long(text), long(text), long(text));
        let lines = format!("{value} {path} {host}\n:route: {route}\nx-a: {value}");
        let asked = Asked::read(&lines);
        let request = asked.request();
        for (key, begins) in [
            ("http.request.method_original", ""),
            ("url.path", "/"),
            ("server.address", ""),
            ("gatespan.route", ""),
            ("http.request.header.x-a", ""),
        ] {
            let found = attribute(&gate, &request, key).unwrap();
            let wanted = format!("{begins}{}", cut(text));
            // Where the cut falls into a character, that character is not there or replaced.
            let found = found.trim_end_matches('\u{fffd}');
            assert!(
                found.len() <= 2048 && found.len() + 3 > 2048,
                "{key} has {} bytes",
                found.len()
            );
            assert!(
                wanted.starts_with(found) || found.starts_with(&wanted),
                "{key}"
            );
        }
    }
}

#[test]
fn a_query_is_cut_after_it_was_redacted() {
    let gate = gate("");
    for query in [
        "=&".repeat(4000),
        "a".repeat(9000),
        "=;é&".repeat(1000),
        "\u{7f}=&".repeat(3000),
    ] {
        let line = format!("GET /?{query} h");
        let found = attribute(&gate, &Asked::read(&line).request(), "url.query").unwrap();
        assert!(found.len() <= 2048, "{} bytes", found.len());
        assert!(!found.contains("aa"), "{found}");
        assert!(
            found.starts_with("REDACTED") || found.contains("=REDACTED"),
            "{found}"
        );
    }
}

#[test]
fn what_is_not_utf8_is_replaced() {
    let gate = gate(r#""span": {"headers": ["x-a"]}"#);
    let asked = Asked::read("GET / h");
    let bytes = b"a\xffb".as_slice();
    let long = [b"/".as_slice(), &b"\xff".repeat(3000)].concat();
    let pairs = [(b"x-a".as_slice(), bytes)];
    let request = Request {
        method: bytes,
        scheme: b"https",
        path: b"/\xc3?\xc3=1&stream=\xc3",
        host: bytes,
        route: Some(bytes),
        headers: gatespan::Headers::new(&pairs),
        ..asked.request()
    };
    let wanted = "http.request.method=_OTHER\nhttp.request.method_original=a\u{fffd}b\nurl.scheme=https\nurl.path=/\u{fffd}\n\
        url.query=\u{fffd}=REDACTED&stream=\u{fffd}\nserver.address=a\u{fffd}b\ngatespan.route=a\u{fffd}b\n\
        http.response.status_code=200\ngatespan.decision=minted\ngatespan.end=complete\n\
        http.request.header.x-a=a\u{fffd}b";
    assert_eq!(ask(&gate, &request, OK, said), wanted);
    let path = attribute(
        &gate,
        &Request {
            path: &long,
            ..request
        },
        "url.path",
    )
    .unwrap();
    assert_eq!(
        path,
        format!("/{}", "\u{fffd}".repeat(682)),
        "2,047 bytes: no room for another"
    );
}

#[test]
fn sixteen_headers_are_recorded_in_the_order_of_the_document() {
    let names: Vec<String> = (0..16).rev().map(|n| format!("x-h{n}")).collect();
    let gate = gate(&format!(r#""span": {{"headers": {names:?}}}"#));
    let lines: Vec<String> = (0..20)
        .map(|n| format!("X-H{n}: {n}{}", "v".repeat(3000)))
        .collect();
    let text = format!("GET / h\n{}", lines.join("\n"));
    let found = ask(&gate, &Asked::read(&text).request(), OK, said);
    let headers: Vec<&str> = found
        .lines()
        .filter(|line| line.starts_with("http.request.header."))
        .collect();
    let wanted: Vec<String> = (0..16)
        .rev()
        .map(|n| {
            format!(
                "http.request.header.x-h{n}={n}{}",
                "v".repeat(2048 - n.to_string().len())
            )
        })
        .collect();
    assert_eq!(headers, wanted);
}

#[test]
fn no_span_has_its_reason() {
    let gate = gate("");
    let asked = Asked::read("GET / h");
    let none = gatespan::Systems::default();
    for (export, wanted) in [
        (Availability::Accepting(gate.config().receives()), None),
        (Availability::Accepting(none), Some(Unrecorded::Rule)),
        (Availability::QueueFull, Some(Unrecorded::QueueFull)),
        (Availability::Stopped, Some(Unrecorded::ExportStopped)),
    ] {
        let Ok(pass) = gate.decide(&asked.request(), None, export, NOW, || Some([1; 20])) else {
            panic!("refused")
        };
        assert_eq!(
            (pass.unrecorded, pass.span.is_none()),
            (wanted, wanted.is_some())
        );
    }
}
