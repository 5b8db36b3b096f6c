//! Every fault on the path of every API: what the client gets, and whether its data is stored.

use core::time::Duration;
use std::io::{ErrorKind, Read as _, Write as _};
use std::time::Instant;

use gatespan_sink::Sink;
use serde_json::{Value, json};

use crate::client::{Client, Response, sink, spans};
use crate::lilypad::{self, PROJECT};
use crate::otlp::bodies::{JSON, request};

/// A way to send spans: a path, its part for a plan, a valid body, and where its rows are counted.
struct Door {
    path: String,
    only: &'static str,
    body: Value,
    counted: &'static str,
}

fn doors() -> [Door; 3] {
    let door = |path: &str, only, body, counted| Door {
        path: path.to_owned(),
        only,
        body,
        counted,
    };
    [
        door("/api/v1/private/spans/batch", "/spans/", spans(), "spans"),
        door("/otlp/v1/traces", "/otlp/", request(), "otlp"),
        door(
            &format!("/projects/{PROJECT}/traces"),
            "/projects/",
            lilypad::tree(),
            "lilypad",
        ),
    ]
}

impl Door {
    fn bytes(&self) -> Vec<u8> {
        let body = self.body.to_string();
        let head = format!(
            "POST {} HTTP/1.1\r\ncontent-type: {JSON}\r\nx-api-key: k\r\ncontent-length: {}\r\n\r\n",
            self.path,
            body.len()
        );
        (head + &body).into_bytes()
    }

    fn send(&self, sink: &Sink) -> std::io::Result<Response> {
        Client::new(sink).raw(&self.bytes())
    }

    fn kept(&self, sink: &Sink) -> bool {
        Client::new(sink).read("/read/overview")["counts"][self.counted] != 0
    }

    fn plan(&self, sink: &Sink, mut step: Value) {
        step["only"] = json!(self.only);
        step["times"] = json!(1);
        Client::new(sink).post("/control/reset", &json!({}));
        Client::new(sink).fault(&step);
    }
}

#[test]
fn status_fault_replaces_the_response() {
    let sink = sink();
    for door in doors() {
        for (step, status, kept) in [
            (
                json!({ "kind": "status", "code": 429, "headers": { "retry-after": "1" } }),
                429,
                false,
            ),
            (json!({ "kind": "status", "code": 500 }), 500, false),
            (
                json!({ "kind": "status", "code": 503, "store": true }),
                503,
                true,
            ),
            (
                json!({ "kind": "big_answer", "bytes": 10_000_000 }),
                200,
                true,
            ),
        ] {
            door.plan(&sink, step.clone());
            let response = door.send(&sink).expect("a response");
            assert_eq!(
                (response.status, door.kept(&sink)),
                (status, kept),
                "{} {step}",
                door.path
            );
            assert_eq!(response.head.contains("retry-after: 1\r\n"), status == 429);
            assert!(step["kind"] != "big_answer" || response.body.len() == 10_000_000);
            let other = doors()
                .into_iter()
                .find(|other| other.only != door.only)
                .unwrap();
            assert!(
                other.send(&sink).expect("a response").status < 300,
                "the plan is for one path"
            );
        }
    }
}

#[test]
fn lost_response_stores_nothing() {
    let sink = sink();
    for door in doors() {
        for kind in ["reset", "reset_mid_body"] {
            for store in [false, true] {
                door.plan(&sink, json!({ "kind": kind, "store": store }));
                let mut client = Client::new(&sink);
                let mut seen = Vec::new();
                // If nothing is stored, the reset can arrive while the client still sends.
                let sent = client.stream.write_all(&door.bytes());
                let end = sent.and_then(|()| client.stream.read_to_end(&mut seen).map(drop));
                let why = end.expect_err("a reset").kind();
                assert!(
                    matches!(why, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
                    "{why}"
                );
                assert_eq!(door.kept(&sink), store, "{} {kind} {store}", door.path);
            }
        }
        let log = Client::new(&sink).read("/read/counters");
        let system = if door.counted == "spans" {
            "opik"
        } else {
            door.counted
        };
        let counted = &log[system];
        assert_eq!(
            (&counted["taken"], &counted["faults"]),
            (&json!(1), &json!({ "reset_mid_body": 1 }))
        );
    }
}

#[test]
fn garbage_sends_bytes_that_are_not_http() {
    let sink = sink();
    for door in doors() {
        for store in [false, true] {
            door.plan(&sink, json!({ "kind": "garbage", "store": store }));
            let mut client = Client::new(&sink);
            client.stream.write_all(&door.bytes()).unwrap();
            let mut seen = Vec::new();
            client.stream.read_to_end(&mut seen).expect("an end");
            assert!(!seen.is_empty() && !seen.starts_with(b"HTTP/"), "{seen:?}");
            assert_eq!(door.kept(&sink), store, "{}", door.path);
        }
    }
}

#[test]
fn silent_can_have_a_duration() {
    let sink = sink();
    for door in doors() {
        door.plan(&sink, json!({ "kind": "silent", "ms": 300 }));
        let begin = Instant::now();
        let end = door.send(&sink).expect_err("no response").kind();
        assert!(begin.elapsed() >= Duration::from_millis(300), "{end}");
        assert!(!door.kept(&sink), "{}", door.path);
    }
}

#[test]
fn slowly_read_body_is_accepted() {
    let sink = sink();
    for door in doors() {
        let length = door.body.to_string().len();
        let piece = length / 5;
        door.plan(
            &sink,
            json!({ "kind": "slow_read", "bytes": piece, "ms": 60 }),
        );
        let begin = Instant::now();
        let response = door.send(&sink).expect("a response");
        assert!(response.status < 300 && door.kept(&sink), "{}", door.path);
        assert!(
            begin.elapsed() >= Duration::from_millis(300),
            "{:?}",
            begin.elapsed()
        );
    }
}
