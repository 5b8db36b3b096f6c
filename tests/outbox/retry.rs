//! What happens when a call fails that may succeed later.

use gatespan::Pair;
use gatespan::outbox::{CallOutcome, Dropped, Outcome};

use super::stage::{ROWS, SPANS, START, Stage, asks, calls, status};

#[test]
fn a_body_stays_the_same_until_it_is_accepted() {
    let outcomes = [408, 425, 429, 500, 502, 503, 504, 599].map(status);
    for outcome in outcomes.into_iter().chain([Outcome::Lost]) {
        let mut stage = Stage::new(r#"{"batch_spans": 2}"#);
        stage.mint(2);
        let first = stage.sent();
        stage.settle(first.id, outcome);
        // What comes later stands in another batch.
        stage.mint(2);
        let second = stage.next();
        assert_eq!(
            (second.path, &second.body),
            (first.path, &first.body),
            "{outcome:?}"
        );
        assert_ne!(first.id, second.id);
        stage.answer(&second, 200);
        stage.drain();
        let counters = stage.counters();
        assert_eq!((counters.exported, counters.queued), (4, 0));
        assert_eq!(counters.calls, calls(4, 1, 0, 0), "{outcome:?}");
    }
}

#[test]
fn rows_that_were_accepted_are_not_repeated_when_the_spans_fail() {
    let mut stage = Stage::new(r#"{"batch_spans": 2}"#);
    stage.mint(2);
    let rows = stage.sent();
    stage.answer(&rows, 204);
    let spans = stage.sent();
    stage.answer(&spans, 503);
    let again = stage.next();
    assert_eq!((rows.path, again.path), (ROWS, SPANS));
    assert_eq!(again.body, spans.body);
    assert_eq!(stage.counters().queued, 2, "a unit is row and span");
}

#[test]
fn pauses_double_up_to_the_longest_and_are_jittered() {
    let mut stage = Stage::new(
        r#"{"batch_spans": 1, "backoff_ms": 400, "backoff_max_ms": 3000, "attempts": 100}"#,
    );
    stage.joined("0");
    let mut pauses = Vec::new();
    let mut sent = stage.sent();
    for _ in 0..60 {
        let before = stage.now;
        stage.answer(&sent, 503);
        sent = stage.next();
        pauses.push((stage.now.0 - before.0) / 1_000_000);
    }
    let longest = [400, 800, 1_600].into_iter().chain([3_000].repeat(57));
    for (pause, longest) in pauses.iter().zip(longest) {
        assert!((longest / 2..=longest).contains(pause), "{pauses:?}");
    }
    pauses.sort_unstable();
    pauses.dedup();
    assert!(pauses.len() > 40, "gateways must not return at once");
}

#[test]
fn an_outage_is_one_outage_for_all_batches() {
    let export = r#"{"batch_spans": 1, "backoff_ms": 400, "backoff_max_ms": 30000, "attempts": 4}"#;
    let mut stage = Stage::new(export);
    stage.joined("0");
    stage.joined("1");
    for _ in 0..4 {
        let sent = stage.next();
        stage.answer(&sent, 500);
    }
    assert_eq!(stage.dropped(Dropped::GaveUp), 1);
    let before = stage.now;
    let next = stage.next();
    assert_eq!(next.names(), ["1"]);
    assert!(stage.now.0 - before.0 >= 1_600 * 1_000_000);
    // An answer as it should be ends it.
    stage.answer(&next, 204);
    stage.joined("2");
    let sent = stage.sent();
    stage.answer(&sent, 500);
    let before = stage.now;
    stage.next();
    assert!(stage.now.0 - before.0 <= 400 * 1_000_000);
}

/// Headers of a response, and the seconds for which the backend is left alone; none where it asks for nothing. The time is
/// that of [`START`], 2026-03-02 10:15:30.
#[rustfmt::skip]
const PAUSES: [(&[Pair<'static>], Option<u64>); 18] = [
    (&[], None),
    (&[(RETRY, b"0")], Some(0)),
    (&[(RETRY, b"7")], Some(7)),
    (&[(RETRY, b" 7 ")], Some(7)),
    (&[(RETRY, b"86400")], Some(300)),
    (&[(RETRY, b"4294967303")], Some(300)),
    (&[(RETRY, b"99999999999999999999999999")], Some(300)),
    (&[(RETRY, b"")], None),
    (&[(RETRY, b"-7")], None),
    (&[(RETRY, b"soon")], None),
    (&[(RETRY, b"Mon, 02 Mar 2026 10:15:37 GMT")], Some(7)),
    (&[(RETRY, b"Fri, 31 Dec 9999 23:59:59 GMT")], Some(300)),
    (&[(RETRY, b"Mon, 02 Mar 2026 10:15:30 GMT")], None),
    (&[(RETRY, b"Sun, 06 Nov 1994 08:49:37 GMT")], None),
    (&[(RETRY, b"Sun, 06 Nov 1994 08:49:44 GMT"), (DATE, b"Sun, 06 Nov 1994 08:49:37 GMT")], Some(7)),
    (&[(RETRY, b"Mon, 02 Mar 2026 10:15:37 GMT"), (DATE, b"yesterday")], Some(7)),
    (&[(RETRY, b"9"), (b"ratelimit-reset", b"7")], Some(7)),
    (&[(RETRY, b"Mon, 02 Mar 2026 10:15:37 GMT"), (b"ratelimit-reset", b"later")], Some(7)),
];

const RETRY: &[u8] = b"retry-after";
const DATE: &[u8] = b"date";

#[test]
fn a_backend_is_left_alone_as_long_as_it_asks_but_not_for_ever() {
    for (headers, seconds) in PAUSES {
        for code in [429, 503] {
            let mut stage = Stage::new(r#"{"batch_spans": 1}"#);
            stage.joined("0");
            let sent = stage.sent();
            stage.settle(sent.id, asks(code, headers));
            stage.next();
            let pause = (stage.now.0 - START.0) / 1_000_000;
            // The first pause of its own is added to the one that was asked for.
            let asked = seconds.unwrap_or_default() * 1_000;
            let wanted = asked + 250..=asked + 500;
            assert!(wanted.contains(&pause), "{headers:?}, {pause}");
        }
    }
}

/// A date that is over asks for nothing: the pauses grow as they do for a backend that says nothing.
#[test]
fn pauses_grow_while_a_backend_asks_for_what_is_over() {
    let over: &[Pair<'_>] = &[(RETRY, b"Sun, 06 Nov 1994 08:49:37 GMT")];
    let mut stage = Stage::new(r#"{"batch_spans": 1}"#);
    stage.joined("0");
    let mut sent = stage.sent();
    for most in [500, 1_000, 2_000, 4_000] {
        let before = stage.now;
        stage.settle(sent.id, asks(503, over));
        sent = stage.next();
        let pause = (stage.now.0 - before.0) / 1_000_000;
        assert!((most / 2..=most).contains(&pause), "{pause} of {most}");
    }
}

#[test]
fn a_batch_is_given_up_after_its_tries_and_counted() {
    let mut stage = Stage::new(r#"{"batch_spans": 3, "attempts": 6}"#);
    stage.mint(3);
    let first = stage.sent();
    stage.answer(&first, 500);
    for _ in 0..5 {
        let sent = stage.next();
        assert_eq!(sent.body, first.body);
        stage.settle(sent.id, Outcome::Lost);
    }
    assert_eq!(stage.wake_at(), None, "nothing is left");
    let counters = stage.counters();
    assert_eq!((stage.dropped(Dropped::GaveUp), counters.queued), (3, 0));
    assert_eq!(counters.calls, calls(0, 5, 0, 1));
}

#[test]
fn each_call_of_a_batch_has_its_own_tries() {
    let mut stage = Stage::new(r#"{"batch_spans": 1, "attempts": 3}"#);
    stage.minted("0");
    for code in [500, 500, 204, 500, 500, 204] {
        let sent = stage.next();
        stage.answer(&sent, code);
    }
    assert_eq!(stage.counters().exported, 1);
}

#[test]
fn a_call_that_the_host_forgot_is_lost_after_twice_its_time_limit() {
    let mut stage = Stage::new(r#"{"batch_spans": 1, "timeout_ms": 5000}"#);
    stage.joined("0");
    let forgotten = stage.sent();
    stage.wait(9_999);
    assert_eq!(stage.poll(), None);
    assert_eq!(stage.counters().calls, calls(0, 0, 0, 0));
    stage.wait(1);
    assert_eq!(stage.poll(), None, "a pause first");
    assert_eq!(stage.counters().calls.of(CallOutcome::Retry), 1);
    assert_eq!(stage.next().body, forgotten.body);
}

#[test]
fn an_outcome_that_nobody_waits_for_is_ignored() {
    let mut stage = Stage::new(r#"{"batch_spans": 1, "timeout_ms": 1000}"#);
    stage.joined("0");
    let late = stage.sent();
    stage.wait(2_000);
    stage.poll();
    let again = stage.next();
    // The first one comes to its end after all, while the second is under way.
    stage.answer(&late, 204);
    assert_eq!((stage.counters().exported, stage.counters().queued), (0, 1));
    stage.answer(&again, 204);
    let settled = stage.counters();
    // A host that says it twice, or that has nothing of ours.
    stage.answer(&again, 204);
    stage.answer(&again, 400);
    let mut other = Stage::new(r#"{"batch_spans": 1}"#);
    other.answer(&again, 204);
    assert_eq!(stage.counters(), settled);
    assert_eq!(settled.exported, 1);
}

#[test]
fn there_already_is_stored_when_it_was_sent_before() {
    for first in [status(503), Outcome::Lost] {
        let mut stage = Stage::new(r#"{"batch_spans": 2}"#);
        stage.joined("0");
        stage.joined("1");
        let sent = stage.sent();
        stage.settle(sent.id, first);
        let again = stage.next();
        stage.answer(&again, 409);
        assert_eq!((stage.counters().exported, stage.counters().queued), (2, 0));
        assert_eq!(stage.counters().calls, calls(1, 1, 0, 0));
    }
}

#[test]
fn there_already_is_a_refusal_when_it_was_never_sent() {
    let mut stage = Stage::new(r#"{"batch_spans": 2}"#);
    stage.joined("0");
    stage.joined("1");
    for code in [409, 409, 204] {
        let sent = stage.sent();
        stage.answer(&sent, code);
    }
    assert_eq!(stage.dropped(Dropped::Refused), 1);
    assert_eq!(stage.counters().exported, 1);
}

#[test]
fn halves_of_what_was_sent_before_may_be_there_already_as_well() {
    let mut stage = Stage::new(r#"{"batch_spans": 2}"#);
    stage.joined("0");
    stage.joined("1");
    for code in [503, 400, 409, 409] {
        let sent = stage.next();
        stage.answer(&sent, code);
    }
    assert_eq!(stage.counters().exported, 2);
}
