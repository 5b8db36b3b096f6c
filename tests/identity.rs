//! The laws of identity as properties: whatever comes in, under whatever configuration, they hold.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::std_instead_of_alloc,
    missing_docs,
    unreachable_pub,
    reason = "a test says what is wrong by panicking"
)]

#[path = "identity/again.rs"]
mod again;
#[path = "laws/apply.rs"]
mod apply;
#[path = "identity/bounds.rs"]
mod bounds;
#[path = "identity/caller.rs"]
mod caller;
#[path = "identity/message.rs"]
mod message;
#[path = "identity/message_held.rs"]
mod message_held;

use apply::Owned;
use caller::{caller, consistent_caller};
use gatespan::Peer;
use gatespan::config::Host;
use gatespan::format::Spelling;
use gatespan::format::{FORMATS, Seen, System};
use gatespan::{
    Availability, Config, End, EndKind, Gate, Headers, Ids, OpikId, OwnIds, Request, Sampling,
    Time, TraceRow,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const NOW: Time = Time::from_millis(1_772_446_530_125);

/// What a gateway made of a request.
#[derive(Debug)]
struct Outcome {
    upstream: Owned,
    own: Option<OwnIds>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Law 6: inside each system the outgoing families always agree, with one sampling state, and none is malformed.
    #[test]
    fn outgoing_families_agree(caller in caller(), document in document(), entropy: [u8; 20]) {
        let Some(outcome) = pass(&document, &caller.headers(), NOW, entropy) else { return Ok(()) };
        let found = read(&outcome.upstream);
        for system in [System::Opik, System::Otel] {
            let mut said = found.iter().filter(|(owner, ..)| *owner == system);
            if let Some((_, first, sampling)) = said.next() {
                for (_, ids, other) in said {
                    prop_assert_eq!((ids, other), (first, sampling), "{:?}", outcome.upstream);
                }
            }
        }
    }

    /// Law 7c: without recording, the ids that are valid leave unchanged, and so does a decision.
    #[test]
    fn unrecorded_ids_leave_unchanged(caller in consistent_caller(), mut document in document(), entropy: [u8; 20]) {
        document["rule"] = json!({ "record": false });
        let came = caller.headers();
        let outcome = pass(&document, &came, NOW, entropy).unwrap();
        prop_assert!(outcome.own.is_none());
        let left = read(&outcome.upstream);
        for (system, ids, _) in extracted(&document, &came) {
            let kept = left.iter().filter(|(owner, ..)| *owner == system).all(|(_, left, _)| *left == ids);
            prop_assert!(kept, "{:?} became {:?}", came, outcome.upstream);
            prop_assert!(left.iter().any(|(owner, ..)| *owner == system), "{:?} is gone", ids);
        }
        let decided = decision(&document, &came);
        for (system, _, sampling) in left {
            // A decision that was left open may have to be made for a format that cannot leave it open; this rule keeps all.
            let fits = match decided {
                Some(sampled) => sampling.decided() == Some(sampled),
                None => sampling != Sampling::Deny,
            };
            prop_assert!(fits || system == System::Opik, "{:?}: {:?} became {:?}", decided, came, outcome.upstream);
        }
    }

    /// Law 7a: our span is the parent where it arrives; a system that it does not reach keeps its own.
    #[test]
    fn only_a_receiving_system_gets_a_new_parent(caller in consistent_caller(), document in document(), entropy: [u8; 20]) {
        let came = caller.headers();
        let outcome = pass(&document, &came, NOW, entropy).unwrap();
        let inbound = extracted(&document, &came);
        for (system, ids, _) in read(&outcome.upstream) {
            let before = inbound.iter().find(|(owner, ..)| *owner == system).map(|(_, ids, _)| *ids);
            let own = outcome.own;
            match (ids, own) {
                (Ids::Opik(ids), Some(OwnIds { id, opik: Some(_), .. })) => prop_assert_eq!(ids.parent, Some(id)),
                (Ids::Otel(ids), Some(OwnIds { id, otel: Some(_), .. })) => prop_assert_eq!(ids.span, id.as_span()),
                (Ids::Opik(_), _) => prop_assert_eq!(Some(ids), before, "Opik ids are never made up"),
                (Ids::Otel(_), Some(_)) => prop_assert!(before.is_none_or(|before| before == ids)),
                (Ids::Otel(_) | Ids::None, _) => {}
            }
        }
    }

    /// Law 9: two gateways in a chain never write the row of a trace twice.
    #[test]
    fn a_chain_writes_one_row(caller in consistent_caller(), mut document in document(), first: [u8; 20], second: [u8; 20]) {
        // Gateways of one chain read what they write.
        document["formats"]["extract"] = json!(["w3c", "opik"]);
        document["formats"]["inject"] = json!(["opik", "w3c"]);
        let near = pass(&document, &caller.headers(), NOW, first).unwrap();
        let far = pass(&document, &near.upstream, Time(NOW.0 + 5_000_000), second).unwrap();
        let rows = [&near, &far].into_iter().filter_map(|outcome| outcome.own?.opik);
        prop_assert!(rows.filter(|place| place.row != TraceRow::NotOurs).count() <= 1);
        if let (Some(near), Some(far)) = (near.own.and_then(|own| Some((own.id, own.opik?))), far.own.and_then(|own| own.opik)) {
            prop_assert_eq!((near.1.trace, Some(near.0)), (far.trace, far.parent), "the second span hangs under the first");
        }
    }

    /// Without Opik headers between them, a second row is one that the first wins over (law 3a).
    #[test]
    fn a_chain_without_opik_headers_never_wipes(mut document in document(), first: [u8; 20], second: [u8; 20]) {
        document["formats"]["extract"] = json!(["w3c"]);
        document["formats"]["inject"] = json!(["w3c"]);
        let near = pass(&document, &[], NOW, first).unwrap();
        let far = pass(&document, &near.upstream, Time(NOW.0 + 5_000_000), second).unwrap();
        if let (Some(near), Some(far)) = (near.own.and_then(|own| own.opik), far.own.and_then(|own| own.opik)) {
            prop_assert_eq!(near.trace, far.trace);
            prop_assert_eq!(far.row, TraceRow::OursAt(Time::from_millis(near.trace.millis())));
        }
    }

    /// Law 15: nothing of an untrusted caller's ids appears upstream.
    #[test]
    fn a_strangers_ids_go_nowhere(
        caller in caller(),
        mut document in document(),
        id_action in prop::sample::select(vec!["link", "restart"]),
        entropy: [u8; 20],
    ) {
        document["rule"] = json!({ "trust": { "cidr": ["192.0.2.0/24"] }, "untrusted": id_action });
        let outcome = pass(&document, &caller.headers(), NOW, entropy).unwrap();
        for (name, value) in &outcome.upstream {
            let value = String::from_utf8_lossy(value).to_ascii_lowercase().replace('-', "");
            for id in caller.ids() {
                prop_assert!(!value.contains(&id), "{} still holds {}", String::from_utf8_lossy(name), id);
            }
        }
    }

    /// Law 16: stripped, no known trace header is left.
    #[test]
    fn stripped_is_stripped(caller in caller(), mut document in document(), entropy: [u8; 20]) {
        document["rule"] = json!({ "upstream": "strip" });
        let outcome = pass(&document, &caller.headers(), NOW, entropy).unwrap();
        let names: Vec<String> = outcome.upstream.iter().map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect();
        prop_assert!(names.iter().all(|name| name == "baggage" || name == "accept"), "{:?}", names);
        prop_assert!(read(&outcome.upstream).is_empty());
    }
}

/// Admits; none when refused. Every outgoing header is checked on the way.
fn pass(
    document: &Value,
    came: &[(Vec<u8>, Vec<u8>)],
    now: Time,
    entropy: [u8; 20],
) -> Option<Outcome> {
    let gate = Gate::new(config(document));
    let pairs: Vec<(&[u8], &[u8])> = came
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
            address: "10.0.0.1".parse().ok(),
            ..Peer::default()
        },
        route: None,
        rule: None,
        continues: None,
        has_body: false,
    };
    let export = Availability::Accepting(gate.config().receives());
    let Ok(pass) = gate.decide(&request, None, export, now, || Some(entropy)) else {
        return None;
    };
    let upstream = apply::apply(came, &pass.edits);
    let end = End {
        status: None,
        grpc_status: None,
        kind: EndKind::Complete,
        request_bytes: None,
        response_bytes: None,
    };
    let own = pass.span.map(|open| gate.close(open, end, now).own());
    Some(Outcome { upstream, own })
}

