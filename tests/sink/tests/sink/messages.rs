//! HTTP messages of clients.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use gatespan_sink::Options;
use serde_json::json;

use crate::client::{Client, sink, spans, traces, with};

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let mut bytes = b"POST /api/v1/private/spans/batch HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\
                      Content-Type: application/json\r\n\r\n"
        .to_vec();
    for chunk in body.chunks(size) {
        bytes.extend(format!("{:x};note=x\r\n", chunk.len()).as_bytes());
        bytes.extend(chunk);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\nx-trailer: 1\r\n\r\n");
    bytes
}

#[test]
fn connection_serves_many_requests_of_every_kind() {
    let sink = sink();
    let mut client = Client::new(&sink);
    let body = spans().to_string();
    for round in 0..20 {
        assert_eq!(client.spans(&spans()), 204, "{round}");
        let headers = "content-type: application/json\r\nContent-Encoding: gzip\r\n";
        let zipped = client.send(
            "POST",
            "/x/y/v1/private/spans/batch",
            headers,
            &gzip(body.as_bytes()),
        );
        assert_eq!(zipped.unwrap().status, 204);
        assert_eq!(
            client
                .raw(&chunked(body.as_bytes(), 1 + round * 97))
                .unwrap()
                .status,
            204
        );
        assert_eq!(
            client.traces(&json!({ "traces": [] })),
            422,
            "a rejection does not end the connection"
        );
        let ping = client.send("GET", "/api/is-alive/ping", "", b"").unwrap();
        assert_eq!(ping.json()["healthy"], true);
    }
    let log = client.read("/read/requests")["requests"].clone();
    assert_eq!(log.as_array().unwrap().len(), 100);
    assert_eq!(
        (&log[1]["items"], &log[1]["headers"]["content-encoding"]),
        (&json!(3), &json!("gzip"))
    );
}

#[test]
fn several_requests_in_one_packet_are_served() {
    let sink = sink();
    let mut client = Client::new(&sink);
    let twice = [
        chunked(spans().to_string().as_bytes(), 700),
        b"GET /api/is-alive/ping HTTP/1.1\r\n\r\n".to_vec(),
    ]
    .concat();
    assert_eq!(client.raw(&twice).unwrap().status, 204);
    assert_eq!(client.response().unwrap().status, 200);
}

#[test]
fn expect_100_continue_gets_a_continue() {
    let sink = sink();
    let mut client = Client::new(&sink);
    let body = traces().to_string();
    let head = format!(
        "POST /v1/private/traces/batch HTTP/1.1\r\ncontent-type: application/json\r\nexpect: 100-continue\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    assert_eq!(client.raw(head.as_bytes()).unwrap().status, 100);
    assert_eq!(client.raw(body.as_bytes()).unwrap().status, 204);
}

#[test]
fn too_large_body_is_refused_before_it_is_read() {
    let sink = with(Options {
        window: None,
        max_body: 1_000,
        ..Options::default()
    });
    let mut client = Client::new(&sink);
    let response = client.post("/v1/private/spans/batch", &spans());
    assert_eq!(response.status, 413);
    assert!(
        response.head.contains("connection: close"),
        "{}",
        response.head
    );
    let mut client = Client::new(&sink);
    let headers = "content-type: application/json\r\ncontent-encoding: gzip\r\n";
    let small = gzip(spans().to_string().as_bytes());
    assert!(small.len() < 1_000);
    assert_eq!(
        client
            .send("POST", "/v1/private/spans/batch", headers, &small)
            .unwrap()
            .status,
        204,
        "compressed size"
    );
    assert_eq!(
        client
            .raw(&chunked(spans().to_string().as_bytes(), 100))
            .unwrap()
            .status,
        204,
        "chunks bypass it"
    );
    let refused = client.read("/read/refused")["refused"].clone();
    assert_eq!(
        (&refused[0]["status"], refused.as_array().unwrap().len()),
        (&json!(413), 1)
    );
}

#[test]
fn malformed_messages_are_refused() {
    let sink = sink();
    let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(70_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(300));
    for (bytes, status) in [
        ("nonsense\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (
            "POST /v1/private/spans/batch HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
            400,
        ),
        (
            "POST /v1/private/spans/batch HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n",
            400,
        ),
        (
            "POST /v1/private/spans/batch HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            400,
        ),
        (&long, 431),
        (&many, 431),
        ("GET /nowhere HTTP/1.1\r\n\r\n", 404),
        ("POST /v1/private/nowhere HTTP/1.1\r\n\r\n", 404),
    ] {
        let response = Client::new(&sink)
            .raw(bytes.as_bytes())
            .expect("an response");
        assert_eq!(response.status, status, "{bytes:.60}");
    }
}
