//! A line for each trace.

use core::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::instant;
use crate::store::{Row, State, System};
use crate::tree;

/// Maximal number of traces in the overview.
const SHOWN: usize = 300;

/// The newest first, with or without a trace row. A trace that several systems have is one line.
pub(super) fn of(state: &State) -> Value {
    let mut groups: HashMap<String, (Vec<&Row>, Vec<&Row>)> = HashMap::new();
    state
        .traces
        .iter()
        .for_each(|row| groups.entry(row.bits()).or_default().0.push(row));
    state
        .all_spans()
        .for_each(|row| groups.entry(row.bits()).or_default().1.push(row));
    let mut lines: Vec<(instant::Micros, Value)> = groups
        .into_values()
        .map(|(rows, spans)| line(&rows, spans))
        .collect();
    // By id if two began at the same time, so that the order does not change.
    let id = |line: &Value| line.get("id").map(Value::to_string);
    lines.sort_by_cached_key(|(begin, line)| (Reverse(*begin), id(line)));
    let lines: Vec<Value> = lines
        .into_iter()
        .take(SHOWN)
        .map(|(_, line)| line)
        .collect();
    json!({
        "traces": lines,
        "counts": {
            "traces": state.traces.len(),
            "spans": state.spans.len(),
            "otlp": state.otlp.len(),
            "lilypad": state.lilypad.len(),
            "refused": state.refused.len(),
        },
        "version": state.version,
    })
}

fn line(rows: &[&Row], spans: Vec<&Row>) -> (instant::Micros, Value) {
    let systems: BTreeSet<System> = rows
        .iter()
        .chain(&spans)
        .map(|row| row.key.system)
        .collect();
    // Opik's spelling if there is one.
    let id = rows
        .iter()
        .chain(&spans)
        .map(|row| &row.key.trace)
        .max_by_key(|id| id.len());
    let id = id.cloned().unwrap_or_default();
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
    let any = row.or(first);
    let project = any.and_then(|row| row.text("project_name").or_else(|| row.text("service")));
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
        "systems": systems.iter().map(|system| system.word()).collect::<Vec<_>>(),
    });
    (instant::parse(&begin).unwrap_or_default(), shown)
}
