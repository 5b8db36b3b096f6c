//! A server that stores a span once, refuses a list with one that it has, and says no more than 500.

use std::collections::BTreeSet;

use gatespan::outbox::{Dropped, Outcome};
use proptest::prelude::*;

use super::stage::{LILYPAD, Sent, Stage, calls, status};

/// The server, with its unique constraint.
#[derive(Default)]
struct Server {
    stored: BTreeSet<String>,
    bad: BTreeSet<String>,
}

impl Server {
    /// All of a list or nothing of it.
    fn take(&mut self, sent: &Sent) -> u16 {
        let ids = sent.ids();
        let names = sent.names();
        let is_there = |id: &String| self.stored.contains(id);
        if ids.iter().any(is_there) || names.iter().any(|name| self.bad.contains(name)) {
            return 500;
        }
        self.stored.extend(ids);
        200
    }
}

/// What happens on the way.
#[derive(Clone, Copy, Debug)]
enum Way {
    Open,
    /// The server has it, and nobody hears of it.
    AnswerLost,
    CallLost,
    /// A proxy that did not reach it.
    Unreached,
    /// The server fails of itself, with the status that it has for all.
    DatabaseAway,
}

#[derive(Default)]
struct Fates {
    accepted: BTreeSet<String>,
    /// A repeat was answered 500: perhaps the first try was stored.
    perhaps: BTreeSet<String>,
}

/// Delivers all, the first calls by these ways and the others by an open one.
fn deliver(stage: &mut Stage, server: &mut Server, ways: &[Way]) -> Fates {
    let mut ways = ways.iter().copied();
    let mut fates = Fates::default();
    while stage.wake_at().is_some() {
        let sent = stage.next();
        let outcome = match ways.next().unwrap_or(Way::Open) {
            Way::Open => status(server.take(&sent)),
            Way::AnswerLost => {
                server.take(&sent);
                Outcome::Lost
            }
            Way::CallLost => Outcome::Lost,
            Way::Unreached => status(503),
            Way::DatabaseAway => status(500),
        };
        let before = stage.counters().exported;
        stage.settle(sent.id, outcome);
        let exported = stage.counters().exported - before;
        if exported == 0 {
            continue;
        }
        assert_eq!(
            exported,
            sent.ids().len() as u64,
            "all of a list or nothing of it"
        );
        let into = if outcome == status(200) {
            &mut fates.accepted
        } else {
            assert_eq!(outcome, status(500), "that is no yes");
            &mut fates.perhaps
        };
        into.extend(sent.ids());
    }
    fates
}

fn stage(spans: usize) -> Stage {
    let mut stage = Stage::with(LILYPAD, r#"{"batch_spans": 8, "attempts": 4}"#);
    stage.mint(spans);
    stage.leave();
    stage
}

#[test]
fn a_repeat_that_is_answered_500_was_stored_before() {
    for way in [Way::AnswerLost, Way::CallLost, Way::Unreached] {
        let (mut stage, mut server) = (stage(8), Server::default());
        let fates = deliver(&mut stage, &mut server, &[way]);
        assert_eq!(stage.counters().exported, 8, "{way:?}");
        assert_eq!(server.stored.len(), 8, "{way:?}");
        let was_there = matches!(way, Way::AnswerLost);
        assert_eq!(fates.perhaps.len(), if was_there { 8 } else { 0 });
        assert_eq!(
            stage.counters().calls,
            calls(1, 1, 0, 0),
            "no list is cut for it"
        );
    }
}

#[test]
fn a_first_500_is_tried_once_more() {
    let (mut stage, mut server) = (stage(8), Server::default());
    let first = stage.sent();
    stage.answer(&first, 500);
    assert_eq!(stage.poll(), None, "after a pause");
    let again = stage.next();
    assert_eq!(again.body, first.body);
    let code = server.take(&again);
    stage.answer(&again, code);
    assert_eq!((server.stored.len(), stage.counters().exported), (8, 8));
    assert_eq!(stage.counters().calls, calls(1, 1, 0, 0));
}

#[test]
fn a_second_500_is_about_something_in_the_list() {
    for bad in 0..8 {
        let (mut stage, mut server) = (stage(8), Server::default());
        server.bad.insert(bad.to_string());
        deliver(&mut stage, &mut server, &[]);
        assert_eq!(server.stored.len(), 7, "none is lost beside it");
        assert_eq!(stage.counters().exported, 7);
        assert_eq!(stage.dropped(Dropped::Refused), 1);
        // The whole and three lists with the bad one in them, each of them twice, and three without.
        let made = stage.counters().calls;
        assert_eq!(made, calls(3, 4, 3, 1), "{bad}");
    }
}

#[test]
fn a_list_is_not_tried_for_ever() {
    let mut stage = stage(8);
    let mut server = Server::default();
    deliver(&mut stage, &mut server, &[Way::DatabaseAway; 100]);
    assert_eq!(stage.dropped(Dropped::Refused), 8);
    assert!(stage.counters().calls.sum() <= 30);
}

fn way() -> impl Strategy<Value = Way> {
    prop_oneof![
        6 => Just(Way::Open),
        2 => Just(Way::AnswerLost),
        2 => Just(Way::CallLost),
        1 => Just(Way::Unreached),
        1 => Just(Way::DatabaseAway),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn a_span_is_stored_once_or_counted_as_lost_or_perhaps_stored(
        spans in 1_usize..30,
        bad in prop::collection::btree_set((0_usize..30).prop_map(|bad| bad.to_string()), 0..3),
        ways in prop::collection::vec(way(), 0..40),
    ) {
        let mut stage = stage(spans);
        let mut server = Server { bad, ..Server::default() };
        let fates = deliver(&mut stage, &mut server, &ways);
        let counters = stage.counters();
        prop_assert_eq!(counters.recorded, spans as u64);
        prop_assert!(fates.accepted.is_subset(&server.stored));
        prop_assert!(fates.accepted.is_disjoint(&fates.perhaps), "nothing accepted is sent again");
        prop_assert_eq!(counters.exported as usize, fates.accepted.len() + fates.perhaps.len());
        // What is neither is counted as dropped, and of that the server may have some.
        let dropped: u64 = counters.dropped.sum();
        prop_assert_eq!((dropped + counters.exported) as usize, spans);
        let is_calm = ways.iter().all(|way| matches!(way, Way::Open));
        if is_calm {
            let bad = (0..spans).filter(|name| server.bad.contains(&name.to_string()));
            prop_assert_eq!(dropped as usize, bad.count());
            prop_assert!(fates.perhaps.is_empty());
        }
    }
}

#[test]
fn what_a_queue_brings_again_need_not_have_been_sent_before() {
    let mut stage = Stage::of(&format!(r#"{{"backend": {LILYPAD}}}"#));
    stage.minted("0");
    stage.leave();
    let sent = stage.sent();
    let parcel = stage.gateway.message(sent.id).unwrap();
    for before in [0, 1, 5] {
        stage.consume(&parcel, before);
        let sent = stage.sent();
        stage.answer(&sent, 500);
        assert_eq!(stage.counters().exported, 0, "{before}");
        assert_eq!(stage.counters().queued, 1, "{before}");
    }
}
