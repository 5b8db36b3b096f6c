//! How rows replace each other. A batch is a plain insert: the row with the newest `last_updated_at` replaces the whole row. Requests for
//! one item read the row first, and merge.

use serde_json::Value;

use super::rejection::{Fault, Rejection, Stage};
use super::rules::Scene;
use crate::store::{Document, Key, Kind, Row, System, Table};
use crate::{ids, instant};

const DEFAULT_PROJECT: &str = "Default Project";
/// The start of a row that only an update has created.
const EPOCH: &str = "1970-01-01T00:00:00Z";
/// Fields that only the creation sets, so that a merge keeps them.
const OF_CREATION: [&str; 3] = ["start_time", "project_name", "last_updated_at"];

/// A valid document as a row, with normalised ids and the server's defaults.
pub(super) fn row(mut document: Document, kind: Kind, workspace: &str, scene: &Scene) -> Row {
    document.retain(|_, value| !value.is_null());
    for name in ["id", "trace_id", "parent_span_id"] {
        if let Some(Value::String(text)) = document.get_mut(name) {
            ids::parse(text)
                .into_iter()
                .for_each(|id| *text = id.to_string());
        }
    }
    let at = document
        .get("last_updated_at")
        .and_then(Value::as_str)
        .and_then(instant::parse)
        .unwrap_or(scene.now);
    let mut fill = |name: &str, value: &dyn Fn() -> String| {
        let entry = document.entry(name).or_insert_with(|| value().into());
        entry.as_str().unwrap_or_default().to_owned()
    };
    let id = fill("id", &|| {
        ids::mint(u64::try_from(scene.now / 1_000).unwrap_or(0)).to_string()
    });
    let project = fill("project_name", &|| DEFAULT_PROJECT.to_owned()).to_lowercase();
    fill("last_updated_at", &|| instant::spell(at));
    let known = |name| {
        document
            .get(name)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let key = match kind {
        Kind::Trace => Key {
            system: System::Opik,
            trace: id.clone(),
            parent: None,
            workspace: workspace.to_owned(),
            project,
            id,
        },
        Kind::Span => Key {
            system: System::Opik,
            trace: known("trace_id").unwrap_or_default(),
            parent: known("parent_span_id"),
            workspace: workspace.to_owned(),
            project,
            id,
        },
    };
    Row {
        key,
        at,
        partial: false,
        document,
    }
}

pub(super) fn find<'a>(table: &'a Table, workspace: &str, id: &str) -> Option<&'a Row> {
    table
        .iter()
        .rev()
        .find(|row| row.key.workspace == workspace && row.key.id == id)
}

/// `POST` of one item. An existing trace is a conflict, an existing span does not change. An update that arrived before the creation is
/// merged into it.
pub(super) fn create(table: &mut Table, mut row: Row) -> Result<(), Rejection> {
    if let Some(held) = find(table, &row.key.workspace, &row.key.id) {
        agree(&held.key, &row.key)?;
        if !held.partial {
            let is_span = row.document.contains_key("trace_id");
            return if is_span {
                Ok(())
            } else {
                Err(conflict("id", "Trace already exists"))
            };
        }
        let updated = held
            .document
            .iter()
            .filter(|(name, _)| !OF_CREATION.contains(&name.as_str()));
        row.document
            .extend(updated.map(|(name, value)| (name.clone(), value.clone())));
        touch(&mut row, held.at);
    }
    table.put(row);
    Ok(())
}

/// `PATCH`: an upsert. Fields that it does not contain do not change.
pub(super) fn update(table: &mut Table, mut row: Row) -> Result<(), Rejection> {
    let Some(held) = find(table, &row.key.workspace, &row.key.id) else {
        row.partial = true;
        row.document.insert("start_time".to_owned(), EPOCH.into());
        table.put(row);
        return Ok(());
    };
    agree(&held.key, &row.key)?;
    let mut document = held.document.clone();
    document.append(&mut row.document);
    let mut merged = Row {
        key: held.key.clone(),
        at: row.at,
        partial: held.partial,
        document,
    };
    touch(&mut merged, held.at);
    table.put(merged);
    Ok(())
}

/// A merged row is newer than what it was merged from.
fn touch(row: &mut Row, held: i64) {
    row.at = row.at.max(held);
    row.document
        .insert("last_updated_at".to_owned(), instant::spell(row.at).into());
}

fn agree(held: &Key, given: &Key) -> Result<(), Rejection> {
    let same = [
        (held.project == given.project, "project_name"),
        (held.trace == given.trace, "trace_id"),
        (held.parent == given.parent, "parent_span_id"),
    ];
    let differs = same.into_iter().find(|(same, _)| !same);
    differs.map_or(Ok(()), |(_, field)| {
        Err(conflict(field, "is not that of the row which is there"))
    })
}

fn conflict(field: &'static str, reason: &'static str) -> Rejection {
    Rejection::of(Fault::whole(Stage::Conflict, field, reason))
}
