//! `make run`: requests that are received, and what the gateway makes of them. The requests are rows of the scenario table.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::std_instead_of_core,
    missing_docs,
    unreachable_pub,
    reason = "a demonstration on a desk"
)]

#[path = "../laws/apply.rs"]
mod apply;

use std::time::{SystemTime, UNIX_EPOCH};

use gatespan::Peer;
use gatespan::config::Host;
use gatespan::{Admission, Config, Forward, Gateway, Headers, Pair, Request, Time, Word};
use serde_json::{Value, json};

/// The client, the rule of the gateway, and the headers that are received.
type Stop = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// What is shown.
const STOPS: [Stop; 6] = [
    ("a request without a trace", "{}", &[("accept", "*/*")]),
    (
        "a service traced by Opik",
        "{}",
        &[
            ("opik_trace_id", "019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814"),
            (
                "opik_parent_span_id",
                "019a8b1c-6f3e-7b60-9c1b-2281eda8d7fe",
            ),
        ],
    ),
    (
        "a service traced by OpenTelemetry",
        "{}",
        &[(
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        )],
    ),
    ("a malformed id", "{}", &[("opik_trace_id", "not-a-uuid")]),
    (
        "a malformed id where ids are required",
        r#"{"missing": "reject"}"#,
        &[(
            "traceparent",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        )],
    ),
    (
        "an untrusted client",
        r#"{"trust": {"cidr": ["10.0.0.0/8"]}, "untrusted": "link"}"#,
        &[
            (
                "traceparent",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            ),
            ("b3", "0"),
        ],
    ),
];

fn main() {
    for (number, (who, rule, headers)) in (1_u8..).zip(STOPS) {
        println!("── {who}");
        let rule: Value = serde_json::from_str(rule).expect("the tour's rules are JSON");
        println!("   rule      {rule}");
        headers
            .iter()
            .for_each(|(name, value)| println!("   received  {name}: {value}"));
        show(&rule, headers, number);
        println!();
    }
}

fn show(rule: &Value, headers: &[(&str, &str)], number: u8) {
    let document = json!({
        "rule": rule,
        "backend": { "kind": "opik", "url": "http://opik.internal/api", "cluster": "opik" },
    });
    let config = Config::parse(&document.to_string(), Host::Envoy, &|_| None)
        .expect("the tour's rules are valid");
    let mut gateway = Gateway::new(config, 1);
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let now = Time(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX));
    // A host asks its random source; a tour may count.
    gateway.refill(20, now, |bytes| {
        for (index, byte) in (0_u8..).zip(bytes) {
            *byte = number.wrapping_mul(37).wrapping_add(11 * index);
        }
        true
    });
    let pairs: Vec<Pair<'_>> = headers
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
        .collect();
    let request = Request {
        scheme: b"https",
        host: b"llm.example",
        peer: Peer {
            address: "203.0.113.9".parse().ok(),
            ..Peer::default()
        },
        ..Request::new(b"POST", b"/v1/chat", Headers::new(&pairs))
    };
    match gateway.admit(&request, now) {
        Admission::Forward(forward) => print_forward(&forward, &pairs),
        Admission::Reject(rejection) => {
            println!("   response  {} {}", rejection.status(), rejection.body());
        }
        Admission::ReadBody(_) => println!("   held"), // not reached: no rule reads bodies
    }
}

fn print_forward(forward: &Forward<'_>, pairs: &[Pair<'_>]) {
    let received: apply::Owned = pairs
        .iter()
        .map(|(name, value)| (name.to_vec(), value.to_vec()))
        .collect();
    for (name, value) in apply::apply(&received, &forward.edits) {
        println!(
            "   upstream  {}: {}",
            name.escape_ascii(),
            value.escape_ascii()
        );
    }
    let recorded = if forward.stream.is_recorded() {
        "a span of the gateway"
    } else {
        "nothing"
    };
    println!("   recorded  {recorded} ({})", forward.decision.word());
}
