//! The names that hosts show, and what they count.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a test says what is wrong by panicking"
)]

use gatespan::config::Host;
use gatespan::metrics::{Tally, metrics};
use gatespan::policy::Reason;
use gatespan::{Config, Decision, Edits, Outbox, Pass, Unrecorded};

const TWO: &str = r#"{ "backends": [
    { "kind": "opik", "url": "http://a.test" },
    { "kind": "opik", "url": "http://b.test", "name": "second" }
] }"#;

fn lines(document: &str, tally: &Tally) -> Vec<String> {
    let config = Config::parse(document, Host::Worker, &|_| None).unwrap();
    let mut lines = Vec::new();
    metrics(
        tally,
        &Outbox::new(config.delivery(), 1),
        &config.backends,
        &mut |metric| {
            lines.push(format!("{} {}", metric.name, metric.value));
        },
    );
    lines
}

fn joined(unrecorded: Option<Unrecorded>) -> Pass<'static> {
    Pass {
        edits: Edits::default(),
        span: None,
        unrecorded,
        decision: Decision::Joined,
        exposed: None,
        continuation: None,
    }
}

#[test]
fn without_a_backend_requests_are_counted_and_nothing_else() {
    let mut tally = Tally::default();
    tally.passed(&joined(None));
    tally.passed(&joined(Some(Unrecorded::Rule)));
    tally.rejected(Reason::Conflict);
    assert_eq!(
        lines("{}", &tally),
        [
            "gatespan.requests.decision.joined 2",
            "gatespan.requests.decision.minted 0",
            "gatespan.requests.decision.linked 0",
            "gatespan.requests.decision.restarted 0",
            "gatespan.requests.decision.passed 0",
            "gatespan.requests.decision.rejected 1",
            "gatespan.requests.unrecorded.reason.rule 1",
            "gatespan.requests.unrecorded.reason.unsampled 0",
            "gatespan.requests.unrecorded.reason.queue_full 0",
            "gatespan.requests.unrecorded.reason.export_stopped 0",
            "gatespan.requests.unrecorded.reason.preflight 0",
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
    let all = lines(TWO, &Tally::default());
    assert_eq!(all.get(16..), Some(expected.as_slice()));
}
