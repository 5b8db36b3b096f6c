//! Law 17: a request that its host sends through the gateway again is one request. The second pass continues the first and is
//! not judged by headers that the first wrote or removed.

use gatespan::Peer;
use gatespan::config::Host;
use gatespan::{
    Availability, Config, Continuation, Decision, End, EndKind, Gate, Headers, OpikId, OwnIds,
    Rejection, Request, SpanId, TraceId, TraceRow,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::apply::{self, Owned};
use crate::caller::caller;
use crate::{NOW, document};

/// What one pass made of a request.
#[derive(Clone, Debug)]
struct Outcome {
    upstream: Owned,
    own: Option<OwnIds>,
    decision: Decision,
    continuation: Option<Continuation>,
}

impl Outcome {
    /// The trace and the parent of its span in both systems.
    fn places(&self) -> [Option<(TraceId, Option<SpanId>)>; 2] {
        let opik = |own: OwnIds| {
            let place = own.opik?;
            Some((place.trace.as_trace(), place.parent.map(OpikId::as_span)))
        };
        let otel = |own: OwnIds| own.otel.map(|place| (place.trace, place.parent));
        [self.own.and_then(opik), self.own.and_then(otel)]
    }
}

/// What a client sends, and what is known of it.
#[derive(Clone, Copy)]
struct Client<'c> {
    headers: &'c [(Vec<u8>, Vec<u8>)],
    address: &'c str,
}

/// One pass, by the rule of that name.
fn pass(
    gate: &Gate,
    client: Client<'_>,
    rule: Option<&str>,
    continues: Option<&Continuation>,
    entropy: [u8; 20],
) -> Result<Outcome, Rejection> {
    let pairs: Vec<(&[u8], &[u8])> = client
        .headers
        .iter()
        .map(|(n, v)| (n.as_slice(), v.as_slice()))
        .collect();
    let request = Request {
        method: b"GET",
        scheme: b"https",
        path: b"/",
        host: b"localhost",
        headers: Headers::new(&pairs),
        peer: Peer {
            address: client.address.parse().ok(),
            names: &[],
            is_verified: true,
        },
        route: None,
        rule: rule.map(str::as_bytes),
        continues,
        has_body: false,
    };
    let export = Availability::Accepting(gate.config().receives());
    let pass = gate.decide(&request, None, export, NOW, || Some(entropy))?;
    let end = End {
        status: Some(302),
        grpc_status: None,
        kind: EndKind::Redirected,
        request_bytes: None,
        response_bytes: None,
    };
    let mut continuation = pass.continuation.map(|one| *one);
    let own = pass.span.map(|open| {
        assert!(continuation.is_none());
        continuation = Some(open.continuation());
        let span = gate.close(open, end, NOW);
        assert!(span.error().is_none(), "a redirect is no error");
        span.own()
    });
    Ok(Outcome {
        upstream: apply::apply(client.headers, &pass.edits),
        own,
        decision: pass.decision,
        continuation,
    })
}

/// As its host keeps it.
fn kept(first: &Outcome, is_ours: bool) -> Option<Continuation> {
    let bytes = first.continuation.as_ref()?.to_bytes();
    let read = Continuation::from_bytes(&bytes, is_ours);
    if is_ours {
        assert_eq!(read, first.continuation);
    }
    read
}

