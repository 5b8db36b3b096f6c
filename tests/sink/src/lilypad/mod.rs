//! Lilypad's own ingestion: a JSON list of spans, a key for one project, and a response 200 that does not mean stored.
//!
//! | | without a queue | with a queue |
//! |---|---|---|
//! | response | `processed`, `span_count` of stored spans | `queued`, `span_count` of received spans |
//! | a span whose root is not in the request | dropped without an error | stored |
//! | a span id that exists | 500, nothing is stored | dropped after the queue, without an error |
//!
//! Dropped spans are in `lost` of `/read/lilypad`. The real server also waits up to 300 s for parents; this one does not. A body of the
//! wrong form gets 500, as in the real server.

use std::collections::HashSet;

use serde_json::{Value, json};

use self::fields::Fault;
use crate::http::{Request, Response};
use crate::server::{Delivery, Received, Receiver, Shared};
use crate::store::{Document, System};

mod fields;
mod rows;
mod rules;

const PROJECTS: &str = "/projects/";
const TRACES: &str = "/traces";
const BY_TRACE: &str = "/traces/by-trace-id/";
/// Faults in the response to one request.
const TOLD: usize = 100;

pub(crate) const RECEIVER: Receiver = Receiver {
    system: System::Lilypad,
    claims: |path| path.contains(PROJECTS),
    ingests: |request| matches!(call(request), Some(Call::Post(_))),
    receive,
};

enum Call<'a> {
    Post(&'a str),
    Read(&'a str, &'a str),
}

fn call(request: &Request) -> Option<Call<'_>> {
    let (_, below) = request.path.rsplit_once(PROJECTS)?;
    let (project, rest) = below.split_at_checked(36)?;
    uuid::Uuid::try_parse(project).ok()?;
    match (request.method.as_str(), rest.strip_prefix(BY_TRACE)) {
        ("POST", _) if rest == TRACES => Some(Call::Post(project)),
        ("GET", Some(trace)) if !trace.contains('/') => Some(Call::Read(project, trace)),
        _ => None,
    }
}

fn receive(delivery: &Delivery<'_>, shared: &Shared) -> Received {
    let request = delivery.request;
    let Some(call) = call(request) else {
        return refuse(404, &[fault("", "there is no such path")]);
    };
    let (Call::Post(project) | Call::Read(project, _)) = call;
    if let Err((status, reason)) = enter(request, project, shared) {
        return refuse(status, &[fault("x-api-key", reason)]);
    }
    match call {
        Call::Post(project) => match read(delivery) {
            Ok(spans) if shared.options.lilypad_queue => queue(spans, project, delivery, shared),
            Ok(spans) => process(spans, project, delivery, shared),
            Err(faults) => refuse(500, &faults),
        },
        Call::Read(project, trace) => plain(look(project, trace, shared)),
    }
}

/// Checks the key. If no key is configured, any key is accepted, but there must be one.
fn enter(request: &Request, project: &str, shared: &Shared) -> Result<(), (u16, &'static str)> {
    let given = request.header("x-api-key").filter(|key| !key.is_empty());
    let given = given.ok_or((401, "an API key is required"))?;
    let keys = &shared.options.lilypad_keys;
    let mut own = keys.iter().filter(|(key, _)| key == given);
    match own.next() {
        _ if keys.is_empty() => Ok(()),
        None => Err((401, "the API key is not known")),
        // A key belongs to one project.
        Some((_, of)) if of.eq_ignore_ascii_case(project) => Ok(()),
        Some(_) => Err((400, "the API key belongs to another project")),
    }
}

/// The spans of a body that follows every rule.
fn read(delivery: &Delivery<'_>) -> Result<Vec<Document>, Vec<Fault>> {
    let whole = |reason| Err(vec![fault("", reason)]);
    let kind = delivery.request.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return whole("content-type must be application/json");
    }
    let items = match serde_json::from_slice(delivery.body) {
        Ok(Value::Array(items)) if items.is_empty() => return whole("the list is empty"),
        Ok(Value::Array(items)) => items,
        Ok(_) => return whole("the body must be a list of spans"),
        Err(_) => return whole("the body is no JSON"),
    };
    let (mut spans, mut faults, mut ids) = (Vec::new(), Vec::new(), HashSet::new());
    for (item, value) in items.into_iter().enumerate() {
        let at = |field, reason| Fault {
            item: Some(item),
            field,
            reason,
        };
        let Value::Object(span) = value else {
            faults.push(at("", "must be an object"));
            continue;
        };
        faults.append(&mut fields::check(&span, item));
        if !ids.insert(rows::text(&span, "span_id")) {
            faults.push(at("span_id", "is in this request twice"));
        }
        spans.push(span);
    }
    if faults.is_empty() {
        Ok(spans)
    } else {
        Err(faults)
    }
}

