//! The rows of one trace in reading order: each below its parent, siblings by start. A span without its parent or its trace row is
//! shown too, with a note; Opik's own page would hide it.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use crate::instant;
use crate::store::{Row, State, System, bits};

/// Maximal nesting of the JSON response: many readers stop at 100. Deeper spans become siblings of their parent.
const DEEPEST: usize = 60;

/// A span's place.
pub(crate) struct Placed<'a> {
    pub(crate) row: &'a Row,
    pub(crate) depth: usize,
    /// What is missing: `trace`, `parent`.
    pub(crate) missing: Vec<&'static str>,
    /// Another row has the same id.
    pub(crate) twice: bool,
}

impl Placed<'_> {
    pub(crate) fn shown(&self) -> Value {
        let mut shown = self.row.shown();
        if let Value::Object(document) = &mut shown {
            document.insert("missing".to_owned(), self.missing.clone().into());
            if self.twice {
                document.insert("twice".to_owned(), true.into());
            }
        }
        shown
    }
}

/// One trace, with either spelling of its id; optionally only one system.
pub(crate) fn of<'a>(
    state: &'a State,
    trace: &str,
    system: Option<&str>,
) -> (Vec<&'a Row>, Vec<Placed<'a>>) {
    let trace = bits(trace);
    let wanted = |row: &&Row| {
        row.bits() == trace && system.is_none_or(|system| system == row.key.system.word())
    };
    let traces: Vec<&Row> = state.traces.iter().filter(wanted).collect();
    let spans = state.all_spans().filter(wanted).collect();
    let placed = place(&traces, spans);
    (traces, placed)
}

pub(crate) fn place<'a>(traces: &[&Row], mut spans: Vec<&'a Row>) -> Vec<Placed<'a>> {
    spans.sort_by_key(|row| (start(row), row.key.id.clone()));
    let mut by_id: HashMap<_, usize> = HashMap::new();
    let mut count: HashMap<_, usize> = HashMap::new();
    for (place, row) in spans.iter().enumerate() {
        by_id.entry(scoped(row, &row.key.id)).or_insert(place);
        *count.entry((row.key.system, &row.key.id)).or_default() += 1;
    }
    let parent = |row: &'a Row| {
        let id = row.key.parent.as_deref()?;
        by_id.get(&scoped(row, id)).copied()
    };
    let mut children: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    for (place, row) in spans.iter().enumerate() {
        children
            .entry(parent(row).filter(|parent| *parent != place))
            .or_default()
            .push(place);
    }
    let mut placed = Vec::with_capacity(spans.len());
    let mut seen = HashSet::new();
    // After the roots: spans whose parents form a circle, so that no root leads to them.
    let roots = children
        .get(&None)
        .cloned()
        .unwrap_or_default()
        .into_iter()
        .chain(0..spans.len());
    for root in roots {
        let mut open = vec![(root, 0)];
        while let Some((place, depth)) = open.pop() {
            let Some(row) = spans.get(place).filter(|_| seen.insert(place)) else {
                continue;
            };
            let twice = count
                .get(&(row.key.system, &row.key.id))
                .is_some_and(|count| *count > 1);
            placed.push(Placed {
                row,
                depth,
                missing: missing(row, depth, traces),
                twice,
            });
            let below = children.get(&Some(place)).into_iter().flatten();
            open.extend(below.rev().map(|child| (*child, depth + 1)));
        }
    }
    placed
}

/// The key to find a parent: it must be in the same system, workspace and project.
fn scoped<'a>(row: &'a Row, id: &'a str) -> (System, &'a str, &'a str, &'a str) {
    (row.key.system, &row.key.workspace, &row.key.project, id)
}

fn missing(row: &Row, depth: usize, traces: &[&Row]) -> Vec<&'static str> {
    let same = |trace: &&Row| {
        trace.key.workspace == row.key.workspace && trace.key.project == row.key.project
    };
    let mut missing = Vec::new();
    // Only Opik has a row for the trace itself.
    if row.key.system == System::Opik && !traces.iter().any(same) {
        missing.push("trace");
    }
    // If the parent is the trace itself, the span is a root.
    if depth == 0
        && row
            .key
            .parent
            .as_ref()
            .is_some_and(|parent| *parent != row.key.trace)
    {
        missing.push("parent");
    }
    missing
}

pub(crate) fn start(row: &Row) -> instant::Micros {
    row.text("start_time")
        .and_then(instant::parse)
        .unwrap_or_default()
}

/// Spans within spans, each with its `children`.
pub(crate) fn nest(placed: &[Placed<'_>]) -> Value {
    let mut levels: Vec<Vec<Value>> = vec![Vec::new()];
    // From last to first: the children of a span are complete before the span itself.
    for span in placed.iter().rev() {
        let depth = span.depth.min(DEEPEST);
        let mut children = if levels.len() > depth + 1 {
            levels.split_off(depth + 1).concat()
        } else {
            Vec::new()
        };
        children.reverse();
        let mut shown = span.shown();
        if let Value::Object(document) = &mut shown {
            document.insert("children".to_owned(), children.into());
        }
        levels.resize_with(levels.len().max(depth + 1), Vec::new);
        levels
            .get_mut(depth)
            .into_iter()
            .for_each(|level| level.push(shown.take()));
    }
    let mut roots = levels.into_iter().next().unwrap_or_default();
    roots.reverse();
    json!(roots)
}
