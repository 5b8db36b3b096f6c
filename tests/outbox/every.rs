//! What holds for every wire API: the table of backends, and the words that each has for its answers.

use std::collections::BTreeMap;

use gatespan::Availability;
use gatespan::backend::{APIS, BackendApi, Meaning};
use gatespan::config::Host;
use gatespan::outbox::{CallOutcome, Dropped, Outcome};

use super::bisect::strict;
use super::body::contains;
use super::stage::{
    BACKENDS, LILYPAD, OPIK, OTLP, OTLP_JSON, OTLP_OPIK, ROWS, Sent, Stage, asks, calls, status,
};

/// The statuses that mean one of these, of those that there are.
fn codes(stage: &Stage, wanted: &[Meaning]) -> Vec<u16> {
    let mut codes: Vec<u16> = (200..600).collect();
    codes.retain(|code| wanted.contains(&stage.meaning(*code)));
    codes
}

#[test]
fn every_api_has_its_backend_here() {
    for (backend, api) in BACKENDS.iter().zip(&APIS) {
        let stage = Stage::with(backend, "{}");
        let own = BackendApi::of(&stage.gateway.config().backends[0]).unwrap();
        assert!(core::ptr::eq(own, api), "{backend}");
    }
}

#[test]
fn an_answer_means_what_the_backend_means_by_it() {
    use Meaning::{Later, Refused, Split, Stop, Stored, There, Unclear, Wait};
    let opik = [
        Stored, Stop, Split, Stop, Stop, Stop, Later, There, Split, Split, Wait, Wait, Later,
        Later, Later,
    ];
    let otlp = [
        Stored, Stop, Split, Stop, Stop, Stop, Refused, Stop, Split, Split, Refused, Wait, Refused,
        Refused, Later,
    ];
    let lilypad = [
        Stored, Stop, Stop, Stop, Stop, Stop, Later, Stop, Split, Split, Wait, Wait, Unclear,
        Later, Later,
    ];
    let codes = [
        200, 301, 400, 401, 403, 404, 408, 409, 413, 422, 425, 429, 500, 501, 503,
    ];
    let rows = [
        (OPIK, opik),
        (OTLP, otlp),
        (OTLP_JSON, otlp),
        (OTLP_OPIK, opik),
        (LILYPAD, lilypad),
    ];
    for (backend, wanted) in rows {
        let stage = Stage::with(backend, "{}");
        assert_eq!(codes.map(|code| stage.meaning(code)), wanted, "{backend}");
    }
    // The specification of OTLP names those that may be sent again; the others are of proxies that did not reach it.
    let stage = Stage::with(OTLP, "{}");
    let again: Vec<u16> = self::codes(&stage, &[Wait, Later]);
    assert_eq!(again[..4], [429, 502, 503, 504]);
    assert!(again[4..].iter().all(|code| (520..600).contains(code)));
}

