//! The counters, for those who know the secret.

use gatespan::metrics::Metric;
use gatespan::policy::Secret;
use serde_json::{Map, Value};

use crate::environment::Environment;

/// Where the counters are shown, and to whom.
pub(crate) struct Status {
    pub(crate) path: String,
    secret: Secret,
}

const PATH: &str = "GATESPAN_STATUS_PATH";
const SECRET: &str = "GATESPAN_STATUS_SECRET";

impl Status {
    /// Nothing is shown unless both variables are set. One without the other is a mistake.
    pub(crate) fn read(environment: &Environment, faults: &mut Vec<String>) -> Option<Self> {
        let path = environment.text(PATH).filter(|path| !path.is_empty());
        let secret = environment.text(SECRET).filter(|secret| !secret.is_empty());
        match (path, secret) {
            (Some(path), Some(secret)) if path.starts_with('/') => {
                return Some(Self {
                    path: path.to_owned(),
                    secret: Secret::new(secret.to_owned()),
                });
            }
            (Some(_), Some(_)) => faults.push(format!("{PATH}: does not begin with a slash")),
            (Some(_), None) => faults.push(format!("{SECRET}: is not set, and {PATH} is")),
            (None, _) => {}
        }
        None
    }

    /// Whether `Bearer` and the secret were presented.
    pub(crate) fn is_for(&self, authorization: &str) -> bool {
        let presented = authorization.split_once(' ');
        presented.is_some_and(|(scheme, presented)| {
            scheme.eq_ignore_ascii_case("bearer") && self.secret.equals(presented.as_bytes())
        })
    }
}

/// The metrics as one JSON object.
#[derive(Default)]
pub(crate) struct Counters(Map<String, Value>);

impl Counters {
    pub(crate) fn add(&mut self, metric: Metric<'_>) {
        self.0.insert(metric.name.to_string(), metric.value.into());
    }

    pub(crate) fn json(self) -> String {
        Value::Object(self.0).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(json: &str) -> (Option<Status>, Vec<String>) {
        let mut faults = Vec::new();
        let status = Status::read(&Environment::read(json), &mut faults);
        (status, faults)
    }

    #[test]
    fn it_is_for_those_with_the_secret() {
        let both = r#"[{"GATESPAN_STATUS_PATH":"/s","GATESPAN_STATUS_SECRET":"hunter2"},[]]"#;
        let status = status(both).0.unwrap();
        assert!(status.is_for("Bearer hunter2"));
        assert!(status.is_for("bearer hunter2"));
        for wrong in [
            "",
            "hunter2",
            "Bearer",
            "Bearer ",
            "Bearer hunter",
            "Basic hunter2",
        ] {
            assert!(!status.is_for(wrong), "{wrong}");
        }
    }

    #[test]
    fn it_is_nowhere_unless_somebody_says_where() {
        assert!(matches!(status("[{},[]]"), (None, faults) if faults.is_empty()));
        for (json, fault) in [
            (
                r#"[{"GATESPAN_STATUS_PATH":"/s"},[]]"#,
                "GATESPAN_STATUS_SECRET: is not set, and GATESPAN_STATUS_PATH is",
            ),
            (
                r#"[{"GATESPAN_STATUS_PATH":"s","GATESPAN_STATUS_SECRET":"x"},[]]"#,
                "GATESPAN_STATUS_PATH: does not begin with a slash",
            ),
        ] {
            assert_eq!(status(json).1, [fault]);
        }
    }
}