/// Without a queue.
fn process(
    spans: Vec<Document>,
    project: &str,
    delivery: &Delivery<'_>,
    shared: &Shared,
) -> Received {
    let mut sorted = rows::sort(spans);
    let rejected = delivery.partial.map_or(0, |partial| partial.rejected);
    let left = sorted.kept.len().saturating_sub(rejected);
    sorted.lost.append(&mut sorted.kept.split_off(left));
    let traces = rows::traces(&sorted.kept);
    let stored = shared.store.change(|state| {
        let there = |span: &Document| rows::is_there(&state.lilypad, &rows::text(span, "span_id"));
        if sorted.kept.iter().any(there) {
            return None;
        }
        let count = sorted.kept.len();
        for span in sorted.kept {
            let row = rows::row(span, project, &delivery.request.path);
            state.lilypad.put(row);
        }
        for span in sorted.lost {
            state.lost.push(span.into());
        }
        Some(count)
    });
    match stored {
        Some(count) => taken("processed", count, &traces),
        None => refuse(
            500,
            &[fault("span_id", "is there already: span ids are unique")],
        ),
    }
}

/// With a queue: the client learns nothing about errors after it.
fn queue(
    spans: Vec<Document>,
    project: &str,
    delivery: &Delivery<'_>,
    shared: &Shared,
) -> Received {
    let (count, traces) = (spans.len(), rows::traces(&spans));
    shared.store.change(|state| {
        for span in spans {
            let row = rows::row(span, project, &delivery.request.path);
            if rows::is_there(&state.lilypad, &row.key.id) {
                state
                    .lost
                    .push(row.document.get("sent").cloned().unwrap_or_default());
            } else {
                state.lilypad.put(row);
            }
        }
    });
    taken("queued", count, &traces)
}

fn taken(status: &str, count: usize, traces: &[String]) -> Received {
    let body = json!({
        "trace_status": status,
        "span_count": count,
        "message": format!("{count} spans {status}"),
        "trace_ids": traces,
    });
    Received {
        items: Some(count),
        ..plain(Response::json(200, &body))
    }
}

/// Every span of a trace in a project, as it was sent.
fn look(project: &str, trace: &str, shared: &Shared) -> Response {
    let state = shared.store.read();
    let own = state
        .lilypad
        .iter()
        .filter(|row| row.key.project == project && row.key.trace == trace);
    let spans: Vec<Value> = own
        .filter_map(|row| row.document.get("sent").cloned())
        .collect();
    if spans.is_empty() {
        return told(404, "Not Found");
    }
    Response::json(200, &spans.into())
}

fn fault(field: &'static str, reason: &'static str) -> Fault {
    Fault {
        item: None,
        field,
        reason,
    }
}

fn told(status: u16, detail: &str) -> Response {
    Response::json(status, &json!({ "detail": detail }))
}

fn plain(response: Response) -> Received {
    Received {
        response,
        items: None,
        reasons: Vec::new(),
    }
}

fn refuse(status: u16, faults: &[Fault]) -> Received {
    let describe =
        |fault: &Fault| json!({ "item": fault.item, "field": fault.field, "reason": fault.reason });
    let place = |fault: &Fault| {
        let item = fault.item.map(|item| format!("spans[{item}]"));
        let field = Some(fault.field.to_owned()).filter(|field| !field.is_empty());
        [item, field]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(".")
    };
    let detail = faults.first().map(|fault| match place(fault) {
        place if place.is_empty() => fault.reason.to_owned(),
        place => format!("{place}: {}", fault.reason),
    });
    Received {
        response: told(status, &detail.unwrap_or_default()),
        items: None,
        reasons: faults.iter().take(TOLD).map(describe).collect(),
    }
}
