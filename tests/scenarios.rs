//! The scenario table, driven in process. The same rows are driven through real hosts; a row that fails here is a fault
//! of the core.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    missing_docs,
    unreachable_pub,
    reason = "a test says what is wrong by panicking"
)]

#[path = "laws/apply.rs"]
mod apply;
#[path = "scenarios/pattern.rs"]
mod pattern;

use std::collections::BTreeMap;

use gatespan::config::Host;
use gatespan::policy::Peer;
use gatespan::{
    Admission, Config, End, EndKind, Export, Gate, Headers, OpikId, Refusal, Request, Span, Time,
    TraceRow, Word,
};
use pattern::{Bound, filled};
use serde_json::Value;

const NOW: Time = Time::from_millis(1_772_446_530_125);

#[test]
fn every_row_of_the_table_holds() {
    let table: Value = serde_json::from_str(include_str!("scenarios/table.json")).unwrap();
    let mut ids: BTreeMap<String, String> = table["ids"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(k, v)| (k.clone(), text(v)))
        .collect();
    let fresh = OpikId::mint(Time::from_millis(NOW.millis() - 3_600_000), [0x5a; 10]);
    ids.insert("NOW".into(), ascii(&fresh.dashed()));
    let rows = table["rows"].as_array().unwrap();
    let failures: Vec<String> = rows
        .iter()
        .filter_map(|row| check(row, &ids).err())
        .collect();
    assert!(
        failures.is_empty(),
        "{} of {} rows fail:\n\n{}",
        failures.len(),
        rows.len(),
        failures.join("\n\n")
    );
}

/// One row; the error says what came out instead.
fn check(row: &Value, ids: &BTreeMap<String, String>) -> Result<(), String> {
    let lines = |value: &Value| -> Vec<String> {
        value
            .as_array()
            .into_iter()
            .flatten()
            .map(|line| filled(&text(line), ids))
            .collect()
    };
    let fail = |what: &str, wanted: &dyn std::fmt::Debug, found: &dyn std::fmt::Debug| {
        Err(format!(
            "{} ({})\n  {what}\n  wanted {wanted:#?}\n  found {found:#?}",
            text(&row["name"]),
            text(&row["why"])
        ))
    };
    let gate = Gate::new(config(row));
    let came: Vec<(Vec<u8>, Vec<u8>)> = lines(&row["request"]["headers"])
        .iter()
        .map(|line| split(line))
        .collect();
    let pairs: Vec<(&[u8], &[u8])> = came
        .iter()
        .map(|(n, v)| (n.as_slice(), v.as_slice()))
        .collect();
    let request = &row["request"];
    let field = |name: &str, default: &str| request[name].as_str().unwrap_or(default).to_owned();
    let (method, path, host) = (
        field("method", "GET"),
        field("path", "/"),
        field("host", "localhost"),
    );
    let admission = gate.admit(
        &Request {
            method: method.as_bytes(),
            path: path.as_bytes(),
            host: host.as_bytes(),
            headers: Headers::new(&pairs),
            peer: Peer {
                address: field("peer", "127.0.0.1").parse().ok(),
                names: &[],
            },
            route: None,
            rule: request["rule"].as_str().map(str::as_bytes),
        },
        Export::Accepting(gate.config().receives()),
        NOW,
        &core::array::from_fn(|index| 17 + 7 * index as u8),
    );
    let pass = match admission {
        Admission::Refuse(refusal) => {
            let (found, wanted) = (refused(refusal), &row["refused"]);
            return if found == *wanted {
                Ok(())
            } else {
                fail("the refusal", wanted, &found)
            };
        }
        Admission::Pass(_) if !row["refused"].is_null() => {
            return fail("the refusal", &row["refused"], &"a pass");
        }
        Admission::Pass(pass) => pass,
    };

    let mut bound = Bound::default();
    let upstream = apply::apply(&came, &pass.edits);
    let ours = |line: &String| !line.starts_with("x-tenant") && !line.starts_with("x-internal");
    let found: Vec<String> = upstream
        .iter()
        .map(|(n, v)| line(n, v))
        .filter(ours)
        .collect();
    let wanted = lines(&row["upstream"]);
    if !same(&wanted, &found, &mut bound) {
        return fail("upstream", &wanted, &found);
    }
    if let Some(gone) = row["gone"][0]
        .as_str()
        .filter(|gone| upstream.iter().any(|(n, _)| n == gone.as_bytes()))
    {
        return fail("gone", &gone, &"still there");
    }
    let end = End {
        status: Some(200),
        grpc_status: None,
        kind: EndKind::Complete,
        request_bytes: None,
        response_bytes: None,
    };
    let found = pass
        .span
        .map(|open| written(&open.close(gate.config(), end, NOW)))
        .unwrap_or_default();
    let wanted = lines(&row["written"]);
    if !same(&wanted, &found, &mut bound) {
        return fail("written", &wanted, &found);
    }
    let found = pass.unrecorded.map(Word::word);
    if found != row["unrecorded"].as_str() {
        return fail("unrecorded", &row["unrecorded"], &found);
    }
    let exposed = row["exposed"].as_str().map(|id| filled(id, ids));
    if pass.exposed != exposed {
        return fail("exposed", &exposed, &pass.exposed);
    }
    if let (Some(made), Some(of)) = (row["alike"][0].as_str(), row["alike"][1].as_str()) {
        let (made, of) = (bound.id(made).unwrap(), &ids[of]);
        assert_eq!(made[24..], of[20..], "both ids end alike");
    }
    Ok(())
}

