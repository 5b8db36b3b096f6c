//! The scenario table, driven in process. The same rows are driven through real hosts; a row that fails here is a fault
//! of the core.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    missing_docs,
    unreachable_pub,
    reason = "a test says what is wrong by panicking"
)]

#[path = "laws/apply.rs"]
mod apply;
#[path = "scenarios/pattern.rs"]
mod pattern;

use std::collections::BTreeMap;

use gatespan::Peer;
use gatespan::config::Host;
use gatespan::{
    Availability, Config, End, EndKind, Gate, Headers, OpikId, OwnIds, Rejection, Request, Span,
    Time, TraceRow, Word,
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
    let soon = OpikId::mint(Time::from_millis(NOW.millis() + 3_600_000), [0x5b; 10]);
    ids.insert("SOON".into(), ascii(&soon.dashed()));
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

/// What came of a row, as lines.
#[derive(Default)]
struct Outcome {
    refused: Vec<String>,
    upstream: Vec<String>,
    written: Vec<String>,
    unrecorded: Vec<String>,
    exposed: Vec<String>,
}

/// One row; the error says what came out instead.
fn check(row: &Value, ids: &BTreeMap<String, String>) -> Result<(), String> {
    let lines = |name: &str| -> Vec<String> {
        let one = row[name].as_str().map(|line| filled(line, ids));
        let list = row[name]
            .as_array()
            .into_iter()
            .flatten()
            .map(|line| filled(&text(line), ids));
        let object = row[name].as_object().map(|_| row[name].to_string());
        one.into_iter().chain(list).chain(object).collect()
    };
    let sent: Vec<String> = array(&row["request"]["headers"])
        .iter()
        .map(|line| filled(&text(line), ids))
        .collect();
    let outcome = drive(row, &sent);
    let mut bound = Bound::default();
    let (gone, everything) = (lines("gone"), &outcome.upstream);
    let trace = |line: &&String| !line.starts_with("x-") || line.starts_with("x-b3-");
    let still_there = everything
        .iter()
        .filter(|line| gone.iter().any(|name| line.starts_with(name)));
    for (what, wanted, found) in [
        ("refused", lines("refused"), outcome.refused),
        (
            "upstream",
            lines("upstream"),
            everything.iter().filter(trace).cloned().collect(),
        ),
        ("written", lines("written"), outcome.written),
        ("unrecorded", lines("unrecorded"), outcome.unrecorded),
        ("exposed", lines("exposed"), outcome.exposed),
        ("gone", Vec::new(), still_there.cloned().collect()),
    ] {
        if !same(&wanted, &found, &mut bound) {
            let row = format!("{} ({})", text(&row["name"]), text(&row["why"]));
            return Err(format!(
                "{row}\n  {what}: wanted {wanted:#?}\n  found {found:#?}"
            ));
        }
    }
    if let [made, of] = array(&row["alike"]) {
        let (made, of) = (bound.id(&text(made)).unwrap(), &ids[&text(of)]);
        assert_eq!(made[24..], of[20..], "both ids end alike");
    }
    Ok(())
}

/// Sends a row's request through the gate.
fn drive(row: &Value, lines: &[String]) -> Outcome {
    let gate = Gate::new(config(row));
    let came: Vec<(Vec<u8>, Vec<u8>)> = lines.iter().map(|line| split(line)).collect();
    let pairs: Vec<(&[u8], &[u8])> = came
        .iter()
        .map(|(n, v)| (n.as_slice(), v.as_slice()))
        .collect();
    let field =
        |name: &str, default: &str| row["request"][name].as_str().unwrap_or(default).to_owned();
    let (method, path, host) = (
        field("method", "GET"),
        field("path", "/"),
        field("host", "localhost"),
    );
    let names: Vec<&[u8]> = array(&row["request"]["names"])
        .iter()
        .filter_map(|name| Some(name.as_str()?.as_bytes()))
        .collect();
    let request = Request {
        method: method.as_bytes(),
        scheme: b"https",
        path: path.as_bytes(),
        host: host.as_bytes(),
        headers: Headers::new(&pairs),
        peer: Peer {
            address: field("peer", "127.0.0.1").parse().ok(),
            names: &names,
            is_verified: row["request"]["verified"] != false,
        },
        route: row["request"]["route"].as_str().map(str::as_bytes),
        rule: row["request"]["rule"].as_str().map(str::as_bytes),
        continues: None,
        has_body: false,
    };
    let export = export(row, &gate);
    let entropy = core::array::from_fn(|index| 17 + 7 * index as u8);
    match gate.decide(&request, None, export, NOW, || Some(entropy)) {
        Err(rejection) => Outcome {
            refused: vec![refused(rejection)],
            ..Outcome::default()
        },
        Ok(pass) => Outcome {
            refused: Vec::new(),
            upstream: apply::apply(&came, &pass.edits)
                .iter()
                .map(|(n, v)| line(n, v))
                .collect(),
            written: pass
                .span
                .map(|open| written(&gate.close(open, END, NOW)))
                .unwrap_or_default(),
            unrecorded: pass
                .unrecorded
                .map(|reason| reason.word().to_owned())
                .into_iter()
                .collect(),
            exposed: pass.exposed.into_iter().collect(),
        },
    }
}

fn export(row: &Value, gate: &Gate) -> Availability {
    match row["export"].as_str() {
        Some("queue_full") => Availability::QueueFull,
        Some("stopped") => Availability::Stopped,
        _ => Availability::Accepting(gate.config().receives()),
    }
}

const END: End = End {
    status: Some(200),
    grpc_status: None,
    kind: EndKind::Complete,
    request_bytes: None,
    response_bytes: None,
};

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
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
    let mut said = BTreeMap::new();
    span.attributes(&mut |one| drop(said.insert(one.key.to_string(), one.value.to_string())));
    let says = |key: &str| said.get(key).cloned();
    let mut lines = placed(span.own());
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
        let parent = says(parent).unwrap_or_default();
        lines.extend(says(trace).map(|trace| format!("{word} {trace} {parent}")));
    }
    for name in ["fault", "conflict", "decision"] {
        lines.extend(says(&format!("gatespan.{name}")).map(|value| format!("{name} {value}")));
    }
    lines
}

/// Where the span hangs.
fn placed(own: OwnIds) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(place) = own.opik {
        let trace = ascii(&place.trace.dashed());
        let under = place
            .parent
            .map(|id| format!(" under {}", ascii(&id.dashed())));
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
        lines.push(format!(
            "opik span {} in {trace}{}",
            ascii(&own.id.dashed()),
            under.unwrap_or_default()
        ));
    }
    if let Some(place) = own.otel {
        let under = place
            .parent
            .map(|id| format!(" under {}", ascii(&id.hex())));
        let (id, trace) = (ascii(&own.id.as_span().hex()), ascii(&place.trace.hex()));
        lines.push(format!(
            "otlp span {id} in {trace}{}",
            under.unwrap_or_default()
        ));
    }
    lines
}

fn refused(rejection: Rejection) -> String {
    let body: Value = serde_json::from_str(&rejection.body()).expect("the body is JSON");
    assert_eq!(body["type"], "about:blank");
    assert_eq!(
        rejection.code_details(),
        format!("gatespan_{}", text(&body["fault"]))
    );
    serde_json::json!({ "status": body["status"], "fault": body["fault"], "detail": body["detail"] }).to_string()
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
