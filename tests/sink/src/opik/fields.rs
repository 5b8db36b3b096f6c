//! The table of fields: one row each, with the rule for its value. Other fields are ignored, as in the backend.

use serde_json::Value;

use super::rejection::{Fault, Rejection, Stage};
use super::rules::{
    Broken, Mode, Scene, content, environment, error, moment, not_blank, not_negative, own_id,
    reference, source, span_type, tags, text, usage,
};
use crate::store::{Document, Kind};

/// When a field is required.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needed {
    Never,
    /// Required in a creation; not allowed in an update.
    Create,
    Always,
}

type Rule = fn(&Value, &Scene) -> Result<(), Broken>;

struct Field {
    name: &'static str,
    trace: bool,
    span: bool,
    needed: Needed,
    rule: Rule,
}

const fn both(name: &'static str, rule: Rule) -> Field {
    Field {
        name,
        trace: true,
        span: true,
        needed: Needed::Never,
        rule,
    }
}

const fn span(name: &'static str, rule: Rule) -> Field {
    Field {
        name,
        trace: false,
        span: true,
        needed: Needed::Never,
        rule,
    }
}

const FIELDS: [Field; 22] = [
    both("id", own_id),
    Field {
        needed: Needed::Always,
        ..span("trace_id", reference)
    },
    span("parent_span_id", reference),
    both("project_name", not_blank),
    both("name", text),
    span("type", span_type),
    Field {
        needed: Needed::Create,
        ..both("start_time", moment)
    },
    both("end_time", moment),
    both("input", content),
    both("output", content),
    both("metadata", content),
    span("model", text),
    span("provider", text),
    span("usage", usage),
    span("total_estimated_cost", not_negative),
    both("ttft", not_negative),
    both("tags", tags),
    both("error_info", error),
    Field {
        span: false,
        ..both("thread_id", text)
    },
    both("source", source),
    both("environment", environment),
    both("last_updated_at", moment),
];

/// Every fault of a document, or none.
pub(super) fn check(
    document: &Document,
    kind: Kind,
    scene: &Scene,
    item: Option<usize>,
) -> Result<(), Rejection> {
    let faults: Vec<Fault> = FIELDS
        .iter()
        .filter(|field| {
            if kind == Kind::Trace {
                field.trace
            } else {
                field.span
            }
        })
        .filter_map(|field| {
            let needed = field.needed == Needed::Always
                || field.needed == Needed::Create && scene.mode == Mode::Create;
            let broken = match document.get(field.name) {
                None | Some(Value::Null) if needed => Err((Stage::Validate, "is required")),
                None | Some(Value::Null) => Ok(()),
                Some(value) => (field.rule)(value, scene),
            };
            let (stage, reason) = broken.err()?;
            Some(Fault {
                stage,
                item,
                field: field.name.into(),
                reason: reason.into(),
            })
        })
        .collect();
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Rejection {
            faults,
            items: Some(1),
            list: kind.list(),
        })
    }
}
