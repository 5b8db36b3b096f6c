//! Requests that have ended before they are judged.

use super::{OPIK, get, metric, world};

#[test]
fn late_rejection_is_counted() {
    let document = OPIK.replacen('{', r#"{"rule": {"missing": "reject"}, "#, 1);
    let mut world = world(&document);
    world.refill();
    let stream = world.gateway.admit_late(None, &get(&[]), world.now);
    assert!(stream.is_none());
    assert_eq!(metric(&world.gateway, "requests.decision.rejected"), 1);
    assert_eq!(metric(&world.gateway, "rejects.reason.missing"), 1);
}

#[test]
fn late_request_is_recorded() {
    let mut world = world(OPIK);
    world.refill();
    let stream = world.gateway.admit_late(None, &get(&[]), world.now);
    assert!(stream.unwrap().is_recorded());
    assert_eq!(metric(&world.gateway, "requests.decision.minted"), 1);
}
