//! When a batch leaves, and what is in it.

use gatespan::Time;

use super::stage::{OPIK, ROWS, SPANS, START, Stage};

#[test]
fn a_batch_leaves_when_it_has_its_number_of_spans() {
    let mut stage = Stage::new(r#"{"batch_spans": 3}"#);
    stage.mint(2);
    assert_eq!(stage.poll(), None);
    stage.minted("2");
    assert_eq!(stage.sent().names(), ["0", "1", "2"]);
}

#[test]
fn a_batch_leaves_when_it_has_its_bytes_and_exceeds_them_by_one_unit_at_most() {
    let mut stage = Stage::new(r#"{"batch_bytes": 4096}"#);
    stage.minted("0");
    let unit = stage.counters().queued_bytes;
    stage.mint(9);
    let (rows, spans) = (stage.sent(), stage.counters());
    let closed = rows.body.len() as u64;
    stage.answer(&rows, 204);
    let both = closed + stage.sent().body.len() as u64;
    assert!((4096..4096 + unit).contains(&both), "{both} for {unit}");
    assert!(spans.queued > rows.items().len() as u64, "others wait");
}

#[test]
fn a_batch_leaves_when_its_first_span_is_old() {
    let mut stage = Stage::new(r#"{"interval_ms": 1000}"#);
    stage.minted("0");
    stage.wait(999);
    stage.minted("1");
    assert_eq!(stage.poll(), None);
    stage.wait(1);
    assert_eq!(stage.sent().names(), ["0", "1"]);
}

#[test]
fn a_batch_never_has_more_than_a_thousand_items() {
    let mut stage =
        Stage::new(r#"{"batch_spans": 1000, "batch_bytes": 50000000, "queue_bytes": 268435456}"#);
    stage.mint(2_500);
    stage.wait(1_000);
    let sent = stage.drain();
    let items: Vec<usize> = sent.iter().map(|sent| sent.items().len()).collect();
    assert_eq!(items, [1000, 1000, 1000, 1000, 500, 500]);
}

#[test]
fn rows_are_sent_before_their_spans_and_only_where_there_are_any() {
    let mut stage = Stage::new(r#"{"batch_spans": 2}"#);
    stage.joined("0");
    stage.minted("1");
    stage.joined("2");
    stage.joined("3");
    let sent: Vec<(&str, Vec<String>)> = stage
        .drain()
        .iter()
        .map(|sent| (sent.path, sent.names()))
        .collect();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(
        sent,
        [
            (ROWS, names(&["1"])),
            (SPANS, names(&["0", "1"])),
            (SPANS, names(&["2", "3"])),
        ]
    );
    assert_eq!(stage.counters().exported, 4);
}

#[test]
fn one_call_is_in_flight_for_each_backend() {
    let mut stage = Stage::of(&format!(
        r#"{{"backends": [{OPIK}, {}], "export": {{"batch_spans": 1}}}}"#,
        OPIK.replacen('{', r#"{"name": "second", "#, 1)
    ));
    stage.mint(3);
    let (first, second) = (stage.sent(), stage.sent());
    assert_eq!((first.backend, second.backend), (0, 1));
    assert_eq!(stage.poll(), None);
    stage.answer(&second, 204);
    let next = stage.sent();
    assert_eq!((next.backend, next.path), (1, SPANS));
    assert_eq!(stage.poll(), None);
    // A backend that fails keeps no other from its spans.
    stage.answer(&first, 500);
    stage.answer(&next, 204);
    stage.drain();
    let exported: Vec<u64> = stage.gateway.counters().map(|c| c.exported).collect();
    assert_eq!(exported, [0, 3]);
}

#[test]
fn spans_gather_in_one_batch_while_a_call_is_in_flight() {
    let mut stage = Stage::new(r#"{"interval_ms": 10}"#);
    stage.joined("0");
    let first = stage.next();
    for name in ["1", "2", "3"] {
        stage.joined(name);
        stage.wait(50);
        assert_eq!(stage.poll(), None);
    }
    stage.answer(&first, 204);
    assert_eq!(stage.sent().names(), ["1", "2", "3"]);
}

#[test]
fn wake_at_is_when_poll_has_something_to_do() {
    let mut stage = Stage::new(r#"{"interval_ms": 700, "timeout_ms": 2000}"#);
    assert_eq!(stage.wake_at(), None);
    stage.minted("0");
    let at = |millis: u64| Some(Time(START.0 + millis * 1_000_000));
    assert_eq!(stage.wake_at(), at(700), "when it is old enough");
    let sent = stage.next();
    assert_eq!(stage.wake_at(), at(700 + 4_000), "when it is lost");
    stage.answer(&sent, 204);
    assert!(stage.wake_at() <= Some(stage.now), "now");
    let sent = stage.sent();
    stage.answer(&sent, 503);
    let again = stage.wake_at().unwrap();
    assert_eq!(stage.gateway.poll(Time(again.0 - 1)).map(|_| ()), None);
    assert!(
        stage.gateway.poll(again).is_some(),
        "when the pause is over"
    );
}

#[test]
fn polling_too_often_is_harmless() {
    let mut stage = Stage::new("{}");
    stage.minted("0");
    for _ in 0..999 {
        stage.wait(1);
        assert_eq!(stage.poll(), None);
    }
    stage.wait(1);
    assert!(stage.poll().is_some());
    assert!((0..100).all(|_| stage.poll().is_none()));
}

#[test]
fn a_clock_that_is_set_back_stops_nothing() {
    const HOUR: u64 = 3_600_000_000_000;
    let mut stage = Stage::new("{}");
    stage.joined("0");
    stage.now = Time(stage.now.0 - HOUR);
    let sent = stage.sent();
    stage.answer(&sent, 503);
    assert_eq!(stage.poll(), None, "a pause");
    stage.now = Time(stage.now.0 - HOUR);
    let again = stage.sent();
    stage.now = Time(stage.now.0 - HOUR);
    assert_eq!(stage.poll(), None, "that call is lost; another pause");
    stage.answer(&again, 204);
    assert_eq!(stage.counters().exported, 0, "its outcome comes too late");
    stage.next();
}
