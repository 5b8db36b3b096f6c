//! `make run`: requests as they come in, and what the gateway makes of them. The requests are rows of the scenario table.
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
use gatespan::{Admission, Config, Export, Gate, Headers, Pair, Request, Time, Word};
use serde_json::{Value, json};

/// Who calls, the rule of the gateway, and the headers that come in.
type Stop = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// What is shown.
const STOPS: [Stop; 6] = [
    ("nobody traced it yet", "{}", &[("accept", "*/*")]),
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
        "a stranger",
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
            .for_each(|(name, value)| println!("   came in   {name}: {value}"));
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
    let gate = Gate::new(config);
    let pairs: Vec<Pair<'_>> = headers
        .iter()
        .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
        .collect();
    let request = Request {
        method: b"POST",
        scheme: b"https",
        path: b"/v1/chat",
        host: b"llm.example",
        headers: Headers::new(&pairs),
        peer: Peer {
            address: "203.0.113.9".parse().ok(),
            ..Peer::default()
        },
        route: None,
        rule: None,
        continues: None,
    };
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let now = Time(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX));
    // A host draws these from its random source; a tour may count.
    let entropy =
        core::array::from_fn(|index| number.wrapping_mul(37).wrapping_add(11 * index as u8));
    match gate.admit(
        &request,
        Export::Accepting(gate.config().receives()),
        now,
        &entropy,
    ) {
        Admission::Reject(rejection) => {
            println!("   answer    {} {}", rejection.status(), rejection.body());
        }
        Admission::Pass(pass) => {
            let came: apply::Owned = pairs
                .iter()
                .map(|(name, value)| (name.to_vec(), value.to_vec()))
                .collect();
            for (name, value) in apply::apply(&came, &pass.edits) {
                println!(
                    "   upstream  {}: {}",
                    name.escape_ascii(),
                    value.escape_ascii()
                );
            }
            let kept = if pass.span.is_some() {
                "a span of the gateway"
            } else {
                "nothing"
            };
            println!("   recorded  {kept} ({})", pass.decision.word());
        }
    }
}
