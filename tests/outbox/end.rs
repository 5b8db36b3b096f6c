//! The end of a host, and what must never be seen.

use gatespan::Export;
use gatespan::outbox::Dropped;

use super::stage::{ACCEPTING, Stage};

#[test]
fn a_host_in_a_hurry_need_not_wait_for_a_batch_to_fill() {
    let mut stage = Stage::new("{}");
    stage.mint(2);
    assert_eq!(stage.poll(), None);
    stage.outbox.hurry();
    assert!(stage.outbox.wake_at() <= Some(stage.now));
    stage.drain();
    assert_eq!(stage.counters().exported, 2);
    // It is not in a hurry for ever: batches are worth something.
    stage.minted("2");
    assert_eq!(stage.poll(), None);
}

#[test]
fn a_hurry_does_not_shorten_a_pause() {
    let mut stage = Stage::new(r#"{"batch_spans": 1}"#);
    stage.joined("0");
    let sent = stage.sent();
    stage.answer(&sent, 429);
    stage.outbox.hurry();
    assert_eq!(stage.poll(), None);
}

#[test]
fn what_is_left_when_the_host_ends_is_dropped_and_counted() {
    let mut stage = Stage::new(r#"{"batch_spans": 2}"#);
    let open = stage.open("late", &[]).unwrap();
    stage.mint(5);
    let in_flight = stage.sent();
    assert_eq!(stage.outbox.shut(), 5);
    let counters = stage.counters();
    assert_eq!((counters.queued, counters.queued_bytes), (0, 0));
    assert_eq!(stage.dropped(Dropped::Shutdown), 5);
    assert_eq!(counters.calls, [0, 0, 0, 1], "every call has an outcome");
    assert_eq!(stage.poll(), None);
    assert_eq!(stage.outbox.wake_at(), None);

    stage.answer(&in_flight, 204);
    assert_eq!(stage.counters(), counters, "too late");
    assert_eq!(stage.export(), Export::Stopped);
    stage.close(open);
    assert_eq!(stage.dropped(Dropped::Shutdown), 6, "a straggler");
    assert_eq!(stage.outbox.shut(), 0);
}

#[test]
fn a_drained_outbox_has_nothing_to_drop() {
    let mut stage = Stage::new("{}");
    stage.mint(3);
    stage.outbox.hurry();
    stage.drain();
    assert_eq!(stage.outbox.shut(), 0);
    assert_eq!(stage.counters().exported, 3);
}

#[test]
fn no_secret_is_printed() {
    let mut stage = Stage::new(r#"{"batch_spans": 1}"#);
    stage.joined("0");
    let outbox = format!("{:?}", stage.outbox);
    let dispatch = stage.outbox.poll(stage.now).unwrap();
    let sent: Vec<_> = dispatch.headers().collect();
    assert_eq!(sent, [("authorization", "hunter2")]);
    assert_eq!(dispatch.content_type, "application/json");
    assert!(!format!("{outbox}{dispatch:?}").contains("hunter2"));
}

#[test]
fn without_a_backend_nothing_is_wrong() {
    let mut stage = Stage::of("{}");
    assert_ne!(stage.export(), ACCEPTING);
    assert!(matches!(stage.export(), Export::Accepting(_)));
    assert_eq!(stage.poll(), None);
    assert_eq!(stage.outbox.shut(), 0);
}
