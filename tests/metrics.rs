//! The names that hosts show, and what they count.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a test says what is wrong by panicking"
)]

use gatespan::config::Host;
use gatespan::{Config, Gateway, Headers, Request, Time};

const TWO: &str = r#"{ "backends": [
    { "kind": "opik", "url": "http://a.test" },
    { "kind": "opik", "url": "http://b.test", "name": "second" }
] }"#;

fn gateway(document: &str) -> Gateway {
    Gateway::new(Config::parse(document, Host::Worker, &|_| None).unwrap(), 1)
}

fn lines(gateway: &Gateway) -> Vec<String> {
    let mut lines = Vec::new();
    gateway.metrics(&mut |metric| lines.push(format!("{} {}", metric.name, metric.value)));
    lines
}

const TRACEPARENT: &[u8] = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const OTHER: &[u8] = b"00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-01";

#[test]
fn without_a_backend_only_requests_are_counted() {
    let mut gateway =
        gateway(r#"{"formats": {"extract": ["w3c", "b3"]}, "rule": {"conflict": "reject"}}"#);
    let b3 = b"0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1";
    for headers in [
        &[(b"traceparent".as_slice(), TRACEPARENT)][..],
        &[(b"traceparent", TRACEPARENT), (b"b3", b3)],
        &[(b"traceparent", OTHER), (b"b3", b3)],
    ] {
        gateway.refill(20, Time(0), |bytes| {
            bytes.fill(7);
            true
        });
        let request = Request::new(b"GET", b"/", Headers::new(headers));
        let _ = gateway.admit(&request, Time(0));
    }
    assert_eq!(
        lines(&gateway),
        [
            "gatespan.requests.decision.joined 2",
            "gatespan.requests.decision.minted 0",
            "gatespan.requests.decision.linked 0",
            "gatespan.requests.decision.restarted 0",
            "gatespan.requests.decision.passed 0",
            "gatespan.requests.decision.rejected 1",
            "gatespan.requests.unrecorded.reason.rule 2",
            "gatespan.requests.unrecorded.reason.unsampled 0",
            "gatespan.requests.unrecorded.reason.queue_full 0",
            "gatespan.requests.unrecorded.reason.export_stopped 0",
            "gatespan.requests.unrecorded.reason.preflight 0",
            "gatespan.requests.unrecorded.reason.no_entropy 0",
            "gatespan.rejects.reason.missing 0",
            "gatespan.rejects.reason.invalid 0",
            "gatespan.rejects.reason.conflict 1",
            "gatespan.rejects.reason.untrusted 0",
            "gatespan.rejects.reason.config 0",
        ]
    );
}

#[test]
fn the_first_backend_has_the_plain_names_too() {
    const OF_ONE: [&str; 12] = [
        "spans.recorded",
        "spans.exported",
        "queue.spans",
        "queue.bytes",
        "spans.dropped.reason.queue_full",
        "spans.dropped.reason.refused",
        "spans.dropped.reason.gave_up",
        "spans.dropped.reason.shutdown",
        "export.calls.outcome.ok",
        "export.calls.outcome.retry",
        "export.calls.outcome.split",
        "export.calls.outcome.failed",
    ];
    let expected: Vec<String> = [
        "gatespan",
        "gatespan.backend.opik",
        "gatespan.backend.second",
    ]
    .iter()
    .flat_map(|prefix| OF_ONE.map(|name| format!("{prefix}.{name} 0")))
    .collect();
    let all = lines(&gateway(TWO));
    assert_eq!(all.get(17..), Some(expected.as_slice()));
}
