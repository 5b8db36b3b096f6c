//! The table of fields: one row each, with the rule for its value. Other fields are refused: the server would pass them to a
//! database without such a column.

use serde_json::Value;

use super::rules::{
    attributes, events, id, links, name, nanos, own_trace, parent, resource, scope, session, status,
};
use crate::store::Document;

/// Why a span is not stored: the span, the field and the rule.
pub(super) struct Fault {
    pub(super) item: Option<usize>,
    pub(super) field: &'static str,
    pub(super) reason: &'static str,
}

pub(super) type Rule = fn(&Value) -> Result<(), &'static str>;

struct Field {
    name: &'static str,
    needed: bool,
    rule: Rule,
}

const fn needed(name: &'static str, rule: Rule) -> Field {
    Field {
        name,
        needed: true,
        rule,
    }
}

const fn free(name: &'static str, rule: Rule) -> Field {
    Field {
        name,
        needed: false,
        rule,
    }
}

const FIELDS: [Field; 13] = [
    needed("trace_id", own_trace),
    needed("span_id", id),
    free("parent_span_id", parent),
    needed("instrumentation_scope", scope),
    needed("resource", resource),
    needed("name", name),
    needed("start_time", nanos),
    needed("end_time", nanos),
    needed("attributes", attributes),
    needed("status", status),
    free("session_id", session),
    needed("events", events),
    needed("links", links),
];

/// Longest string at the top level of a span, and largest span, if a queue is used.
const TEXT: usize = 10_000;
const WHOLE: usize = 1_000_000;

pub(super) fn check(span: &Document, item: usize) -> Vec<Fault> {
    let fault = |field, reason| Fault {
        item: Some(item),
        field,
        reason,
    };
    let mut faults: Vec<Fault> = FIELDS
        .iter()
        .filter_map(|field| {
            let broken = match span.get(field.name) {
                None if field.needed => Err("is required"),
                None => Ok(()),
                Some(Value::String(text)) if text.chars().count() > TEXT => {
                    Err("must be 10,000 characters at most")
                }
                Some(value) => (field.rule)(value),
            };
            broken.err().map(|reason| fault(field.name, reason))
        })
        .collect();
    let known = |name: &String| FIELDS.iter().any(|field| field.name == name);
    if !span.keys().all(known) {
        faults.push(fault("", "holds a key that is unknown here"));
    }
    let time = |name| span.get(name).and_then(Value::as_u64);
    if time("end_time") < time("start_time") {
        faults.push(fault("end_time", "is before the start"));
    }
    if faults.is_empty() && Value::Object(span.clone()).to_string().len() > WHOLE {
        faults.push(fault("", "must be a megabyte at most"));
    }
    faults
}
