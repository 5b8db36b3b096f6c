//! One bad item refuses the whole batch: it is found, and costs nobody else's spans.

use std::collections::BTreeMap;

use gatespan::outbox::Dropped;

use super::body::contains;
use super::stage::{ROWS, SPANS, Sent, Stage, calls};

/// A backend that refuses a call if it finds something bad in it. How often it accepted each item, by path and name.
pub fn strict(
    stage: &mut Stage,
    code: u16,
    is_bad: impl Fn(&Sent) -> bool,
) -> BTreeMap<(&'static str, String), u32> {
    let mut stored = BTreeMap::new();
    while let Some(sent) = stage.poll() {
        if is_bad(&sent) {
            stage.answer(&sent, code);
            continue;
        }
        for name in sent.names() {
            *stored.entry((sent.path, name)).or_default() += 1;
        }
        stage.answer(&sent, 204);
    }
    stored
}

#[test]
fn a_bad_span_stands_alone_in_the_end_and_is_dropped() {
    for code in [400, 413, 422] {
        for bad in 0..13 {
            let mut stage = Stage::new(r#"{"batch_spans": 13}"#);
            stage.mint(13);
            let bad = bad.to_string();
            let stored = strict(&mut stage, code, |sent| {
                sent.path == SPANS && sent.names().contains(&bad)
            });
            assert!(stored.values().all(|times| *times == 1), "{stored:?}");
            let spans = stored.keys().filter(|(path, _)| *path == SPANS).count();
            assert_eq!(spans, 12);
            let rows = stored.keys().filter(|(path, _)| *path == ROWS).count();
            assert_eq!(rows, 13, "rows that were accepted are not sent again");
            assert_eq!(stage.dropped(Dropped::Refused), 1);
            assert_eq!(stage.counters().exported, 12);
            assert_eq!(stage.counters().queued, 0);
        }
    }
}

#[test]
fn a_bad_row_takes_its_span_along() {
    let mut stage = Stage::new(r#"{"batch_spans": 8}"#);
    stage.mint(6);
    stage.joined("6");
    stage.joined("7");
    let stored = strict(&mut stage, 400, |sent| {
        sent.path == ROWS && sent.names().contains(&"3".to_owned())
    });
    assert!(stored.values().all(|times| *times == 1), "{stored:?}");
    assert_eq!(stored.len(), 5 + 7);
    assert!(!stored.contains_key(&(SPANS, "3".to_owned())));
    assert_eq!(stage.dropped(Dropped::Refused), 1);
    assert_eq!(stage.counters().exported, 7);
}

#[test]
fn several_bad_ones_are_all_found() {
    let mut stage = Stage::new(r#"{"batch_spans": 20}"#);
    stage.mint(20);
    let bad = ["0", "7", "8", "19"].map(str::to_owned);
    let stored = strict(&mut stage, 422, |sent| {
        sent.path == SPANS && sent.names().iter().any(|name| bad.contains(name))
    });
    assert_eq!(stored.len(), 20 + 16);
    assert!(stored.values().all(|times| *times == 1));
    assert_eq!(stage.dropped(Dropped::Refused), 4);
}

#[test]
fn a_backend_that_refuses_every_one_gets_each_one_alone_and_then_none() {
    let mut stage = Stage::new(r#"{"batch_spans": 8}"#);
    stage.mint(8);
    let stored = strict(&mut stage, 400, |_| true);
    assert!(stored.is_empty());
    assert_eq!(stage.dropped(Dropped::Refused), 8);
    // Seven cuts make eight of one batch.
    assert_eq!(stage.counters().calls, calls(0, 0, 7, 8));
    assert_eq!(stage.wake_at(), None);
}

#[test]
fn too_much_at_once_is_sent_in_pieces() {
    let mut stage = Stage::new(r#"{"batch_spans": 16}"#);
    stage.mint(16);
    let stored = strict(&mut stage, 413, |sent| sent.body.len() > 2_500);
    assert_eq!(stored.len(), 32);
    assert_eq!(stage.counters().exported, 16);
    assert_eq!(stage.dropped(Dropped::Refused), 0);
}

#[test]
fn halves_are_sent_at_once_and_have_their_own_tries() {
    let mut stage = Stage::new(r#"{"batch_spans": 4, "attempts": 2}"#);
    (0..4).for_each(|index| stage.joined(&index.to_string()));
    for code in [500, 400, 500, 204, 500, 204] {
        let sent = stage.next();
        stage.answer(&sent, code);
    }
    assert_eq!(stage.counters().exported, 4);
    assert_eq!(stage.counters().calls, calls(2, 3, 1, 0));
}

#[test]
fn what_is_sent_again_in_halves_is_what_was_sent_before() {
    let mut stage = Stage::new(r#"{"batch_spans": 5}"#);
    stage.mint(3);
    stage.joined("3");
    stage.minted("4");
    let rows = stage.sent();
    stage.answer(&rows, 204);
    let whole = stage.sent();
    stage.answer(&whole, 400);
    let halves = stage.drain();
    let items: Vec<_> = halves.iter().flat_map(Sent::items).collect();
    assert_eq!(items, whole.items());
    assert!(halves.iter().all(|half| half.path == SPANS));
}

/// How many calls of one path it may take to find one bad item among so many.
const fn bound(items: usize) -> usize {
    // The whole; then at each cut the half that is good and the half that is not, until that is one item.
    1 + 2 * items.next_power_of_two().ilog2() as usize
}

/// So many spans in one batch, packed: each position of the bad one begins with the same.
fn packed(items: usize, has_rows: bool) -> Vec<u8> {
    let export = r#"{"batch_spans": 1000, "batch_bytes": 10000000, "queue_bytes": 20000000}"#;
    let mut stage = Stage::new(export);
    for index in 0..items {
        let name = index.to_string();
        if has_rows {
            stage.minted(&name);
        } else {
            stage.joined(&name);
        }
    }
    stage.leave();
    let sent = stage.sent();
    assert_eq!(sent.items().len(), items, "one batch");
    stage.gateway.message(sent.id).unwrap()
}

/// Wherever the bad item of a path stands, all others are stored, and the calls of that path stay within the bound. The
/// most that there were.
fn find_every(items: usize, path: &str) -> usize {
    let parcel = packed(items, path == ROWS);
    let mut stage = Stage::new("{}");
    let mut most = 0;
    // Of many, some at all depths: each one takes as long as all of 33.
    let places = (0..items).step_by(1 + items / 34).chain([items - 1]);
    for bad in places {
        let bad = format!(r#""name":"GET /{bad}""#);
        stage.consume(&parcel, 0);
        let mut calls = 0;
        while let Some(sent) = stage.poll() {
            calls += usize::from(sent.path == path);
            let is_bad = sent.path == path && contains(&sent.body, bad.as_bytes());
            stage.answer(&sent, if is_bad { 400 } else { 204 });
        }
        assert!(
            calls <= bound(items),
            "{bad} of {items}: {calls} calls of {path}"
        );
        assert_eq!(stage.counters().exported, items as u64 - 1);
        assert_eq!(stage.dropped(Dropped::Refused), 1);
        most = most.max(calls);
    }
    most
}

#[test]
fn one_bad_item_is_found_in_twice_the_logarithm_of_calls() {
    for items in 1..=33 {
        for path in [ROWS, SPANS] {
            assert_eq!(find_every(items, path), bound(items), "{items} of {path}");
        }
    }
}

#[test]
fn one_bad_item_in_a_thousand_takes_21_calls_wherever_it_stands() {
    assert_eq!(bound(1_000), 21);
    assert_eq!(find_every(1_000, SPANS), 21);
}
