//! Random bytes are used once. Without them nothing is minted or recorded.

use std::collections::BTreeSet;

use gatespan::{Decision, Edit, Edits, Unrecorded};

use super::{OPIK, TRACEPARENT, get, metric, world};

fn sets(edits: &Edits<'_>) -> Vec<&'static str> {
    let set = |edit: &Edit<'_>| match edit {
        Edit::Set(name, _) => Some(*name),
        Edit::Remove(_) => None,
    };
    edits.as_slice().iter().filter_map(set).collect()
}

#[test]
fn without_random_bytes_nothing_is_minted_or_recorded() {
    let mut world = world(OPIK);
    let forward = world.forward(&get(&[]));
    assert_eq!(forward.edits.as_slice(), []);
    assert_eq!(forward.decision, Decision::Passed);
    assert_eq!(forward.unrecorded, Some(Unrecorded::NoEntropy));
    assert!(!forward.stream.is_recorded());
    assert_eq!(
        metric(&world.gateway, "requests.unrecorded.reason.no_entropy"),
        1
    );
    assert_eq!(metric(&world.gateway, "requests.decision.passed"), 1);
    assert_eq!(metric(&world.gateway, "spans.recorded"), 0);
}

#[test]
fn without_random_bytes_received_ids_are_forwarded_unchanged() {
    let mut world = world(OPIK);
    let headers = [TRACEPARENT];
    let forward = world.forward(&get(&headers));
    assert_eq!(forward.edits.as_slice(), []);
    assert_eq!(forward.decision, Decision::Joined);
    assert_eq!(forward.unrecorded, Some(Unrecorded::NoEntropy));
}

#[test]
fn without_random_bytes_ids_of_untrusted_clients_are_removed() {
    for untrusted in ["link", "restart"] {
        let document = OPIK.replacen(
            '{',
            &format!(r#"{{"rule": {{"inbound": "{untrusted}"}}, "#),
            1,
        );
        let mut world = world(&document);
        let headers = [TRACEPARENT];
        let forward = world.forward(&get(&headers));
        assert_eq!(
            forward.edits.as_slice(),
            [Edit::Remove(b"traceparent".as_slice())],
            "{untrusted}"
        );
        assert_eq!(forward.unrecorded, Some(Unrecorded::NoEntropy));
    }
}

#[test]
fn without_random_bytes_a_rejection_is_still_a_rejection() {
    let document = OPIK.replacen('{', r#"{"rule": {"missing": "reject"}, "#, 1);
    let mut world = world(&document);
    let admission = world.gateway.admit(&get(&[]), world.now);
    assert!(matches!(admission, gatespan::Admission::Reject(_)));
}

#[test]
fn rule_without_recording_keeps_its_reason_where_ids_were_received() {
    let document = r#"{"rule": {"record": false}}"#;
    for (headers, reason) in [
        ([TRACEPARENT].as_slice(), Unrecorded::Rule),
        (&[], Unrecorded::NoEntropy),
    ] {
        let mut world = world(document);
        let forward = world.forward(&get(headers));
        assert_eq!(forward.unrecorded, Some(reason));
        assert_eq!(sets(&forward.edits), Vec::<&str>::new());
    }
}

#[test]
fn ids_are_new_whatever_the_random_source_does() {
    let mut world = world(OPIK);
    let mut ids = BTreeSet::new();
    let mut recorded = 0;
    for round in 0..40_u8 {
        // A source fails, or claims success and writes nothing, or works.
        world
            .gateway
            .refill(60, world.now, |bytes| match round % 4 {
                0 => false,
                1 => true,
                _ => {
                    for (index, byte) in (0..).zip(bytes) {
                        *byte = round.wrapping_mul(61).wrapping_add(index);
                    }
                    true
                }
            });
        for _ in 0..5 {
            let stream = world.forward(&get(&[])).stream;
            if let Some(own) = stream.own() {
                assert!(ids.insert(own.id.bits()), "round {round}");
                recorded += 1;
            }
            world.gateway.abandon(stream);
        }
        assert!(world.gateway.wants_entropy());
    }
    assert_eq!(recorded, 20 * 3, "three requests have 60 bytes");
}

#[test]
fn host_is_asked_once_a_second_while_it_has_no_random_bytes() {
    let mut world = world(OPIK);
    assert!(world.gateway.lacks_entropy(world.now));
    world.gateway.refill(1_024, world.now, |_| false);
    world.wait(999);
    assert!(!world.gateway.lacks_entropy(world.now));
    world.wait(1);
    assert!(world.gateway.lacks_entropy(world.now));
    world.gateway.refill(1_024, world.now, |bytes| {
        bytes.fill(7);
        true
    });
    assert!(!world.gateway.lacks_entropy(world.now) && !world.gateway.wants_entropy());
}