#[test]
fn a_body_stays_the_same_until_it_is_accepted() {
    for backend in BACKENDS {
        let again = codes(
            &Stage::with(backend, "{}"),
            &[Meaning::Wait, Meaning::Later],
        );
        let outcomes = again.into_iter().map(status).chain([Outcome::Lost]);
        for outcome in outcomes {
            let mut stage = Stage::with(backend, r#"{"batch_spans": 2}"#);
            stage.mint(2);
            let first = stage.sent();
            stage.settle(first.id, outcome);
            stage.mint(2);
            let second = stage.next();
            assert_eq!(
                (second.path, &second.body),
                (first.path, &first.body),
                "{outcome:?}"
            );
            stage.answer(&second, 200);
            stage.drain();
            let counters = stage.counters();
            assert_eq!(
                (counters.exported, counters.queued),
                (4, 0),
                "{backend} {outcome:?}"
            );
            assert_eq!(counters.calls.of(CallOutcome::Retry), 1);
        }
    }
}

#[test]
fn a_pause_that_the_backend_asks_for_is_kept() {
    for backend in BACKENDS {
        for code in [429, 502, 503, 504] {
            let mut stage = Stage::with(backend, r#"{"batch_spans": 1}"#);
            stage.joined("0");
            let sent = stage.sent();
            let before = stage.now;
            stage.settle(sent.id, asks(code, &[(b"retry-after", b"7")]));
            stage.next();
            let pause = (stage.now.0 - before.0) / 1_000_000;
            assert!(
                (7_250..=7_500).contains(&pause),
                "{backend} {code}: {pause}"
            );
        }
    }
}

#[test]
fn every_bad_span_is_found_and_costs_no_other() {
    for backend in BACKENDS {
        for code in codes(&Stage::with(backend, "{}"), &[Meaning::Split]) {
            let mut stage = Stage::with(backend, r#"{"batch_spans": 13}"#);
            stage.mint(13);
            let bad = ["0", "7", "12"].map(str::to_owned);
            let stored = strict(&mut stage, code, |sent| {
                sent.path != ROWS && sent.names().iter().any(|name| bad.contains(name))
            });
            assert!(stored.values().all(|times| *times == 1), "{stored:?}");
            let spans = stored.keys().filter(|(path, _)| *path != ROWS);
            assert_eq!(spans.count(), 10, "{backend}");
            assert_eq!(stage.dropped(Dropped::Refused), 3);
            assert_eq!(stage.counters().exported, 10);
        }
    }
}

#[test]
fn halves_hold_the_same_items_and_begin_and_end_as_the_whole_did() {
    for backend in BACKENDS {
        let code = codes(&Stage::with(backend, "{}"), &[Meaning::Split])[0];
        let mut stage = Stage::with(backend, r#"{"batch_spans": 5}"#);
        stage.mint(3);
        stage.joined("3");
        stage.minted("4");
        let mut whole = stage.sent();
        if whole.path == ROWS {
            stage.answer(&whole, 204);
            whole = stage.sent();
        }
        stage.answer(&whole, code);
        let halves = stage.drain();
        assert_eq!(halves.len(), 2, "{backend}");
        let items: Vec<_> = halves.iter().flat_map(Sent::items).collect();
        assert_eq!(items, whole.items(), "{backend}");
        assert_eq!(
            halves.iter().flat_map(Sent::ids).collect::<Vec<_>>(),
            whole.ids()
        );
    }
}

#[test]
fn a_refusal_of_everything_stops_and_is_asked_about_again() {
    for backend in BACKENDS {
        for code in codes(&Stage::with(backend, "{}"), &[Meaning::Stop]) {
            let mut stage = Stage::with(backend, r#"{"batch_spans": 1, "backoff_max_ms": 30000}"#);
            let accepting = stage.availability();
            stage.joined("0");
            let sent = stage.sent();
            stage.answer(&sent, code);
            assert_eq!(
                stage.availability(),
                Availability::Stopped,
                "{backend} {code}"
            );
            stage.wait(29_999);
            assert_eq!(stage.poll(), None);
            stage.wait(1);
            let again = stage.sent();
            assert_eq!(again.body, sent.body);
            stage.answer(&again, 200);
            assert_eq!(stage.availability(), accepting);
            assert_eq!(stage.counters().exported, 1);
        }
    }
}

#[test]
fn what_must_not_be_sent_again_is_dropped_at_once_and_stops_nothing() {
    for backend in [OTLP, OTLP_JSON] {
        for code in codes(&Stage::with(backend, "{}"), &[Meaning::Refused]) {
            let mut stage = Stage::with(backend, r#"{"batch_spans": 3}"#);
            let accepting = stage.availability();
            stage.mint(5);
            let sent = stage.sent();
            stage.answer(&sent, code);
            assert_eq!(stage.dropped(Dropped::Refused), 3, "{code}");
            assert_eq!(stage.counters().calls, calls(0, 0, 0, 1));
            assert_eq!(stage.availability(), accepting);
            stage.leave();
            assert_eq!(stage.sent().names(), ["3", "4"], "and nothing waits for it");
        }
    }
}

/// A backend whose spans are carried, as a gateway with this name and this resource writes them.
fn gateway(backend: &str, service: &str) -> Stage {
    let mut backend = backend.replacen('{', r#"{"via": "queue", "#, 1);
    if !backend.contains(r#""opik""#) || backend.contains("dialect") {
        let resource = format!(r#"{{"resource": {{"deployment": "by {service}"}}, "#);
        backend = backend.replacen('{', &resource, 1);
    }
    let document = format!(r#"{{"service": "{service}", "backend": {backend}}}"#);
    Stage::in_host(&document, Host::Worker)
}

/// The one parcel of a gateway that has had so many spans.
fn packed(backend: &str, spans: usize) -> (Vec<u8>, Vec<Sent>) {
    let [mut direct, mut stage] = ["maker", "maker"].map(|name| gateway(backend, name));
    for stage in [&mut direct, &mut stage] {
        stage.mint(spans);
        stage.leave();
    }
    let sent = stage.sent();
    let parcel = stage.gateway.message(sent.id).unwrap();
    stage.settle(sent.id, Outcome::Taken);
    assert_eq!(stage.counters().exported, spans as u64);
    (parcel, direct.drain())
}

#[test]
fn what_is_carried_is_what_would_have_been_sent() {
    for backend in BACKENDS {
        let (parcel, direct) = packed(backend, 7);
        let mut other = gateway(backend, "other");
        other.consume(&parcel, 0);
        let bodies = |sent: Vec<Sent>| -> Vec<_> {
            sent.into_iter()
                .map(|sent| (sent.path, sent.reads_response, sent.body))
                .collect()
        };
        assert_eq!(bodies(other.drain()), bodies(direct), "{backend}");
        assert_eq!(other.counters().exported, 7);
    }
}

#[test]
fn a_bad_item_is_found_on_the_other_side_in_bodies_that_are_still_the_makers() {
    for backend in BACKENDS {
        let (parcel, _) = packed(backend, 9);
        let mut other = gateway(backend, "other and with a much longer name");
        let code = codes(&other, &[Meaning::Split])[0];
        other.consume(&parcel, 0);
        let mut stored: BTreeMap<String, u32> = BTreeMap::new();
        while let Some(sent) = other.poll() {
            assert_eq!(
                contains(&sent.body, b"by maker"),
                sent.path != ROWS && backend != OPIK
            );
            assert!(!contains(&sent.body, b"by other"));
            let names = sent.names();
            if sent.path == ROWS {
                other.answer(&sent, 200);
            } else if names.contains(&"4".to_owned()) {
                other.answer(&sent, code);
            } else {
                names
                    .into_iter()
                    .for_each(|name| *stored.entry(name).or_default() += 1);
                other.answer(&sent, 200);
            }
        }
        let wanted = [0, 1, 2, 3, 5, 6, 7, 8].map(|name| (name.to_string(), 1));
        assert_eq!(stored, BTreeMap::from(wanted), "{backend}");
        assert_eq!(other.dropped(Dropped::Refused), 1);
        assert_eq!(other.counters().exported, 8);
    }
}
