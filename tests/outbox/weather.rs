//! Any interleaving of requests, answers, silence and time.

use std::collections::BTreeSet;

use gatespan::Pair;
use gatespan::backend::Meaning;
use gatespan::outbox::{Dropped, Outcome};
use proptest::prelude::*;

use super::stage::{BACKENDS, BISECTING, ROWS, Sent, Stage, asks, status};

#[derive(Clone, Debug)]
enum Event {
    Minted(usize),
    Joined(usize),
    Wait(u64),
    Poll,
    Settle(Outcome<'static>),
    Stale,
    Leave,
    Shut,
}

fn event() -> impl Strategy<Value = Event> {
    let later = (
        prop_oneof![Just(429_u16), Just(500), Just(503)],
        prop::sample::select(ASKED.to_vec()),
    );
    let later = later.prop_map(|(code, headers)| asks(code, headers));
    let refused = prop_oneof![Just(400_u16), Just(409), Just(413), Just(422)];
    let outcome = prop_oneof![
        6 => Just(status(204)),
        3 => later,
        3 => refused.prop_map(status),
        1 => Just(status(401)),
        1 => Just(Outcome::Lost),
    ];
    prop_oneof![
        60 => (1_usize..400).prop_map(Event::Minted),
        60 => (1_usize..400).prop_map(Event::Joined),
        20 => (0_u64..3_000).prop_map(Event::Wait),
        10 => (10_000_u64..40_000).prop_map(Event::Wait),
        80 => Just(Event::Poll),
        80 => outcome.prop_map(Event::Settle),
        5 => Just(Event::Stale),
        5 => Just(Event::Leave),
        1 => Just(Event::Shut),
    ]
}

/// Pauses that a backend asks for.
const ASKED: [&[Pair<'static>]; 5] = [
    &[],
    &[(b"retry-after", b"0")],
    &[(b"retry-after", b"4")],
    &[(b"ratelimit-reset", b"2")],
    &[
        (b"retry-after", b"Mon, 02 Mar 2026 10:15:33 GMT"),
        (b"date", b"Mon, 02 Mar 2026 10:15:30 GMT"),
    ],
];

/// What the backend has seen.
#[derive(Default)]
struct Seen {
    in_flight: Option<Sent>,
    settled: Vec<Sent>,
    /// The call that is to be made again as it was.
    again: Option<Sent>,
    given_up: u64,
    /// Ids that were accepted, a row's and a span's.
    stored: BTreeSet<(&'static str, String)>,
    calls: u64,
}

impl Seen {
    fn sent(&mut self, sent: Sent, stage: &Stage) {
        self.calls += 1;
        let plan = &stage.gateway.config().export;
        let items = sent.items();
        assert!((1..=plan.batch_spans as usize).contains(&items.len()));
        // The longest name here makes a row and a span of less than this.
        let unit = 4_096;
        assert!(sent.body.len() <= plan.batch_bytes as usize + unit);
        for id in sent.ids() {
            assert!(!self.stored.contains(&(sent.path, id)), "sent again");
        }
        let given_up = stage.dropped(Dropped::GaveUp);
        match self.again.take() {
            Some(first) if given_up == self.given_up => {
                assert_eq!((first.path, first.body), (sent.path, sent.body.clone()));
            }
            _ => {}
        }
        self.given_up = given_up;
        self.in_flight = Some(sent);
    }

    fn settle(&mut self, outcome: Outcome, stage: &mut Stage) {
        let Some(sent) = self.in_flight.take() else {
            return;
        };
        let exported = stage.counters().exported;
        self.given_up = stage.dropped(Dropped::GaveUp);
        stage.settle(sent.id, outcome);
        let accepted = stage.counters().calls.ok == self.accepted() + 1;
        let meaning = match outcome {
            Outcome::Status { code, .. } => stage.meaning(code),
            Outcome::Taken | Outcome::Lost => Meaning::Later,
        };
        if accepted {
            self.settled.push(sent.clone());
            let ids = sent.ids().into_iter();
            self.stored.extend(ids.map(|id| (sent.path, id)));
        } else if matches!(meaning, Meaning::Wait | Meaning::Later | Meaning::Stop) {
            self.again = Some(sent.clone());
        }
        if sent.path == ROWS || !accepted {
            assert_eq!(
                stage.counters().exported,
                exported,
                "rows alone are no unit"
            );
        }
    }

    fn accepted(&self) -> u64 {
        self.settled.len() as u64
    }
}

fn play(backend: &str, events: Vec<Event>) {
    let export = r#"{"batch_spans": 7, "batch_bytes": 6000, "queue_bytes": 40000, "attempts": 3}"#;
    let mut stage = Stage::with(backend, export);
    let mut seen = Seen::default();
    let (mut opened, mut is_shut) = (0, false);
    for event in events {
        match event {
            Event::Minted(length) | Event::Joined(length) => {
                let caller: &[(&[u8], &[u8])] = match event {
                    Event::Minted(_) => &[],
                    _ => &[(b"opik_trace_id", b"019cae0b-b9f2-7d08-8b61-27e4a1c05f93")],
                };
                if let Some(open) = stage.open(&"n".repeat(length), caller) {
                    opened += 1;
                    stage.close(open);
                }
            }
            Event::Wait(millis) => stage.wait(millis),
            Event::Poll => {
                let before = stage.counters().calls.retry + stage.counters().calls.failed;
                let sent = stage.poll();
                if stage.counters().calls.retry + stage.counters().calls.failed > before {
                    seen.again = seen.in_flight.take();
                }
                if let Some(sent) = sent {
                    assert_eq!(seen.in_flight, None, "one call at a time");
                    seen.sent(sent, &stage);
                }
            }
            Event::Settle(outcome) => seen.settle(outcome, &mut stage),
            Event::Stale => {
                let before = stage.counters();
                if let Some(old) = seen.settled.last() {
                    stage.settle(old.id, status(204));
                }
                assert_eq!(stage.counters(), before);
            }
            Event::Leave => stage.leave(),
            Event::Shut => {
                stage.gateway.shut();
                seen.in_flight = None;
                is_shut = true;
            }
        }
        let counters = stage.counters();
        assert_eq!(counters.recorded, opened);
        assert!(counters.queued_bytes <= 40_000 + BISECTING);
        let under_way = u64::from(seen.in_flight.is_some());
        assert_eq!(seen.calls, counters.calls.sum() + under_way);
    }
    finish(stage, seen, is_shut);
}

/// In fair weather everything that is left arrives.
fn finish(mut stage: Stage, mut seen: Seen, is_shut: bool) {
    seen.settle(status(204), &mut stage);
    while let Some(wake) = stage.wake_at() {
        stage.now = stage.now.max(wake);
        if let Some(sent) = stage.poll() {
            seen.sent(sent, &stage);
            seen.settle(status(204), &mut stage);
        }
    }
    let counters = stage.counters();
    assert_eq!(counters.queued, 0);
    let spans = seen.stored.iter().filter(|(path, _)| *path != ROWS).count() as u64;
    assert_eq!(counters.exported, spans);
    assert!(is_shut || stage.dropped(Dropped::Shutdown) == 0);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(800) })]

    #[test]
    fn counters_add_up_and_nothing_accepted_is_sent_again(
        backend in prop::sample::select(BACKENDS.as_slice()),
        events in prop::collection::vec(event(), 1..250),
    ) {
        play(backend, events);
    }
}