/// The row's configuration with the backends that it names.
fn config(row: &Value) -> Config {
    let mut document = row["config"].as_object().cloned().unwrap_or_default();
    let backend = |kind: &str| match kind {
        "opik" => {
            serde_json::json!({ "kind": "opik", "url": "http://opik.test/api", "cluster": "opik" })
        }
        _ => serde_json::json!({ "kind": "otlp", "url": "http://otlp.test", "cluster": "otlp" }),
    };
    let kinds = text(&row["backend"]);
    let backends: Vec<Value> = kinds
        .split(' ')
        .filter(|kind| *kind != "none")
        .map(backend)
        .collect();
    if !backends.is_empty() {
        document.insert("backends".into(), backends.into());
    }
    let env = |name: &str| (name == "GATE_SECRET").then(|| "open-sesame".to_owned());
    Config::parse(&Value::from(document).to_string(), Host::Envoy, &env)
        .unwrap_or_else(|faults| panic!("{}: {faults:?}", text(&row["name"])))
}

/// What every backend would be told, a line a fact.
fn written(span: &Span<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let own = span.own();
    if let Some(place) = own.opik {
        let trace = ascii(&place.trace.dashed());
        match place.row {
            TraceRow::NotOurs => {}
            TraceRow::Ours => lines.push(format!("opik row {trace}")),
            TraceRow::OursAt(time) => {
                assert_eq!(
                    time.millis(),
                    place.trace.millis(),
                    "the time inside the id"
                );
                lines.push(format!("opik row {trace} at its own time"));
            }
        }
        let under = place
            .parent
            .map(|id| format!(" under {}", ascii(&id.dashed())))
            .unwrap_or_default();
        lines.push(format!(
            "opik span {} in {trace}{under}",
            ascii(&own.id.dashed())
        ));
    }
    if let Some(place) = own.otel {
        let under = place
            .parent
            .map(|id| format!(" under {}", ascii(&id.hex())))
            .unwrap_or_default();
        lines.push(format!(
            "otlp span {} in {}{under}",
            ascii(&own.id.as_span().hex()),
            ascii(&place.trace.hex())
        ));
    }
    let says = |key: &str| {
        span.attributes()
            .find(|attribute| attribute.key.to_string() == key)
            .map(|attribute| attribute.value.to_string())
    };
    let word = if span.client().linked {
        "link"
    } else {
        "client"
    };
    for [trace, parent] in [
        ["gatespan.client.trace_id", "gatespan.client.span_id"],
        [
            "gatespan.client.opik_trace_id",
            "gatespan.client.opik_parent_span_id",
        ],
    ] {
        if let Some(trace) = says(trace) {
            lines.push(format!(
                "{word} {trace} {}",
                says(parent).unwrap_or_default()
            ));
        }
    }
    for name in ["fault", "conflict", "decision"] {
        lines.extend(says(&format!("gatespan.{name}")).map(|value| format!("{name} {value}")));
    }
    lines
}

fn refused(refusal: Refusal) -> Value {
    let body: Value = serde_json::from_str(&refusal.body()).expect("the body is JSON");
    assert_eq!(body["type"], "about:blank");
    assert_eq!(
        refusal.code_details(),
        format!("gatespan_{}", text(&body["fault"]))
    );
    serde_json::json!({ "status": body["status"], "fault": body["fault"], "detail": body["detail"] })
}

/// Whether the lines are those that are wanted, in any order.
fn same(wanted: &[String], found: &[String], bound: &mut Bound) -> bool {
    let mut left: Vec<&String> = found.iter().collect();
    wanted.iter().all(|wanted| {
        let name = |line: &str| line.split([':', ' ']).next().map(str::to_owned);
        let at = left
            .iter()
            .position(|line| name(line) == name(wanted) && bound.matches(wanted, line));
        at.map(|at| left.remove(at)).is_some()
    }) && left.is_empty()
}

fn split(line: &str) -> (Vec<u8>, Vec<u8>) {
    let (name, value) = line.split_once(": ").expect("a header line");
    (name.into(), value.into())
}

fn line(name: &[u8], value: &[u8]) -> String {
    format!("{}: {}", ascii(name).to_ascii_lowercase(), ascii(value))
}

fn ascii(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("only ASCII goes out")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