fn gate(document: &Value) -> Gate {
    let config = Config::parse(&document.to_string(), Host::Envoy, &|_| {
        Some("secret".into())
    });
    Gate::new(config.unwrap_or_else(|faults| panic!("{faults:?}")))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn second_pass_continues_the_first(
        caller in caller(),
        mut document in document(),
        id_action in prop::sample::select(vec!["join", "link", "restart"]),
        upstream in prop::sample::select(vec!["send", "strip"]),
        other in prop::sample::select(vec!["join", "link", "restart"]),
        entropy: [u8; 40],
    ) {
        document["rule"]["inbound"] = id_action.into();
        document["rule"]["upstream"] = upstream.into();
        // A rule that joins nothing cannot demand anything.
        let missing = if other == "join" { "reject" } else { "mint" };
        document["rules"] = json!({ "other": { "inbound": other, "upstream": "send", "missing": missing } });
        let gate = gate(&document);
        let (first, second) = entropy.split_at(20);
        let headers = caller.headers();
        let client = Client { headers: &headers, address: "10.0.0.1" };
        let near = pass(&gate, client, None, None, first.try_into().unwrap()).unwrap();
        let continuation = kept(&near, true);
        if continuation.is_none() {
            prop_assert_eq!(near.decision, Decision::Passed);
            return Ok(());
        }
        let again = Client { headers: &near.upstream, ..client };
        let far = pass(&gate, again, Some("other"), continuation.as_ref(), second.try_into().unwrap()).unwrap();
        prop_assert_eq!(far.decision, near.decision);
        prop_assert_eq!(far.own.is_some(), near.own.is_some(), "one sampling decision");
        for (near_place, far_place) in near.places().into_iter().zip(far.places()) {
            prop_assert_eq!(near_place.map(|(trace, _)| trace), far_place.map(|(trace, _)| trace));
            let parent = far_place.and_then(|(_, parent)| parent);
            prop_assert_eq!(parent, near_place.and(near.own).map(|own| own.id.as_span()));
        }
        let row = far.own.and_then(|own| own.opik).map(|place| place.row);
        prop_assert!(row.is_none_or(|row| row == TraceRow::NotOurs), "one row");
    }

    /// A host that hands over anything gets no panic.
    #[test]
    fn anything_is_read_as_a_continuation_or_not_at_all(bytes in prop::collection::vec(any::<u8>(), 0..200), is_ours: bool) {
        if let Some(read) = Continuation::from_bytes(&bytes, is_ours) {
            prop_assert_eq!(Continuation::from_bytes(&read.to_bytes(), true), Some(read));
        }
    }
}

const U: &str = "019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814";
const P: &str = "019a8b1c-6f3e-7b60-9c1b-2281eda8d7fe";
const STATE: &str = "congo=t61";
type Lines = &'static [(&'static str, &'static str)];
const OPIK: Lines = &[("opik_trace_id", U), ("opik_parent_span_id", P)];
const PROOF: Lines = &[("x-proof", "secret")];
const NOTHING: Lines = &[];

fn owned(headers: &[&[(&str, &str)]]) -> Owned {
    let all = headers.iter().copied().flatten();
    all.map(|(name, value)| ((*name).into(), (*value).into()))
        .collect()
}

/// Two passes by the rules `first` and `second`.
fn twice(
    first: &Value,
    second: &Value,
    headers: &[&[(&str, &str)]],
    is_ours: bool,
) -> (Outcome, Result<Outcome, Rejection>) {
    let gate = gate(&json!({
        "rules": { "first": first, "second": second },
        "formats": { "extract": ["opik", "w3c"], "inject": ["opik", "w3c"] },
        "backend": { "kind": "opik", "url": "http://opik.test", "cluster": "opik" },
    }));
    let headers = owned(headers);
    let client = Client {
        headers: &headers,
        address: "10.0.0.1",
    };
    let near = pass(&gate, client, Some("first"), None, [1; 20]).unwrap();
    let again = Client {
        headers: &near.upstream,
        ..client
    };
    let continuation = kept(&near, is_ours);
    let far = pass(&gate, again, Some("second"), continuation.as_ref(), [2; 20]);
    (near, far)
}

/// The rules of both passes, what the client sends, whether one configuration has both, whether the client stays trusted.
#[rustfmt::skip] // one row a line
const TRUST: &[(&str, &str, Lines, bool, bool, &str)] = &[
    ("header", "header", PROOF, true, true, "by the header that the first pass removed"),
    ("here", "here", NOTHING, true, true, "by address"),
    ("here", "elsewhere", NOTHING, true, true, "by a condition of the first rule alone"),
    ("linked", "elsewhere", NOTHING, true, false, "by none"),
    ("linked", "header", NOTHING, true, false, "without the header of the second rule"),
    ("linked", "header", PROOF, true, true, "with the header of the second rule"),
    ("open", "elsewhere", NOTHING, true, false, "a rule that asks for no proof gives none"),
    ("open", "header", PROOF, true, true, "the proof was shown, and removed"),
    ("open", "header", PROOF, false, false, "to another configuration"),
    ("off", "header", PROOF, true, true, "the proof was shown to a rule that is off"),
    ("off", "header", NOTHING, true, false, "and here it was not"),
];

