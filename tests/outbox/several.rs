//! Several backends are sent the same spans, and none of them minds what becomes of another.

use gatespan::outbox::{Counters, Dropped, Outcome};
use gatespan::{Availability, Systems};

use super::stage::{LILYPAD, OPIK, OTLP, OTLP_JSON, OTLP_OPIK, ROWS, Stage, asks, status};

fn named(backend: &str, name: &str) -> String {
    backend.replacen('{', &format!(r#"{{"name": "{name}", "#), 1)
}

fn stage(backends: &[&str], export: &str) -> Stage {
    let backends = backends.iter().enumerate();
    let backends: Vec<_> = backends
        .map(|(index, backend)| named(backend, &format!("b{index}")))
        .collect();
    let backends = backends.join(",");
    Stage::of(&format!(
        r#"{{"backends": [{backends}], "export": {export}}}"#
    ))
}

/// Gives each call what its backend has for it, until there is nothing left to do, or for so many calls.
fn deliver(stage: &mut Stage, outcomes: &[Outcome<'static>], most: usize) {
    for _ in 0..most {
        let Some(wake) = stage.wake_at() else {
            return;
        };
        stage.now = stage.now.max(wake);
        if let Some(sent) = stage.poll() {
            stage.settle(sent.id, outcomes[sent.backend]);
        }
    }
}

fn dropped(counters: &Counters, reason: Dropped) -> u64 {
    counters.dropped.of(reason)
}

const ALL: [&str; 5] = [OPIK, OTLP, OTLP_JSON, OTLP_OPIK, LILYPAD];

#[test]
fn each_has_all_spans() {
    let mut stage = stage(&ALL, "{}");
    stage.mint(5);
    stage.joined("5");
    stage.leave();
    let sent = stage.drain();
    for backend in 0..5 {
        let spans = sent
            .iter()
            .filter(|sent| sent.backend == backend && sent.path != ROWS);
        let names: Vec<String> = spans.flat_map(super::stage::Sent::names).collect();
        assert_eq!(names, ["0", "1", "2", "3", "4", "5"], "{backend}");
        assert_eq!(stage.of_backend(backend).exported, 6);
    }
    // The rows of a trace are written by each that needs them.
    let rows = sent.iter().filter(|sent| sent.path == ROWS);
    assert_eq!(rows.map(|sent| sent.backend).collect::<Vec<_>>(), [0, 3]);
}

#[test]
fn one_that_is_down_costs_no_other_a_span() {
    for down in 0..5 {
        for outcome in [status(503), Outcome::Lost, status(401)] {
            let mut stage = stage(&ALL, r#"{"batch_spans": 2, "attempts": 3}"#);
            let mut outcomes = [status(200); 5];
            outcomes[down] = outcome;
            stage.mint(4);
            deliver(&mut stage, &outcomes, 200);
            for backend in 0..5 {
                let counters = stage.of_backend(backend);
                assert_eq!((counters.recorded, counters.queued), (4, 0));
                let exported = if backend == down { 0 } else { 4 };
                assert_eq!(counters.exported, exported, "{outcome:?} of {down}");
                assert_eq!(dropped(&counters, Dropped::GaveUp), 4 - exported);
            }
        }
    }
}

#[test]
fn one_that_pauses_does_not_delay_another() {
    let mut stage = stage(&[OPIK, OTLP], r#"{"batch_spans": 1}"#);
    stage.joined("0");
    let (first, second) = (stage.sent(), stage.sent());
    assert_eq!((first.backend, second.backend), (0, 1));
    stage.settle(first.id, asks(503, &[(b"retry-after", b"60")]));
    stage.answer(&second, 200);
    stage.joined("1");
    assert_eq!(stage.sent().backend, 1, "now, and not in a minute");
}

#[test]
fn what_a_full_one_was_not_promised_is_dropped_there_and_nowhere_else() {
    let mut stage = stage(
        &[OPIK, OTLP],
        r#"{"queue_bytes": 16384, "batch_bytes": 4096}"#,
    );
    let both = Systems {
        opik: true,
        otel: true,
    };
    assert_eq!(stage.availability(), Availability::Accepting(both));
    let mut told = 0;
    // Opik does not answer; the other takes all.
    while told < 100 {
        let open = stage.open("0", &[]).expect("there is always room in one");
        stage.close(open);
        told += 1;
        stage.wait(1_000);
        while let Some(sent) = stage.poll() {
            if sent.backend == 1 {
                stage.answer(&sent, 200);
            }
        }
    }
    let otel = Systems {
        opik: false,
        otel: true,
    };
    assert_eq!(stage.availability(), Availability::Accepting(otel));
    let (opik, otlp) = (stage.of_backend(0), stage.of_backend(1));
    assert_eq!((otlp.recorded, otlp.exported), (100, 100));
    assert_eq!(
        opik.recorded, 100,
        "a span that went elsewhere is not lost from sight"
    );
    assert!(dropped(&opik, Dropped::QueueFull) > 50);
    assert_eq!(
        opik.queued + dropped(&opik, Dropped::QueueFull) + dropped(&opik, Dropped::GaveUp),
        100
    );
}

#[test]
fn what_a_stopped_one_was_not_promised_is_counted_as_refused() {
    let mut stage = stage(&[LILYPAD, OPIK], r#"{"batch_spans": 1}"#);
    stage.joined("0");
    let (lilypad, opik) = (stage.sent(), stage.sent());
    stage.answer(&lilypad, 402);
    stage.answer(&opik, 200);
    let only = Systems {
        opik: true,
        otel: false,
    };
    assert_eq!(stage.availability(), Availability::Accepting(only));
    stage.joined("1");
    let counters = stage.of_backend(0);
    assert_eq!((counters.recorded, counters.queued), (2, 1));
    assert_eq!(dropped(&counters, Dropped::Refused), 1);
    stage.drain();
    assert_eq!(stage.of_backend(1).exported, 2);
    // It is asked again, with what it has.
    let again = stage.next();
    assert_eq!((again.backend, &again.body), (0, &lilypad.body));
    stage.answer(&again, 200);
    stage.joined("2");
    stage.drain();
    assert_eq!(stage.of_backend(0).exported, 2);
}

#[test]
fn a_span_is_in_both_systems_of_a_dialect_or_in_none() {
    // Opik's dialect of OTLP needs its place in both.
    let mut stage = stage(&[OTLP_OPIK, OTLP], r#"{"batch_spans": 1}"#);
    stage.joined("0");
    let (dialect, otlp) = (stage.sent(), stage.sent());
    stage.answer(&dialect, 403);
    stage.answer(&otlp, 200);
    stage.minted("1");
    let counters = stage.of_backend(0);
    assert_eq!(dropped(&counters, Dropped::Refused), 1);
    assert_eq!(counters.recorded, 2);
    let sent = stage.sent();
    assert_eq!((sent.backend, sent.names()), (1, vec!["1".to_owned()]));
}

#[test]
fn what_is_open_when_one_stops_is_kept_for_it() {
    let mut stage = stage(&[OTLP, LILYPAD], r#"{"batch_spans": 1}"#);
    let open = stage.open("1", &[]).unwrap();
    stage.joined("0");
    let (otlp, lilypad) = (stage.sent(), stage.sent());
    stage.answer(&otlp, 401);
    stage.answer(&lilypad, 200);
    stage.close(open);
    assert_eq!(stage.of_backend(0).queued, 2, "as promised");
}
