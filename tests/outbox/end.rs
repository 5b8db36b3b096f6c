//! The end of a host, and what must never be seen.

use gatespan::Availability;
use gatespan::outbox::{Dropped, Outcome};

use super::stage::{ACCEPTING, OPIK, Stage, asks, calls, status};

#[test]
fn a_host_that_goes_need_not_wait_for_a_batch_to_fill() {
    let mut stage = Stage::new("{}");
    let late = stage.open("late", &[]).unwrap();
    stage.mint(2);
    assert_eq!(stage.poll(), None);
    stage.leave();
    assert!(stage.wake_at() <= Some(stage.now));
    assert!(!stage.is_done());
    stage.drain();
    assert_eq!(stage.counters().exported, 2);
    assert!(stage.is_done());
    // Nobody comes after it who would fill a batch.
    stage.close(late);
    assert!(stage.wake_at() <= Some(stage.now) && !stage.is_done());
    stage.drain();
    assert!(stage.is_done());
}

#[test]
fn a_host_that_goes_delivers_every_batch_and_waits_for_each_call() {
    let mut stage = Stage::new(r#"{"batch_spans": 2, "timeout_ms": 1000}"#);
    stage.mint(9);
    stage.leave();
    // Ten calls, each of which takes nearly all the time that it may.
    for _ in 0..10 {
        let sent = stage.sent();
        stage.wait(999);
        assert!(!stage.is_done());
        stage.answer(&sent, 204);
    }
    assert!(stage.is_done());
    assert_eq!(stage.counters().exported, 9);
}

#[test]
fn a_host_that_goes_tries_again_at_once_and_soon_again() {
    let mut stage = Stage::new(r#"{"batch_spans": 1, "attempts": 20}"#);
    stage.joined("0");
    // The pauses have grown to half a minute.
    for _ in 0..10 {
        let sent = stage.next();
        stage.answer(&sent, 503);
    }
    assert_eq!(stage.poll(), None);
    stage.leave();
    let first = stage.sent();
    stage.answer(&first, 503);
    assert!(!stage.is_done());
    stage.wait(500);
    let second = stage.sent();
    stage.answer(&second, 204);
    assert!(stage.is_done());
    assert_eq!(stage.counters().exported, 1);
}

#[test]
fn a_host_that_goes_does_not_shorten_a_pause_that_was_asked_for() {
    for (asked, is_done) in [(&b"1"[..], false), (b"60", true)] {
        let mut stage = Stage::new(r#"{"batch_spans": 1, "timeout_ms": 1000}"#);
        stage.joined("0");
        let sent = stage.sent();
        stage.settle(sent.id, asks(429, &[(b"retry-after", asked)]));
        stage.leave();
        assert_eq!(stage.poll(), None);
        // A pause that outlasts it is not waited for.
        assert_eq!(stage.is_done(), is_done, "{asked:?}");
    }
}

/// How a backend is that takes nothing: what comes of each call, and after how many milliseconds.
const DEAD: [(Outcome, u64); 4] = [
    (Outcome::Lost, 1_000),
    (Outcome::Lost, 0),
    (status(503), 10),
    (status(401), 10),
];

#[test]
fn no_host_stays_for_ever() {
    for (outcome, millis) in DEAD {
        let mut stage = Stage::new(r#"{"batch_spans": 1, "timeout_ms": 1000, "attempts": 20}"#);
        (0..100).for_each(|index| stage.joined(&index.to_string()));
        let left_at = stage.now;
        stage.leave();
        let mut calls = 0;
        while !stage.is_done() {
            if let Some(sent) = stage.poll() {
                stage.wait(millis);
                stage.settle(sent.id, outcome);
                calls += 1;
            } else {
                stage.wait(10);
            }
        }
        let stayed = (stage.now.0 - left_at.0) / 1_000_000;
        assert!(stayed <= 4_000, "{outcome:?}: {stayed} ms");
        assert!(
            calls >= if outcome == status(401) { 1 } else { 2 },
            "{outcome:?}: {calls}"
        );
        assert_eq!(stage.gateway.shut(), 100);
    }
}

#[test]
fn a_call_under_way_is_awaited_though_the_time_is_over() {
    let mut stage = Stage::new(r#"{"batch_spans": 1, "timeout_ms": 1000, "backoff_ms": 10}"#);
    stage.joined("0");
    stage.leave();
    let early = stage.sent();
    stage.wait(2_900);
    stage.answer(&early, 503);
    let late = stage.next();
    stage.wait(999);
    assert!(!stage.is_done());
    stage.answer(&late, 204);
    assert_eq!(stage.counters().exported, 1);
}

#[test]
fn a_host_that_goes_waits_for_the_backend_that_works_and_for_no_other() {
    let second = OPIK.replacen('{', r#"{"name": "second", "#, 1);
    let mut stage = Stage::of(&format!(
        r#"{{"backends": [{OPIK}, {second}], "export": {{"batch_spans": 1, "timeout_ms": 1000}}}}"#
    ));
    (0..20).for_each(|index| stage.joined(&index.to_string()));
    stage.leave();
    while !stage.is_done() {
        match stage.poll() {
            Some(sent) if sent.backend == 0 => stage.answer(&sent, 503),
            Some(sent) => {
                stage.wait(900);
                stage.answer(&sent, 204);
            }
            None => stage.wait(10),
        }
    }
    let exported: Vec<_> = stage.gateway.counters().map(|of| of.exported).collect();
    assert_eq!(exported, [0, 20]);
}

#[test]
fn what_is_left_when_the_host_ends_is_dropped_and_counted() {
    let mut stage = Stage::new(r#"{"batch_spans": 2}"#);
    let open = stage.open("late", &[]).unwrap();
    stage.mint(5);
    let in_flight = stage.sent();
    assert_eq!(stage.gateway.shut(), 5);
    let counters = stage.counters();
    assert_eq!((counters.queued, counters.queued_bytes), (0, 0));
    assert_eq!(stage.dropped(Dropped::Shutdown), 5);
    assert_eq!(
        counters.calls,
        calls(0, 0, 0, 1),
        "every call has an outcome"
    );
    assert_eq!(stage.poll(), None);
    assert_eq!(stage.wake_at(), None);

    stage.answer(&in_flight, 204);
    assert_eq!(stage.counters(), counters, "too late");
    assert_eq!(stage.availability(), Availability::Stopped);
    stage.close(open);
    assert_eq!(stage.dropped(Dropped::Shutdown), 6, "a straggler");
    assert_eq!(stage.gateway.shut(), 0);
}

#[test]
fn a_drained_outbox_has_nothing_to_drop() {
    let mut stage = Stage::new("{}");
    stage.mint(3);
    stage.leave();
    stage.drain();
    assert_eq!(stage.gateway.shut(), 0);
    assert_eq!(stage.counters().exported, 3);
}

#[test]
fn no_secret_is_printed() {
    let mut stage = Stage::new(r#"{"batch_spans": 1}"#);
    stage.joined("0");
    let outbox = format!("{:?}", stage.gateway);
    let dispatch = stage.call().unwrap();
    let sent: Vec<_> = dispatch.headers().collect();
    assert_eq!(sent, [("authorization", "hunter2")]);
    assert_eq!(dispatch.content_type, "application/json");
    assert!(!format!("{outbox}{dispatch:?}").contains("hunter2"));
}

#[test]
fn without_a_backend_nothing_is_wrong() {
    let mut stage = Stage::of("{}");
    assert_ne!(stage.availability(), ACCEPTING);
    assert!(matches!(stage.availability(), Availability::Accepting(_)));
    assert_eq!(stage.poll(), None);
    assert_eq!(stage.gateway.shut(), 0);
}