#[test]
fn trust_goes_on_and_is_not_gained() {
    let header = json!({ "name": "x-proof", "equals_env": "A" });
    let rule = |name: &str| match name {
        "header" => json!({ "trust": { "header": header }, "untrusted": "reject" }),
        "here" => json!({ "trust": { "cidr": ["10.0.0.0/8"] }, "untrusted": "reject" }),
        "elsewhere" => json!({ "trust": { "cidr": ["192.0.2.0/24"] }, "untrusted": "reject" }),
        "linked" => json!({ "trust": { "cidr": ["192.0.2.0/24"] } }),
        "off" => json!({ "inbound": "off" }),
        _ => json!({}),
    };
    for (first, second, headers, is_ours, wanted, why) in TRUST {
        let (_, far) = twice(&rule(first), &rule(second), &[headers], *is_ours);
        let expected = (!wanted).then_some(Rejection::Untrusted);
        assert_eq!(far.err(), expected, "{first} then {second}: {why}");
    }
}

#[test]
fn demands_of_the_second_rule_are_met_by_the_trace_that_goes_on() {
    let strip = json!({ "upstream": "strip" });
    let strict = json!({ "missing": "reject", "require": ["opik"] });
    for headers in [OPIK, NOTHING] {
        let (near, far) = twice(&strip, &strict, &[headers], true);
        assert!(near.upstream.is_empty());
        let far = far.unwrap();
        assert_eq!(far.decision, near.decision);
        let [near_place, far_place] = [&near, &far].map(|one| one.places()[0].unwrap().0);
        assert_eq!(near_place, far_place);
    }
}

#[test]
fn request_that_is_let_alone_is_judged_when_it_is_not() {
    let off = json!({ "inbound": "off" });
    let strict = json!({ "missing": "reject" });
    let (near, far) = twice(&off, &strict, &[OPIK], true);
    assert!(near.own.is_none() && near.continuation.is_none());
    assert_eq!(far.unwrap().decision, Decision::Joined);
    let (_, far) = twice(&off, &strict, &[NOTHING], true);
    assert!(matches!(far, Err(Rejection::Missing(_))));
}

#[test]
fn pass_that_is_let_alone_hands_on_what_it_was_given() {
    let (near, far) = twice(&json!({}), &json!({ "inbound": "off" }), &[NOTHING], true);
    let far = far.unwrap();
    assert_eq!(far.upstream, near.upstream, "it is untouched");
    assert_eq!(far.continuation, near.continuation);
}

#[test]
fn sampling_decision_is_made_once() {
    let never = json!({ "sample": 0, "upstream": "strip" });
    let (near, far) = twice(&never, &json!({ "sample": 1 }), &[NOTHING], true);
    let far = far.unwrap();
    assert!(near.own.is_none() && far.own.is_none());
    let parent = far.upstream.iter().find(|(name, _)| name == b"traceparent");
    assert!(parent.unwrap().1.ends_with(b"-02"), "{:?}", far.upstream);
}

#[test]
fn tracestate_goes_on_where_the_first_pass_removed_it() {
    let t = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers: &[(&str, &str)] = &[("traceparent", t), ("tracestate", STATE)];
    let (_, far) = twice(
        &json!({ "upstream": "strip" }),
        &json!({}),
        &[headers],
        true,
    );
    let state = (b"tracestate".to_vec(), STATE.as_bytes().to_vec());
    assert!(far.unwrap().upstream.contains(&state));
}

#[test]
fn second_rule_that_does_not_exist_refuses() {
    let gate = gate(&json!({}));
    let client = Client {
        headers: &[],
        address: "10.0.0.1",
    };
    let near = pass(&gate, client, None, None, [1; 20]).unwrap();
    let far = pass(
        &gate,
        client,
        Some("none"),
        near.continuation.as_ref(),
        [2; 20],
    );
    assert!(matches!(far, Err(Rejection::Config)));
}
