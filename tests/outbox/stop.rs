//! A backend that refuses everything: a key, a right, a quota, an address.

use gatespan::Availability;
use gatespan::outbox::{CallOutcome, Dropped};

use super::stage::{ACCEPTING, OPIK, SPANS, Stage, calls};

#[test]
fn export_stops_and_the_backend_is_asked_again_after_the_longest_pause() {
    for code in [401, 402, 403, 404, 301, 405] {
        let mut stage = Stage::new(r#"{"batch_spans": 1, "backoff_max_ms": 30000}"#);
        stage.joined("0");
        assert_eq!(stage.availability(), ACCEPTING);
        let sent = stage.sent();
        stage.answer(&sent, code);
        assert_eq!(stage.availability(), Availability::Stopped, "{code}");
        stage.wait(29_999);
        assert_eq!(stage.poll(), None);
        stage.wait(1);
        let again = stage.sent();
        assert_eq!(again.body, sent.body);
        stage.answer(&again, 204);
        assert_eq!(stage.availability(), ACCEPTING);
        assert_eq!(stage.counters().exported, 1);
        assert_eq!(stage.counters().calls, calls(1, 0, 0, 1));
    }
}

#[test]
fn a_request_is_forwarded_and_not_recorded_while_export_is_stopped() {
    let mut stage = Stage::new(r#"{"batch_spans": 1}"#);
    stage.joined("0");
    let sent = stage.sent();
    stage.answer(&sent, 401);
    assert!(stage.open("1", &[]).is_none());
}

#[test]
fn a_stop_is_told_once_however_often_the_backend_repeats_it() {
    let mut stage = Stage::new(r#"{"batch_spans": 1}"#);
    stage.joined("0");
    for code in [401, 401, 403] {
        let sent = stage.next();
        stage.answer(&sent, code);
        assert_eq!(stage.counters().stops, 1);
        assert_eq!(stage.counters().stopped, Some(code));
    }
    let sent = stage.next();
    stage.answer(&sent, 204);
    assert_eq!(stage.counters().stopped, None);
    stage.joined("1");
    let sent = stage.next();
    stage.answer(&sent, 401);
    assert_eq!(stage.counters().stops, 2);
}

#[test]
fn nothing_new_is_taken_until_the_backend_has_answered() {
    let mut stage = Stage::new(r#"{"batch_spans": 1, "backoff_max_ms": 1000}"#);
    stage.joined("0");
    let sent = stage.sent();
    stage.answer(&sent, 401);
    stage.wait(5_000);
    assert_eq!(
        stage.availability(),
        Availability::Stopped,
        "it was not asked yet"
    );
    let sent = stage.sent();
    assert_eq!(
        stage.availability(),
        Availability::Stopped,
        "it is being asked"
    );
    stage.answer(&sent, 503);
    assert_eq!(
        stage.availability(),
        Availability::Stopped,
        "that is no yes"
    );
    let sent = stage.next();
    // It refuses something in the batch, and so no longer everything.
    stage.answer(&sent, 400);
    assert_eq!(stage.availability(), ACCEPTING);
}

#[test]
fn with_nothing_left_to_ask_with_new_spans_are_taken_after_the_pause() {
    let mut stage = Stage::new(r#"{"batch_spans": 1, "attempts": 2, "backoff_max_ms": 1000}"#);
    stage.joined("0");
    for _ in 0..2 {
        let sent = stage.next();
        stage.answer(&sent, 401);
    }
    assert_eq!(stage.dropped(Dropped::GaveUp), 1);
    assert_eq!(stage.availability(), Availability::Stopped);
    stage.wait(1_000);
    assert_eq!(stage.availability(), ACCEPTING);
    stage.joined("1");
    assert_eq!(
        stage.availability(),
        Availability::Stopped,
        "one is enough to ask with"
    );
    let sent = stage.sent();
    stage.answer(&sent, 401);
    assert_eq!(stage.counters().stops, 1, "it never said yes in between");
}

#[test]
fn spans_that_were_open_already_are_kept() {
    let mut stage = Stage::new(r#"{"batch_spans": 1}"#);
    let open = stage.open("1", &[]).unwrap();
    stage.joined("0");
    let sent = stage.sent();
    stage.answer(&sent, 401);
    stage.close(open);
    assert_eq!(stage.counters().queued, 2);
    let sent = stage.next();
    stage.answer(&sent, 204);
    stage.drain();
    assert_eq!(stage.counters().exported, 2);
}

#[test]
fn a_body_that_is_always_refused_does_not_stop_the_export_for_ever() {
    // A guard on the way that dislikes what a caller wrote answers 403 as well.
    let mut stage = Stage::new(r#"{"batch_spans": 1, "attempts": 3}"#);
    stage.joined("etc/passwd");
    stage.joined("1");
    for _ in 0..3 {
        let sent = stage.next();
        assert_eq!(sent.names(), ["etc/passwd"]);
        stage.answer(&sent, 403);
    }
    assert_eq!(stage.dropped(Dropped::GaveUp), 1);
    let sent = stage.next();
    assert_eq!(sent.names(), ["1"]);
    stage.answer(&sent, 204);
    assert_eq!(stage.availability(), ACCEPTING);
    assert_eq!(stage.counters().calls.of(CallOutcome::Failed), 3);
}

#[test]
fn a_stop_between_rows_and_spans_repeats_no_row() {
    let mut stage = Stage::new(r#"{"batch_spans": 1}"#);
    stage.minted("0");
    let rows = stage.sent();
    stage.answer(&rows, 204);
    let spans = stage.sent();
    stage.answer(&spans, 402);
    assert_eq!(stage.next().path, SPANS);
}

#[test]
fn one_backend_that_accepts_is_enough() {
    let mut stage = Stage::of(&format!(
        r#"{{"backends": [{OPIK}, {}], "export": {{"batch_spans": 1}}}}"#,
        OPIK.replacen('{', r#"{"name": "second", "#, 1)
    ));
    stage.joined("0");
    let (first, second) = (stage.sent(), stage.sent());
    stage.answer(&first, 401);
    assert_eq!(stage.availability(), ACCEPTING);
    stage.answer(&second, 401);
    assert_eq!(stage.availability(), Availability::Stopped);
}
