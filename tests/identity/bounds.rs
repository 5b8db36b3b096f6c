//! Times inside ids, to the millisecond, and what travels beside ids.

use gatespan::TraceRow;
use serde_json::json;

use crate::{NOW, OpikId, Time, pass};

const SECOND: i64 = 1_000;
const DAY: i64 = 24 * 3_600 * SECOND;

fn dated(age: i64) -> OpikId {
    OpikId::mint(
        Time::from_millis(NOW.millis().saturating_add_signed(age)),
        [0x5a; 10],
    )
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn opik() -> serde_json::Value {
    json!({ "backend": { "kind": "opik", "url": "http://opik.test", "cluster": "opik" } })
}

/// Law 3a: a trace id with a time in it is taken for Opik's as it is, if that time is near.
#[test]
fn a_trace_id_is_opiks_own_within_a_day() {
    for (age, kept, why) in [
        (0, true, "now"),
        (-DAY, true, "a day ago"),
        (-DAY - 1, false, "and a millisecond"),
        (-3 * DAY, false, "days ago"),
        (60 * SECOND, true, "clocks differ by a minute"),
        (
            60 * SECOND + 1,
            false,
            "and no more: Opik takes no id of the future",
        ),
        (DAY, false, "tomorrow"),
    ] {
        let id = dated(age);
        let value = format!("00-{}-00f067aa0ba902b7-01", text(&id.as_trace().hex()));
        let came = [(b"traceparent".to_vec(), value.into_bytes())];
        let place = pass(&opik(), &came, NOW, [7; 20])
            .unwrap()
            .own
            .unwrap()
            .opik
            .unwrap();
        assert_eq!(place.trace == id, kept, "{why}");
        let at_its_time = TraceRow::OursAt(Time::from_millis(id.millis()));
        assert_eq!(
            place.row,
            if kept { at_its_time } else { TraceRow::Ours },
            "{why}"
        );
    }
}

/// Law 11: an id of the future is none, however old one may be.
#[test]
fn an_opik_id_is_of_the_past_or_of_this_minute() {
    for (age, joined, why) in [
        (0, true, "now"),
        (-1000 * DAY, true, "years ago"),
        (60 * SECOND, true, "clocks differ by a minute"),
        (60 * SECOND + 1, false, "and no more"),
        (600 * SECOND, false, "ten minutes"),
    ] {
        let value = dated(age).dashed().to_vec();
        let came = [(b"opik_trace_id".to_vec(), value)];
        let place = pass(&opik(), &came, NOW, [7; 20])
            .unwrap()
            .own
            .unwrap()
            .opik
            .unwrap();
        assert_eq!(place.row == TraceRow::NotOurs, joined, "{why}");
    }
}

/// What travels beside the ids is others' business, but a control character is nobody's.
#[test]
fn a_rider_with_a_control_character_goes_nowhere() {
    for (name, value, goes) in [
        ("opik_project_name", "theirs", true),
        ("opik_project_name", "th\teirs", true),
        ("opik_project_name", "th\reirs", false),
        ("opik_thread_id", "a\u{7f}", false),
        ("opik-tags", "a\n", false),
    ] {
        let came = [(name.as_bytes().to_vec(), value.as_bytes().to_vec())];
        for document in [opik(), json!({})] {
            let upstream = pass(&document, &came, NOW, [7; 20]).unwrap().upstream;
            let found = upstream.iter().any(|header| *header == came[0]);
            assert_eq!(found, goes, "{name}: {}", value.escape_debug());
            let twice = [came[0].clone(), (came[0].0.clone(), b"good".to_vec())];
            let upstream = pass(&document, &twice, NOW, [7; 20]).unwrap().upstream;
            let found = upstream.iter().any(|(other, _)| *other == came[0].0);
            assert_eq!(found, goes, "a good copy does not save {name}");
        }
    }
}
