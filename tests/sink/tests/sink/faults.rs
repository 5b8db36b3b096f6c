//! Faults on demand, on Opik's paths. `everywhere` tests all paths.

use core::time::Duration;
use std::io::{ErrorKind, Read};
use std::time::Instant;

use serde_json::{Value, json};

use crate::client::{Client, sink, spans, traces};

fn kept(client: &mut Client) -> Value {
    client.read("/read/overview")["counts"]["spans"].clone()
}

#[test]
fn status_fault_applies_as_often_as_planned() {
    let sink = sink();
    let mut client = Client::new(&sink);
    client.fault(
        &json!({ "kind": "status", "code": 429, "headers": { "RateLimit-Reset": 2 }, "times": 2 }),
    );
    for (status, count) in [(429, 0), (429, 0), (204, 3)] {
        let response = client.post("/v1/private/spans/batch", &spans());
        assert_eq!(response.status, status);
        assert_eq!(
            response.head.contains("RateLimit-Reset: 2\r\n"),
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
fn faults_apply_only_to_ingestion_and_their_path() {
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
fn fault_can_apply_only_to_bodies_with_a_text() {
    let sink = sink();
    let mut client = Client::new(&sink);
    let mut bad = spans();
    bad["spans"][1]["name"] = json!("poison");
    client.fault(&json!({ "kind": "status", "code": 400, "holding": "poison" }));
    let responses = [spans(), bad, spans()].map(|body| client.spans(&body));
    assert_eq!(responses, [204, 400, 204]);
    assert_eq!(kept(&mut client), 3, "nothing of the bad one");
}

#[test]
fn slow_sends_the_normal_response_later() {
    let sink = sink();
    let mut client = Client::new(&sink);
    client.fault(&json!({ "kind": "slow", "ms": 300 }));
    let begin = Instant::now();
    assert_eq!(client.spans(&spans()), 204);
    assert!(begin.elapsed() >= Duration::from_millis(300));
    assert_eq!(kept(&mut client), 3);
}

#[test]
fn silent_lasts_until_the_client_closes_the_connection() {
    let sink = sink();
    let mut client = Client::new(&sink);
    client.fault(&json!({ "kind": "silent", "times": 1 }));
    client
        .stream
        .set_read_timeout(Some(Duration::from_millis(400)))
        .unwrap();
    let response = client.send(
        "POST",
        "/v1/private/spans/batch",
        "",
        spans().to_string().as_bytes(),
    );
    assert!(matches!(
        response.unwrap_err().kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut
    ));
    let mut other = Client::new(&sink);
    assert_eq!(kept(&mut other), 0);
    assert_eq!(other.spans(&spans()), 204, "nobody else waits");
}

#[test]
fn reset_faults_reset_the_connection() {
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
fn lost_response_can_store_the_data() {
    let sink = sink();
    let mut client = Client::new(&sink);
    client.fault(&json!({ "kind": "status", "code": 503, "store": true, "times": 1 }));
    assert_eq!(client.spans(&spans()), 503);
    assert_eq!(kept(&mut client), 3);
    assert_eq!(client.spans(&spans()), 204);
    assert_eq!(kept(&mut client), 3, "the retry is the same rows");
}

#[test]
fn big_response_has_the_planned_size() {
    let sink = sink();
    let mut client = Client::new(&sink);
    client.fault(&json!([
        { "kind": "big_answer", "bytes": 10_000_000, "times": 1 },
        { "kind": "big_answer", "bytes": 1_000, "code": 500, "times": 1 },
    ]));
    let response = client.post("/v1/private/traces/batch", &traces());
    assert_eq!((response.status, response.body.len()), (200, 10_000_000));
    let response = client.post("/v1/private/spans/batch", &spans());
    assert_eq!((response.status, response.body.len()), (500, 1_000));
    assert_eq!(
        client.read("/read/overview")["counts"],
        json!({ "traces": 1, "spans": 0, "otlp": 0, "lilypad": 0, "refused": 0 })
    );
}

#[test]
fn invalid_plan_changes_nothing() {
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
fn dropped_sink_frees_its_port_and_closes_connections() {
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
