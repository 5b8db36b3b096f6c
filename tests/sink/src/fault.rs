//! Faults on demand. `POST /control/fault` sets a plan, which is one step or a list of steps:
//!
//! ```json
//! {"kind": "status", "code": 429, "headers": {"RateLimit-Reset": "2"}, "times": 1, "only": "/spans/", "store": false}
//! ```
//!
//! | kind | the client gets | its data is stored |
//! |---|---|---|
//! | `none` | the normal response | yes |
//! | `status` | `code`, `headers`, `body` | no |
//! | `slow` | the normal response after `ms` | yes |
//! | `slow_read` | its body is read slowly, `bytes` (1000) every `ms` (50); then the normal response | yes |
//! | `silent` | no response; the connection stays open until the client closes it, or for `ms` | no |
//! | `reset` | a reset while it sends the body | no |
//! | `reset_mid_body` | the beginning of a response, then a reset | no |
//! | `garbage` | bytes that are not HTTP, then the end of the connection | no |
//! | `big_answer` | `code` (200) with a body of `bytes` | yes, if the code is 2xx |
//! | `partial` | the response that the last `rejected` spans were not accepted, with `message` | yes, without these |
//!
//! `times` is the number of requests for this step (default: all); then the next step applies. A step applies only to requests whose
//! path contains `only` and whose body contains `holding` (not for `reset`, which reads no body). `store: true` stores the data also
//! for `status`, `silent`, `reset`, `reset_mid_body` and `garbage`: only the response is lost. Opik has no partial response and
//! accepts all; OTLP returns `rejected_spans`, Lilypad a smaller `span_count`.

use core::time::Duration;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    None,
    Status {
        code: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    Slow(Duration),
    SlowRead(Pace),
    Silent(Option<Duration>),
    Reset,
    ResetMidBody,
    Garbage,
    BigAnswer {
        code: u16,
        bytes: usize,
    },
    Partial(Partial),
}

impl Kind {
    /// Whether the response is the normal one.
    pub(crate) fn tells_the_truth(&self) -> bool {
        matches!(
            self,
            Self::None | Self::Slow(_) | Self::SlowRead(_) | Self::Partial(_)
        )
    }
}

/// How fast a body is read: a number of bytes, then a pause.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pace {
    pub(crate) bytes: u64,
    pub(crate) pause: Duration,
}

/// How many spans of a request are not accepted, and why.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Partial {
    pub(crate) rejected: usize,
    pub(crate) message: String,
}

#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) kind: Kind,
    pub(crate) stores: bool,
    times: Option<u64>,
    only: String,
    holding: String,
}

impl Step {
    /// Whether the step applies to this body.
    pub(crate) fn is_for(&self, body: &[u8]) -> bool {
        let holding = self.holding.as_bytes();
        holding.is_empty() || body.windows(holding.len()).any(|part| part == holding)
    }

    pub(crate) fn word(&self) -> &'static str {
        match self.kind {
            Kind::None => "none",
            Kind::Status { .. } => "status",
            Kind::Slow(_) => "slow",
            Kind::SlowRead(_) => "slow_read",
            Kind::Silent(_) => "silent",
            Kind::Reset => "reset",
            Kind::ResetMidBody => "reset_mid_body",
            Kind::Garbage => "garbage",
            Kind::BigAnswer { .. } => "big_answer",
            Kind::Partial(_) => "partial",
        }
    }

    pub(crate) fn pace(&self) -> Option<Pace> {
        match self.kind {
            Kind::SlowRead(pace) => Some(pace),
            _ => None,
        }
    }

    pub(crate) fn partial(&self) -> Option<&Partial> {
        match &self.kind {
            Kind::Partial(partial) => Some(partial),
            _ => None,
        }
    }
}

#[derive(Default)]
pub(crate) struct Plan(Mutex<VecDeque<Step>>);

impl Plan {
    pub(crate) fn set(&self, steps: VecDeque<Step>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = steps;
    }

