//! Why something was refused, and the status for it. No reason repeats a value.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::http::Response;

/// The stage at which the backend notices, in its order: the earliest one determines the response.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Key,
    Forbidden,
    Workspace,
    Media,
    /// The JSON reader: syntax, types, dates, UUIDs, numbers that do not fit.
    Parse,
    /// Bean validation: what is required, blank, too long, negative.
    Validate,
    /// The services: version and time of ids.
    Service,
    Conflict,
}

impl Stage {
    fn status(self) -> u16 {
        match self {
            Self::Key => 401,
            Self::Forbidden => 403,
            Self::Workspace => 404,
            Self::Media => 415,
            Self::Parse | Self::Service => 400,
            Self::Validate => 422,
            Self::Conflict => 409,
        }
    }
}

pub(super) struct Fault {
    pub(super) stage: Stage,
    /// Which item of a batch.
    pub(super) item: Option<usize>,
    pub(super) field: Cow<'static, str>,
    pub(super) reason: Cow<'static, str>,
}

impl Fault {
    /// Of a whole request.
    pub(super) fn whole(stage: Stage, field: &'static str, reason: &'static str) -> Self {
        Self {
            stage,
            item: None,
            field: field.into(),
            reason: reason.into(),
        }
    }

    /// Of one item.
    pub(super) fn of(
        item: usize,
        (stage, field, reason): (Stage, &'static str, &'static str),
    ) -> Self {
        Self {
            item: Some(item),
            ..Self::whole(stage, field, reason)
        }
    }

    fn text(&self, list: &str) -> String {
        let place = self
            .item
            .map(|item| format!("{list}[{item}]"))
            .unwrap_or_default();
        let dot = if place.is_empty() || self.field.is_empty() {
            ""
        } else {
            "."
        };
        let colon = if place.is_empty() && self.field.is_empty() {
            ""
        } else {
            ": "
        };
        format!("{place}{dot}{}{colon}{}", self.field, self.reason)
    }
}

pub(super) struct Rejection {
    pub(super) faults: Vec<Fault>,
    pub(super) items: Option<usize>,
    /// The name of the items.
    pub(super) list: &'static str,
}

impl Rejection {
    pub(super) fn of(fault: Fault) -> Self {
        Self {
            faults: vec![fault],
            items: None,
            list: "",
        }
    }

    pub(super) fn response(&self) -> Response {
        let stage = self
            .faults
            .iter()
            .map(|fault| fault.stage)
            .min()
            .unwrap_or(Stage::Parse);
        let texts = self
            .faults
            .iter()
            .filter(|fault| fault.stage == stage)
            .map(|fault| fault.text(self.list));
        let status = stage.status();
        if stage == Stage::Validate {
            return Response::json(
                status,
                &json!({ "errors": texts.take(10).collect::<Vec<_>>() }),
            );
        }
        let message = { texts }.next().unwrap_or_default();
        Response::json(status, &json!({ "code": status, "message": message }))
    }

    /// For the log, and bounded: a batch can contain a thousand invalid items.
    pub(super) fn reasons(&self) -> Vec<Value> {
        let describe = |fault: &Fault| json!({ "item": fault.item, "field": fault.field, "reason": fault.reason });
        self.faults.iter().take(100).map(describe).collect()
    }
}
