//! The rules of Opik's fields. A backend refuses the whole batch for one item that breaks one.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::sent::Written;

/// Fields of both, of a span alone, and of a row alone, with what each has to be.
type Rule = (&'static str, bool, fn(&Value) -> bool);
const BOTH: &[Rule] = &[
    ("id", true, is_v7),
    ("project_name", false, is_filled),
    ("name", true, is_filled),
    ("start_time", true, is_moment),
    ("end_time", true, is_moment),
    ("last_updated_at", true, is_moment),
    ("source", true, |value| value == "sdk"),
    ("metadata", true, Value::is_object),
    ("tags", false, are_unique),
    ("error_info", false, is_failure),
];
const SPAN: &[Rule] = &[
    ("trace_id", true, is_v7),
    ("parent_span_id", false, is_v7),
    ("type", true, |value| {
        ["general", "tool", "llm", "guardrail"].contains(&value.as_str().unwrap())
    }),
    ("model", false, is_filled),
    ("provider", false, is_filled),
    ("usage", false, are_counts),
    ("ttft", false, is_amount),
    ("total_estimated_cost", false, is_amount),
];
const ROW: &[Rule] = &[("thread_id", false, is_filled)];

/// Holds everything that was written against the rules.
pub fn hold(written: &Written) {
    for row in &written.rows {
        item(row, ROW);
    }
    for span in &written.spans {
        item(span, SPAN);
        // One project for a trace, and the same end.
        for row in written
            .rows
            .iter()
            .filter(|row| row["id"] == span["trace_id"])
        {
            for key in ["project_name", "name", "start_time", "end_time", "metadata"] {
                assert_eq!(row[key], span[key], "{key}");
            }
        }
    }
}

fn item(item: &Value, own: &[Rule]) {
    let fields: &Map<String, Value> = item.as_object().unwrap();
    let rules = || BOTH.iter().chain(own);
    for (key, is_required, _) in rules() {
        assert!(!is_required || fields.contains_key(*key), "{key}: {item}");
    }
    for (key, value) in fields {
        let (.., is_right) = rules()
            .find(|(known, ..)| known == key)
            .unwrap_or_else(|| panic!("{key} is no field: {item}"));
        assert!(is_right(value), "{key}: {value}");
    }
    assert!(fields["start_time"].as_str() <= fields["end_time"].as_str());
}

fn is_v7(value: &Value) -> bool {
    let id = value.as_str().unwrap();
    let is_dash = |at| matches!(at, 8 | 13 | 18 | 23);
    id.len() == 36
        && id.bytes().enumerate().all(|(at, byte)| match byte {
            b'-' => is_dash(at),
            byte => !is_dash(at) && matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
        && &id[14..15] == "7"
        && "89ab".contains(&id[19..20])
}

fn is_filled(value: &Value) -> bool {
    !value.as_str().unwrap().trim().is_empty()
}

/// With microseconds and Z.
fn is_moment(value: &Value) -> bool {
    let shape: String = value.as_str().unwrap().bytes().map(kind).collect();
    shape == "0000-00-00T00:00:00.000000Z"
}

fn kind(byte: u8) -> char {
    char::from(if byte.is_ascii_digit() { b'0' } else { byte })
}

fn are_unique(value: &Value) -> bool {
    let tags = value.as_array().unwrap();
    let distinct: BTreeSet<&str> = tags.iter().map(|tag| tag.as_str().unwrap()).collect();
    distinct.len() == tags.len() && tags.len() <= 50
}

/// At least one, each of 32 bits.
fn are_counts(value: &Value) -> bool {
    let mut counts = value.as_object().unwrap().values();
    let is_count = |count: &Value| {
        count
            .as_i64()
            .is_some_and(|count| i32::try_from(count).is_ok())
    };
    counts.len() > 0 && counts.all(is_count)
}

fn is_amount(value: &Value) -> bool {
    value.as_f64().is_some_and(|amount| amount >= 0.0)
}

fn is_failure(value: &Value) -> bool {
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    keys == ["exception_type", "message", "traceback"]
        && ["exception_type", "message", "traceback"]
            .iter()
            .all(|key| is_filled(&value[key]))
}
