//! Trouble on demand, on Opik's paths; `everywhere` is about all of them.

use core::time::Duration;
use std::io::{ErrorKind, Read};
use std::time::Instant;

use serde_json::{Value, json};

use crate::client::{Client, sink, spans, traces};

fn kept(client: &mut Client) -> Value {
    client.read("/read/overview")["counts"]["spans"].clone()
}

#[test]
fn a_status_with_its_headers_as_often_as_asked() {
    let sink = sink();
    let mut client = Client::new(&sink);
    client.fault(
        &json!({ "kind": "status", "code": 429, "headers": { "RateLimit-Reset": 2 }, "times": 2 }),
    );
    for (status, count) in [(429, 0), (429, 0), (204, 3)] {
        let answer = client.post("/v1/private/spans/batch", &spans());
        assert_eq!(answer.status, status);
        assert_eq!(
            answer.head.contains("RateLimit-Reset: 2\r\n"),
            status == 429
        );
        assert_eq!(kept(&mut client), count);
    }
    let log = client.read("/read/requests")["requests"].clone();
    let told: Vec<_> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["status"].clone(), one["fault"].clone()))
        .collect();
    assert_eq!(
        told,
        [
            (json!(429), json!("status")),
            (json!(429), json!("status")),
            (json!(204), Value::Null)
        ]
    );
    let prints: Vec<_> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["print"])
        .collect();
    assert!(
        prints[0].is_string() && prints[0] == prints[2],
        "equal bodies have equal prints: {prints:?}"
    );
}

#[test]
fn faults_are_for_ingestion_and_for_the_path_they_name() {
    let sink = sink();
    let mut client = Client::new(&sink);
    client.fault(&json!({ "kind": "status", "code": 500, "only": "/spans/" }));
    assert_eq!(
        client
            .send("GET", "/api/is-alive/ping", "", b"")
            .unwrap()
            .status,
        200
    );
    assert_eq!(client.traces(&traces()), 204);
    assert_eq!(
        (client.spans(&spans()), client.spans(&spans())),
        (500, 500),
        "without times for ever"
    );
    client.fault(&json!({ "kind": "none" }));
    assert_eq!(client.spans(&spans()), 204);
}

#[test]
fn a_fault_may_be_for_bodies_that_hold_something() {
    let sink = sink();
    let mut client = Client::new(&sink);
    let mut bad = spans();
    bad["spans"][1]["name"] = json!("poison");
    client.fault(&json!({ "kind": "status", "code": 400, "holding": "poison" }));
    let answers = [spans(), bad, spans()].map(|body| client.spans(&body));
    assert_eq!(answers, [204, 400, 204]);
    assert_eq!(kept(&mut client), 3, "nothing of the bad one");
}

#[test]
fn slow_is_the_truth_but_later() {
    let sink = sink();
    let mut client = Client::new(&sink);
    client.fault(&json!({ "kind": "slow", "ms": 300 }));
    let begin = Instant::now();
    assert_eq!(client.spans(&spans()), 204);
    assert!(begin.elapsed() >= Duration::from_millis(300));
    assert_eq!(kept(&mut client), 3);
}

#[test]
fn silence_lasts_until_the_caller_goes() {
    let sink = sink();
    let mut client = Client::new(&sink);
    client.fault(&json!({ "kind": "silent", "times": 1 }));
    client
        .stream
        .set_read_timeout(Some(Duration::from_millis(400)))
        .unwrap();
    let answer = client.send(
        "POST",
        "/v1/private/spans/batch",
        "",
        spans().to_string().as_bytes(),
    );
    assert!(matches!(
        answer.unwrap_err().kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut
    ));
    let mut other = Client::new(&sink);
    assert_eq!(kept(&mut other), 0);
    assert_eq!(other.spans(&spans()), 204, "nobody else waits");
}

#[test]
fn resets_are_resets() {
    let sink = sink();
    for (kind, begins) in [("reset", false), ("reset_mid_body", true)] {
        let mut client = Client::new(&sink);
        client.fault(&json!({ "kind": kind, "times": 1 }));
        let body = "x".repeat(2_000_000);
        let head = format!(
            "POST /v1/private/spans/batch HTTP/1.1\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut seen = Vec::new();
        let sent = std::io::Write::write_all(&mut client.stream, [head, body].concat().as_bytes());
        let end = sent.and_then(|()| client.stream.read_to_end(&mut seen).map(drop));
        let kind_of = end.unwrap_err().kind();
        assert!(
            matches!(kind_of, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe),
            "{kind}: {kind_of}"
        );
        assert_eq!(seen.starts_with(b"HTTP/1.1 200 OK"), begins, "{kind}");
    }
    let mut client = Client::new(&sink);
    assert_eq!(kept(&mut client), 0);
    let log = client.read("/read/requests")["requests"].clone();
    assert_eq!(
        (&log[0]["status"], &log[1]["fault"]),
        (&Value::Null, &json!("reset_mid_body"))
    );
}

#[test]
fn an_answer_that_is_lost_after_the_data_was_stored() {
    let sink = sink();
    let mut client = Client::new(&sink);
    client.fault(&json!({ "kind": "status", "code": 503, "store": true, "times": 1 }));
    assert_eq!(client.spans(&spans()), 503);
    assert_eq!(kept(&mut client), 3);
    assert_eq!(client.spans(&spans()), 204);
    assert_eq!(kept(&mut client), 3, "the retry is the same rows");
}

#[test]
fn a_big_answer_is_as_big_as_asked() {
    let sink = sink();
    let mut client = Client::new(&sink);
    client.fault(&json!([
        { "kind": "big_answer", "bytes": 10_000_000, "times": 1 },
        { "kind": "big_answer", "bytes": 1_000, "code": 500, "times": 1 },
    ]));
    let answer = client.post("/v1/private/traces/batch", &traces());
    assert_eq!((answer.status, answer.body.len()), (200, 10_000_000));
    let answer = client.post("/v1/private/spans/batch", &spans());
    assert_eq!((answer.status, answer.body.len()), (500, 1_000));
    assert_eq!(
        client.read("/read/overview")["counts"],
        json!({ "traces": 1, "spans": 0, "otlp": 0, "lilypad": 0, "refused": 0 })
    );
}

#[test]
fn a_bad_plan_is_refused_and_changes_nothing() {
    let sink = sink();
    let mut client = Client::new(&sink);
    assert_eq!(
        client
            .post("/control/fault", &json!({ "kind": "explode" }))
            .status,
        400
    );
    assert_eq!(client.spans(&spans()), 204);
}

#[test]
fn a_sink_that_ends_frees_its_port_and_drops_its_callers() {
    let sink = sink();
    let address = sink.address();
    let mut client = Client::new(&sink);
    assert_eq!(client.spans(&spans()), 204);
    drop(sink);
    assert!(client.send("GET", "/", "", b"").is_err());
    let again = gatespan_sink::Options {
        listen: address,
        ..Default::default()
    };
    let again = gatespan_sink::Sink::start(again).expect("the port is free");
    assert_eq!(kept(&mut Client::new(&again)), 0);
}