    /// The step for a request to `path`. Counts the request.
    pub(crate) fn next(&self, path: &str) -> Option<Step> {
        let mut steps = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = steps.iter().position(|step| path.contains(&step.only))?;
        let step = steps.get_mut(at)?;
        if let Some(times) = &mut step.times {
            *times = times.saturating_sub(1);
        }
        let step = step.clone();
        if step.times == Some(0) {
            steps.remove(at);
        }
        Some(step)
    }
}

/// Parses a plan, or returns what is wrong with the document.
pub(crate) fn parse(body: &[u8]) -> Result<VecDeque<Step>, String> {
    let document: Value = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    match document {
        Value::Array(steps) => steps.iter().map(step).collect(),
        one => step(&one).map(|step| [step].into()),
    }
}

fn step(document: &Value) -> Result<Step, String> {
    let number = |name: &str| document.get(name).and_then(Value::as_u64);
    let size = |name: &str| number(name).and_then(|number| usize::try_from(number).ok());
    let text = |name: &str| {
        document
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let code = |otherwise| {
        let code = number("code").unwrap_or(otherwise);
        u16::try_from(code)
            .ok()
            .filter(|code| (200..600).contains(code))
            .ok_or_else(|| format!("code: {code} is none"))
    };
    let kind = match text("kind").as_str() {
        "none" => Kind::None,
        "status" => Kind::Status {
            code: code(500)?,
            headers: headers(document)?,
            body: text("body"),
        },
        "slow" => Kind::Slow(Duration::from_millis(number("ms").ok_or("slow needs ms")?)),
        "slow_read" => Kind::SlowRead(Pace {
            bytes: number("bytes").unwrap_or(1_000).max(1),
            pause: Duration::from_millis(number("ms").unwrap_or(50)),
        }),
        "silent" => Kind::Silent(number("ms").map(Duration::from_millis)),
        "reset" => Kind::Reset,
        "reset_mid_body" => Kind::ResetMidBody,
        "garbage" => Kind::Garbage,
        "big_answer" => Kind::BigAnswer {
            code: code(200)?,
            bytes: size("bytes").ok_or("big_answer needs bytes")?,
        },
        "partial" => Kind::Partial(Partial {
            rejected: size("rejected").ok_or("partial needs rejected")?,
            message: text("message"),
        }),
        other => return Err(format!("kind: unknown value {other:?}")),
    };
    let stores = match (&kind, document.get("store").and_then(Value::as_bool)) {
        (kind, _) if kind.tells_the_truth() => true,
        (Kind::BigAnswer { code, .. }, None) => *code < 300,
        (_, asked) => asked.unwrap_or(false),
    };
    let times = number("times");
    if times == Some(0) {
        return Err("times: 0 is never; leave it out for always".to_owned());
    }
    Ok(Step {
        kind,
        stores,
        times,
        only: text("only"),
        holding: text("holding"),
    })
}

fn headers(document: &Value) -> Result<Vec<(String, String)>, String> {
    let given = document
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    given
        .map(|(name, value)| {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let whole = |text: &str| !text.contains(['\r', '\n']);
            let good = whole(name) && whole(&value);
            good.then(|| (name.clone(), value))
                .ok_or_else(|| "headers: a line break".to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Plan, parse};

    #[test]
    fn steps_apply_in_order_and_only_to_their_path() {
        let plan = Plan::default();
        let document = br#"[{"kind":"silent","times":2,"only":"/spans/"},{"kind":"reset","times":1},{"kind":"slow","ms":1}]"#;
        plan.set(parse(document).unwrap());
        let words = [
            "/traces/batch",
            "/spans/batch",
            "/spans/batch",
            "/spans/batch",
            "/traces/batch",
        ]
        .map(|path| plan.next(path).map(|step| step.word()));
        assert_eq!(
            words,
            ["reset", "silent", "silent", "slow", "slow"].map(Some)
        );
    }

    #[test]
    fn invalid_plan_is_refused() {
        for bad in [
            "",
            "{}",
            r#"{"kind":"explode"}"#,
            r#"{"kind":"slow"}"#,
            r#"{"kind":"status","code":99}"#,
            r#"{"kind":"status","headers":{"a":"b\r\nc: d"}}"#,
            r#"{"kind":"silent","times":0}"#,
            r#"{"kind":"partial"}"#,
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