/// The ids that every format finds, after checking that none finds a fault.
fn read(headers: &[(Vec<u8>, Vec<u8>)]) -> Vec<(System, Ids, Sampling)> {
    let pairs: Vec<(&[u8], &[u8])> = headers
        .iter()
        .map(|(n, v)| (n.as_slice(), v.as_slice()))
        .collect();
    let seen = Seen::sift(
        Headers::new(&pairs),
        Spelling::Both,
        Time(NOW.0 + 1_000_000_000),
    );
    let found = FORMATS.iter().filter_map(|format| {
        let carried = format
            .extract(&seen)
            .unwrap_or_else(|fault| panic!("{fault} in {headers:?}"))?;
        // W3C has no word for debug.
        let sampling = if carried.sampling == Sampling::Debug {
            Sampling::Accept
        } else {
            carried.sampling
        };
        (carried.ids != Ids::None).then_some((format.system, carried.ids, sampling))
    });
    found.collect()
}

/// The believed ids of a caller that does not contradict itself.
fn extracted(document: &Value, came: &[(Vec<u8>, Vec<u8>)]) -> Vec<(System, Ids, Sampling)> {
    let believed = config(document).formats.extract;
    let pairs: Vec<(&[u8], &[u8])> = came
        .iter()
        .map(|(n, v)| (n.as_slice(), v.as_slice()))
        .collect();
    let seen = Seen::sift(Headers::new(&pairs), Spelling::Both, NOW);
    let mut found: Vec<(System, Ids, Sampling)> = Vec::new();
    for format in believed {
        let Ok(Some(carried)) = format.extract(&seen) else {
            continue;
        };
        let is_first = !found.iter().any(|(system, ..)| *system == format.system);
        if carried.ids != Ids::None && is_first {
            found.push((format.system, carried.ids, carried.sampling));
        }
    }
    found
}

