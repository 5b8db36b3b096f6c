//! Where requests are forwarded to: what a route table is to Envoy.
//!
//! ```json
//! [ { "path_prefix": "/v1/", "host": "*.example.com", "origin": "https://llm.internal/base", "name": "chat", "rule": "strict" },
//!   { "host": "docs.example.com", "origin": "DOCS" } ]
//! ```
//!
//! The first entry of the variable `ORIGINS` that fits is taken, else `ORIGIN`. An origin is a URL or the name of a service
//! binding. `name` is what `match.route` and `{route}` of the configuration mean, `rule` one of its named rules.

use gatespan::config::{check_host, check_path, check_url};
use gatespan::policy::Match;
use gatespan::{Config, Request};
use serde_json::Value;

use crate::environment::Environment;

/// The origins of a Worker, in the order in which they are tried.
pub(crate) struct Origins(Vec<Origin>);

/// One of them.
#[derive(Default)]
pub(crate) struct Origin {
    condition: Match,
    pub(crate) name: Option<String>,
    pub(crate) rule: Option<String>,
    /// A URL without a slash at its end, or the name of a binding.
    place: String,
}

const LIST: &str = "ORIGINS";
const DEFAULT: &str = "ORIGIN";

/// The keys of an entry, what their texts must look like, and what each of them sets. The origin is looked at later.
const KEYS: [(&str, Check, Set); 5] = [
    ("origin", |_| Ok(()), |origin, text| origin.place = text),
    ("path_prefix", check_path, |origin, text| {
        origin.condition.path_prefix = Some(text);
    }),
    ("host", check_host, |origin, text| {
        origin.condition.host = Some(text.to_ascii_lowercase());
    }),
    ("name", |_| Ok(()), |origin, text| origin.name = Some(text)),
    ("rule", |_| Ok(()), |origin, text| origin.rule = Some(text)),
];

type Check = fn(&str) -> Result<(), &'static str>;
type Set = fn(&mut Origin, String);

impl Origins {
    /// Reads both variables. Every fault is told with its place.
    pub(crate) fn read(environment: &Environment, faults: &mut Vec<String>) -> Self {
        let mut origins = Vec::new();
        match environment.text(LIST).map(serde_json::from_str) {
            None => {}
            Some(Ok(Value::Array(entries))) => {
                for (index, entry) in entries.iter().enumerate() {
                    let at = format!("{LIST}[{index}]");
                    origins.push(entry_of(entry, &at, environment, faults));
                }
            }
            Some(_) => faults.push(format!("{LIST}: is not a JSON list")),
        }
        match default(environment) {
            Some(Ok(place)) => origins.push(Origin {
                place,
                ..Origin::default()
            }),
            Some(Err(why)) => faults.push(format!("{DEFAULT}: {why}")),
            None if origins.is_empty() => faults.push(format!(
                "{DEFAULT}: is not set, so there is nowhere to forward to"
            )),
            None => {}
        }
        Self(origins)
    }

    /// Rules that origins ask for and the configuration does not have. Only entries of the list, which stand in front, ask.
    pub(crate) fn unknown_rules(&self, config: &Config) -> impl Iterator<Item = String> {
        let rules = self.0.iter().enumerate();
        let rules = rules.filter_map(|(index, origin)| Some((index, origin.rule.as_deref()?)));
        rules
            .filter(|(_, rule)| !config.rules.knows(rule))
            .map(|(index, rule)| {
                format!("{LIST}[{index}].rule: the configuration has no rule {rule:?}")
            })
    }

    /// The URLs and bindings, in the order of the numbers that [`of`](Self::of) gives.
    pub(crate) fn places(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|origin| origin.place.as_str())
    }

    /// The origin of a request and its number.
    pub(crate) fn of(&self, request: &Request<'_>) -> Option<(usize, &Origin)> {
        let mut origins = self.0.iter().enumerate();
        origins.find(|(_, origin)| origin.condition.holds(request))
    }
}

/// What `ORIGIN` names, or why it names nothing; none if it is not there.
pub(crate) fn default(environment: &Environment) -> Option<Result<String, &'static str>> {
    let bound = || environment.has_binding(DEFAULT).then_some(DEFAULT);
    let text = environment.text(DEFAULT).or_else(bound)?;
    Some(place(text, environment))
}

fn entry_of(
    entry: &Value,
    at: &str,
    environment: &Environment,
    faults: &mut Vec<String>,
) -> Origin {
    let mut origin = Origin::default();
    let Value::Object(entry) = entry else {
        faults.push(format!("{at}: is not an object"));
        return origin;
    };
    for (key, value) in entry {
        let row = KEYS.iter().find(|(known, ..)| known == key);
        match (row, value) {
            (Some((_, check, set)), Value::String(text)) => match check(text) {
                Ok(()) => set(&mut origin, text.clone()),
                Err(why) => faults.push(format!("{at}.{key}: {text:?} {why}")),
            },
            (Some(_), _) => faults.push(format!("{at}.{key}: is not text")),
            (None, _) => faults.push(format!("{at}.{key}: unknown key")),
        }
    }
    if !entry.contains_key("origin") {
        faults.push(format!("{at}: lacks \"origin\""));
    } else if entry.get("origin").is_some_and(Value::is_string) {
        match place(&origin.place, environment) {
            Ok(place) => origin.place = place,
            Err(why) => faults.push(format!("{at}.origin: {why}")),
        }
    }
    origin
}

/// A URL without a slash at its end and with its scheme in lower case, or the name of a service binding. Otherwise what is
/// wrong; the text is not repeated, because it may contain a password.
fn place(text: &str, environment: &Environment) -> Result<String, &'static str> {
    if let Some((scheme, rest)) = text.split_once("://") {
        check_url(text)?;
        let rest = rest.trim_end_matches('/');
        return Ok(format!("{}://{rest}", scheme.to_ascii_lowercase()));
    }
    if environment.has_method(text, "fetch") {
        Ok(text.to_owned())
    } else if environment.has_binding(text) {
        Err("is a binding of this Worker, but no service binding: it has no fetch")
    } else {
        Err(
            "is neither a URL (http:// or https://) nor the name of a service binding of this Worker",
        )
    }
}
