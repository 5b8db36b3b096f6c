//! The read-back: what was taken, refused and asked, as JSON.

use core::cmp::Reverse;
use core::time::Duration;
use std::collections::HashMap;

use serde_json::{Value, json};

use crate::http::{Answer, Request};
use crate::instant;
use crate::server::Shared;
use crate::store::{Row, State, Table};
use crate::tree;

/// Longest that `/read/wait` waits, and how long it does when not told.
const LONGEST: u64 = 60_000;
const USUAL: u64 = 5_000;
/// Traces in the overview.
const SHOWN: usize = 300;

type Read = fn(&Request, &State) -> Answer;

const READS: [(&str, Read); 6] = [
    ("/read/traces", |request, state| {
        rows(request, &state.traces, "traces")
    }),
    ("/read/spans", |request, state| {
        rows(request, &state.spans, "spans")
    }),
    ("/read/tree", tree),
    ("/read/refused", |_, state| {
        Answer::json(200, &json!({ "refused": state.refused.to_json() }))
    }),
    ("/read/requests", |_, state| {
        Answer::json(200, &json!({ "requests": state.requests.to_json() }))
    }),
    ("/read/overview", |_, state| {
        Answer::json(200, &overview(state))
    }),
];

pub(crate) fn answer(request: &Request, shared: &Shared) -> Answer {
    if request.path == "/read/wait" {
        return wait(request, shared);
    }
    let read = READS.iter().find(|(path, _)| *path == request.path);
    read.map_or_else(
        || {
            Answer::json(
                404,
                &json!({ "code": 404, "message": "HTTP 404 Not Found" }),
            )
        },
        |(_, read)| read(request, &shared.store.read()).with("cache-control", "no-store"),
    )
}

/// Whether a row is of the trace that is asked for, if one is.
fn wanted(request: &Request, row: &Row) -> bool {
    request
        .asked("trace")
        .is_none_or(|trace| row.key.trace == trace)
}

fn rows(request: &Request, table: &Table, name: &str) -> Answer {
    let rows: Vec<Value> = table
        .iter()
        .filter(|row| wanted(request, row))
        .map(Row::shown)
        .collect();
    Answer::json(200, &json!({ name: rows }))
}

/// `trace`: its row, or null; `spans`: nested, or with `shape=flat` in reading order with a `depth` each.
fn tree(request: &Request, state: &State) -> Answer {
    let Some(id) = request.asked("trace") else {
        return Answer::json(
            400,
            &json!({ "code": 400, "message": "trace: is required" }),
        );
    };
    let (traces, placed) = tree::of(state, id);
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
    Answer::json(200, &json!({ "trace": trace, "spans": spans }))
}

/// Answers when there are as many rows as asked for: 200, or after `ms` milliseconds 504.
fn wait(request: &Request, shared: &Shared) -> Answer {
    let number = |name| {
        request
            .asked(name)
            .and_then(|text| text.parse::<u64>().ok())
    };
    let (traces, spans) = (number("traces").unwrap_or(0), number("spans").unwrap_or(0));
    let longest = Duration::from_millis(number("ms").unwrap_or(USUAL).min(LONGEST));
    let count = |table: &Table| {
        u64::try_from(table.iter().filter(|row| wanted(request, row)).count()).unwrap_or(0)
    };
    let (reached, (found, below)) = shared.store.wait(longest, |state| {
        let counts = (count(&state.traces), count(&state.spans));
        (
            shared.ends() || (counts.0 >= traces && counts.1 >= spans),
            counts,
        )
    });
    let status = if reached { 200 } else { 504 };
    Answer::json(
        status,
        &json!({ "reached": reached, "traces": found, "spans": below }),
    )
}

/// A line for each trace, the newest first, whether its row came or only spans of it.
fn overview(state: &State) -> Value {
    let mut groups: HashMap<&str, (Vec<&Row>, Vec<&Row>)> = HashMap::new();
    state
        .traces
        .iter()
        .for_each(|row| groups.entry(&row.key.trace).or_default().0.push(row));
    state
        .spans
        .iter()
        .for_each(|row| groups.entry(&row.key.trace).or_default().1.push(row));
    let mut lines: Vec<(instant::Micros, Value)> = groups
        .into_iter()
        .map(|(id, (rows, spans))| line(id, &rows, spans))
        .collect();
    // By id where two began at once, so that a list which did not change stays as it is.
    let id = |line: &Value| line.get("id").map(Value::to_string);
    lines.sort_by_cached_key(|(begin, line)| (Reverse(*begin), id(line)));
    let lines: Vec<Value> = lines
        .into_iter()
        .take(SHOWN)
        .map(|(_, line)| line)
        .collect();
    json!({
        "traces": lines,
        "counts": { "traces": state.traces.len(), "spans": state.spans.len(), "refused": state.refused.len() },
        "version": state.version,
    })
}

fn line(id: &str, rows: &[&Row], spans: Vec<&Row>) -> (instant::Micros, Value) {
    let ends = rows
        .iter()
        .chain(&spans)
        .filter_map(|row| row.text("end_time"))
        .max();
    let begins = |rows: &[&Row]| {
        rows.iter()
            .filter(|row| !row.partial)
            .filter_map(|row| row.text("start_time"))
            .min()
            .map(str::to_owned)
    };
    let begin = [begins(rows), begins(&spans)]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or_default();
    let failed = rows.iter().chain(&spans).filter(|row| row.failed()).count();
    let count = spans.len();
    let placed = tree::place(rows, spans);
    let lost = placed
        .iter()
        .filter(|span| span.missing.contains(&"parent"))
        .count();
    let first = placed.first().map(|span| span.row);
    let row = rows.last().copied();
    let name = row
        .and_then(|row| row.text("name"))
        .or_else(|| first.and_then(|row| row.text("name")));
    let project = row.or(first).and_then(|row| row.text("project_name"));
    let shown = json!({
        "id": id,
        "name": name,
        "project": project,
        "start": begin,
        "end": ends,
        "spans": count,
        "errors": failed,
        "row": row.map(|row| if row.partial { "partial" } else { "whole" }),
        "lost": lost,
    });
    (instant::parse(&begin).unwrap_or_default(), shown)
}