/// What a caller that does not contradict itself has decided: in a format that is believed, or by a deny in any.
fn decision(document: &Value, came: &[(Vec<u8>, Vec<u8>)]) -> Option<bool> {
    let believed = config(document).formats.extract;
    let pairs: Vec<(&[u8], &[u8])> = came
        .iter()
        .map(|(n, v)| (n.as_slice(), v.as_slice()))
        .collect();
    let seen = Seen::sift(Headers::new(&pairs), Spelling::Both, NOW);
    let said = FORMATS
        .iter()
        .filter(|format| format.system == System::Otel);
    said.filter_map(|format| Some((format, format.extract(&seen).ok()??.sampling.decided()?)))
        .find(|(format, sampled)| !sampled || believed.contains(format))
        .map(|(_, sampled)| sampled)
}

fn config(document: &Value) -> Config {
    Config::parse(&document.to_string(), Host::Envoy, &|_| None)
        .unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// Any formats, any backends, any rule that lets requests through.
fn document() -> impl Strategy<Value = Value> {
    let names = || {
        let all: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
        let count = all.len();
        prop::sample::subsequence(all, 1..=count).prop_shuffle()
    };
    let backends = prop::sample::subsequence(vec!["opik", "otlp"], 0..=2);
    let rule = (0.0..=1.0, prop::bool::ANY, prop::sample::select(vec!["mint", "pass"])).prop_map(
        |(sample, record, missing)| json!({ "sample": sample, "record": record, "missing": missing }),
    );
    let spelling = prop::sample::select(vec!["underscore", "dash", "both"]);
    (names(), names(), backends, rule, spelling).prop_map(
        |(extract, inject, backends, rule, spelling)| {
            let backend =
                |kind| json!({ "kind": kind, "url": "http://backend.test", "cluster": kind });
            let mut document = json!({
                "formats": { "extract": extract, "inject": inject, "opik_spelling": spelling },
                "rule": rule,
            });
            if !backends.is_empty() {
                document["backends"] = backends.into_iter().map(backend).collect();
            }
            document
        },
    )
}

/// Used by the callers' table: an Opik id of a while ago.
pub fn opik_id(random: [u8; 10]) -> OpikId {
    OpikId::mint(Time::from_millis(NOW.millis() - 60_000), random)
}
