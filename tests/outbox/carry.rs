//! A carrier stands between two gateways: one packs its calls, another one makes them.

use gatespan::Sender;
use gatespan::config::Host;
use gatespan::outbox::{Dropped, Outcome};

use super::stage::{OPIK, ROWS, SPANS, Sent, Stage, status};

/// A gateway that has had so many spans, and all its batches, packed.
fn packed(export: &str, spans: usize) -> (Stage, Vec<Vec<u8>>) {
    let document = OPIK.replacen('{', r#"{"via": "queue", "#, 1);
    let document = format!(r#"{{"backend": {document}, "export": {export}}}"#);
    let mut stage = Stage::in_host(&document, Host::Worker);
    stage.mint(spans);
    stage.leave();
    let mut parcels = Vec::new();
    while let Some(sent) = stage.poll() {
        parcels.extend(stage.gateway.message(sent.id));
        stage.settle(sent.id, Outcome::Taken);
    }
    (stage, parcels)
}

/// The gateway to which a carrier brings a parcel.
fn carried(parcel: &[u8], before: u32) -> Stage {
    let mut stage = Stage::new("{}");
    stage.consume(parcel, before);
    stage
}

fn left(stage: &Stage) -> Vec<Vec<u8>> {
    stage.left()
}

#[test]
fn what_is_packed_is_what_would_have_been_sent() {
    let mut direct = Stage::new("{}");
    direct.mint(7);
    direct.leave();
    let direct = direct.drain();

    let (stage, parcels) = packed("{}", 7);
    assert_eq!(stage.counters().exported, 7, "the carrier answers for them");
    let delivered = parcels.iter().flat_map(|parcel| {
        let mut stage = carried(parcel, 0);
        let sent = stage.drain();
        assert_eq!(left(&stage), Vec::<Vec<u8>>::new());
        assert_eq!(stage.counters().exported, 7);
        sent
    });
    let bodies = |sent: Sent| (sent.path, sent.body);
    assert_eq!(
        delivered.map(bodies).collect::<Vec<_>>(),
        direct.into_iter().map(bodies).collect::<Vec<_>>()
    );
}

#[test]
fn a_parcel_is_small_enough_for_a_message() {
    let (_, parcels) = packed(r#"{"batch_spans": 1000}"#, 1000);
    assert!(parcels.len() > 5);
    assert!(parcels.iter().all(|parcel| parcel.len() < 128_000));
}

#[test]
fn a_bad_item_is_found_on_the_other_side() {
    let (_, parcels) = packed("{}", 9);
    for path in [ROWS, SPANS] {
        let mut stage = carried(&parcels[0], 0);
        let mut stored = Vec::new();
        while let Some(sent) = stage.poll() {
            let names = sent.names();
            if sent.path == path && names.contains(&"4".to_owned()) {
                stage.answer(&sent, 400);
                continue;
            }
            if sent.path == SPANS {
                stored.extend(names);
            }
            stage.answer(&sent, 204);
        }
        assert_eq!(
            stored,
            ["0", "1", "2", "3", "5", "6", "7", "8"],
            "a row takes its span along"
        );
        assert_eq!(stage.dropped(Dropped::Refused), 1);
        assert_eq!(stage.counters().exported, 8);
        assert_eq!(left(&stage), Vec::<Vec<u8>>::new());
    }
}

#[test]
fn what_was_not_delivered_is_packed_as_it_came() {
    let (_, parcels) = packed("{}", 3);
    for outcome in [status(503), status(401), Outcome::Lost] {
        let mut stage = carried(&parcels[0], 0);
        for _ in 0..20 {
            let sent = stage.next();
            stage.settle(sent.id, outcome);
        }
        assert_eq!(stage.poll(), None, "it pauses");
        assert_eq!(left(&stage), [parcels[0].clone()]);
    }
}

#[test]
fn what_was_delivered_is_not_packed_again() {
    let (_, parcels) = packed("{}", 4);
    let mut stage = carried(&parcels[0], 0);
    let rows = stage.sent();
    assert_eq!(rows.path, ROWS);
    stage.answer(&rows, 204);
    let spans = stage.sent();
    stage.answer(&spans, 413);
    let half = stage.sent();
    assert_eq!(half.names(), ["0", "1"]);
    stage.answer(&half, 204);
    let half = stage.sent();
    stage.answer(&half, 503);
    let [rest] = &left(&stage)[..] else {
        panic!("one parcel is left");
    };
    let mut stage = carried(rest, 1);
    let sent = stage.drain();
    assert_eq!(sent.len(), 1, "the rows are there already");
    assert_eq!((sent[0].path, sent[0].names()), (SPANS, half.names()));
    assert_eq!(stage.counters().exported, 2);
}

#[test]
fn a_second_delivery_may_find_the_first() {
    let (_, parcels) = packed("{}", 1);
    for (before, exported) in [(1, 1), (0, 0)] {
        let mut stage = carried(&parcels[0], before);
        let rows = stage.sent();
        stage.answer(&rows, 409);
        stage.drain();
        assert_eq!(stage.counters().exported, exported);
    }
}

#[test]
fn pauses_grow_with_each_time_that_it_is_brought() {
    let (_, parcels) = packed("{}", 1);
    // With a first pause of 500 ms and a longest of 30 s; each is between half of it and all.
    for (before, longest) in [(0, 500), (1, 1_000), (5, 16_000), (6, 30_000), (99, 30_000)] {
        let mut stage = carried(&parcels[0], before);
        let rows = stage.sent();
        stage.answer(&rows, 503);
        let until = stage.wake_at().expect("a pause");
        let pause = (until.0 - stage.now.0) / 1_000_000;
        assert!(
            (longest / 2..=longest).contains(&pause),
            "{before}: {pause}"
        );
    }
}

#[test]
fn what_is_not_ours_is_not_taken() {
    let stage = Stage::new("{}");
    for (parcel, is_ours) in [
        ("", false),
        (
            "gatespan/1\nopik\n\n/v1/private/spans/batch 1 0 1\n\n{",
            true,
        ),
        (
            "gatespan/1\nother\n\n/v1/private/spans/batch 1 0 1\n\n{",
            false,
        ),
        ("gatespan/1\nopik\n\n/v1/private/other 1 0 1\n\n{", false),
        // Nothing would ever be sent of it.
        (
            "gatespan/1\nopik\n\n/v1/private/spans/batch 0 0 0\n\n",
            false,
        ),
    ] {
        let delivery = stage.gateway.config().delivery();
        let sender = Sender::of_message(delivery, parcel.as_bytes(), 0, 7);
        assert_eq!(sender.is_some(), is_ours, "{parcel}");
    }
}
