//! The read-back: what was accepted, refused and requested, as JSON.

use core::time::Duration;

use serde_json::{Map, Value, json};

use crate::http::{Request, Response};
use crate::server::Shared;
use crate::store::{Counters, Row, SYSTEMS, State, Table, bits};
use crate::tree;

mod overview;

/// The longest time that `/read/wait` waits, and its default.
const LONGEST: u64 = 60_000;
const USUAL: u64 = 5_000;
type Read = fn(&Request, &State) -> Response;

const READS: [(&str, Read); 10] = [
    ("/read/traces", |request, state| {
        rows(request, &state.traces, "traces")
    }),
    ("/read/spans", |request, state| {
        rows(request, &state.spans, "spans")
    }),
    ("/read/otlp", |request, state| {
        rows(request, &state.otlp, "spans")
    }),
    ("/read/lilypad", lilypad),
    ("/read/tree", tree),
    ("/read/refused", |_, state| {
        Response::json(200, &json!({ "refused": state.refused.to_json() }))
    }),
    ("/read/requests", |_, state| {
        Response::json(200, &json!({ "requests": state.requests.to_json() }))
    }),
    ("/read/holding", holding),
    ("/read/counters", |_, state| {
        let none = Counters::default();
        let count = |system| state.counters.get(&system).unwrap_or(&none).to_json();
        let counters: Value = SYSTEMS
            .iter()
            .map(|system| (system.word(), count(*system)))
            .collect();
        Response::json(200, &counters)
    }),
    ("/read/overview", |_, state| {
        Response::json(200, &overview::of(state))
    }),
];

pub(crate) fn response(request: &Request, shared: &Shared) -> Response {
    if request.path == "/read/wait" {
        return wait(request, shared);
    }
    let read = READS.iter().find(|(path, _)| *path == request.path);
    read.map_or_else(
        || {
            Response::json(
                404,
                &json!({ "code": 404, "message": "HTTP 404 Not Found" }),
            )
        },
        |(_, read)| read(request, &shared.store.read()).with("cache-control", "no-store"),
    )
}

/// Whether a row belongs to the requested trace, if there is one.
fn wanted(request: &Request, row: &Row) -> bool {
    request
        .asked("trace")
        .is_none_or(|trace| row.bits() == bits(trace))
}

fn shown(request: &Request, table: &Table) -> Value {
    let rows = table.iter().filter(|row| wanted(request, row));
    rows.map(Row::shown).collect()
}

fn rows(request: &Request, table: &Table, name: &str) -> Response {
    Response::json(200, &json!({ name: shown(request, table) }))
}

/// `spans` that were stored, and spans that were `lost` although the response was 200.
fn lilypad(request: &Request, state: &State) -> Response {
    let spans = shown(request, &state.lilypad);
    Response::json(
        200,
        &json!({ "spans": spans, "lost": state.lost.to_json() }),
    )
}

/// The `requests` whose head or body contains the `word`, byte for byte.
fn holding(request: &Request, state: &State) -> Response {
    match request.asked("word").filter(|word| !word.is_empty()) {
        Some(word) => Response::json(200, &state.raw.holding(word.as_bytes())),
        None => Response::json(400, &json!({ "code": 400, "message": "word: is required" })),
    }
}

/// `trace`: its row, or null; `spans`: of all systems or of the requested one, nested, or with `shape=flat` in reading order, each
/// with a `depth`.
fn tree(request: &Request, state: &State) -> Response {
    let Some(id) = request.asked("trace") else {
        return Response::json(
            400,
            &json!({ "code": 400, "message": "trace: is required" }),
        );
    };
    let (traces, placed) = tree::of(state, id, request.asked("system"));
    let spans = if request.asked("shape") == Some("flat") {
        let flat = placed.iter().map(|span| {
            let mut shown = span.shown();
            shown
                .as_object_mut()
                .into_iter()
                .for_each(|span_| drop(span_.insert("depth".to_owned(), span.depth.into())));
            shown
        });
        flat.collect()
    } else {
        tree::nest(&placed)
    };
    let trace = traces.last().map(|row| row.shown());
    Response::json(200, &json!({ "trace": trace, "spans": spans }))
}

/// Responds with 200 as soon as there are enough rows, or with 504 after `ms` milliseconds.
fn wait(request: &Request, shared: &Shared) -> Response {
    let number = |name| {
        request
            .asked(name)
            .and_then(|text| text.parse::<u64>().ok())
    };
    let names = ["traces", "spans", "otlp", "lilypad"];
    let least = names.map(|name| number(name).unwrap_or(0));
    let longest = Duration::from_millis(number("ms").unwrap_or(USUAL).min(LONGEST));
    let count = |table: &Table| {
        u64::try_from(table.iter().filter(|row| wanted(request, row)).count()).unwrap_or(0)
    };
    let (reached, found) = shared.store.wait(longest, |state| {
        let tables = [&state.traces, &state.spans, &state.otlp, &state.lilypad];
        let counts = tables.map(count);
        let enough = counts
            .iter()
            .zip(&least)
            .all(|(count, least)| count >= least);
        (shared.ends() || enough, counts)
    });
    let status = if reached { 200 } else { 504 };
    let mut told: Map<String, Value> = names
        .iter()
        .zip(found)
        .map(|(name, count)| ((*name).to_owned(), count.into()))
        .collect();
    told.insert("reached".to_owned(), reached.into());
    Response::json(status, &Value::Object(told))
}
