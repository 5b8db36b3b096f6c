//! Where requests are forwarded to: what a route table is to Envoy.
//!
//! ```json
//! [ { "path_prefix": "/v1/", "host": "*.example.com", "origin": "https://llm.internal/base", "name": "chat", "rule": "strict" },
//!   { "host": "docs.example.com", "origin": "DOCS" } ]
//! ```
//!
//! The first entry of the variable `ORIGINS` that fits is taken, else `ORIGIN`. An origin is a URL or the name of a service
//! binding. `name` is what `match.route` and `{route}` of the configuration mean, `rule` one of its named rules.

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

/// The keys of an entry, and what each of them says.
const KEYS: [(&str, Say); 5] = [
    ("origin", |origin, text| origin.place = text),
    ("path_prefix", |origin, text| {
        origin.condition.path_prefix = Some(text);
    }),
    ("host", |origin, text| {
        origin.condition.host = Some(text.to_ascii_lowercase());
    }),
    ("name", |origin, text| origin.name = Some(text)),
    ("rule", |origin, text| origin.rule = Some(text)),
];

type Say = fn(&mut Origin, String);

impl Origins {
    /// Reads both variables. Every fault is told with its place.
    pub(crate) fn read(environment: &Environment, faults: &mut Vec<String>) -> Self {
        let mut origins = Vec::new();
        match environment.text(LIST).map(serde_json::from_str) {
            None => {}
            Some(Ok(Value::Array(entries))) => {
                for (index, entry) in entries.iter().enumerate() {
                    origins.push(entry_of(entry, &format!("{LIST}[{index}]"), faults));
                }
            }
            Some(_) => faults.push(format!("{LIST}: is not a JSON list")),
        }
        let default = environment.text(DEFAULT).map(str::to_owned);
        let bound = || environment.has_binding(DEFAULT).then(|| DEFAULT.to_owned());
        match default.or_else(bound) {
            Some(place) => origins.push(Origin {
                place,
                ..Origin::default()
            }),
            None if origins.is_empty() => faults.push(format!(
                "{DEFAULT}: is not set, so there is nowhere to forward to"
            )),
            None => {}
        }
        for (index, origin) in origins.iter_mut().enumerate() {
            origin
                .place
                .truncate(origin.place.trim_end_matches('/').len());
            if !is_url(&origin.place) && !environment.has_binding(&origin.place) {
                let place = &origin.place;
                faults.push(format!(
                    "origin {index}: {place:?} is neither a URL nor a service binding of this Worker"
                ));
            } else if is_url(&origin.place) && origin.place.contains(['?', '#', '\\']) {
                let place = &origin.place;
                faults.push(format!(
                    "origin {index}: {place:?} does not end with its path, behind which that of a request is put"
                ));
            }
        }
        Self(origins)
    }

    /// Rules that origins ask for and the configuration does not have.
    pub(crate) fn unknown_rules(&self, config: &Config) -> impl Iterator<Item = String> {
        let rules = self.0.iter().filter_map(|origin| origin.rule.as_deref());
        rules
            .filter(|rule| !config.rules.knows(rule))
            .map(|rule| format!("{LIST}: the configuration has no rule {rule:?}"))
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

fn entry_of(entry: &Value, at: &str, faults: &mut Vec<String>) -> Origin {
    let mut origin = Origin::default();
    let Value::Object(entry) = entry else {
        faults.push(format!("{at}: is not an object"));
        return origin;
    };
    for (key, value) in entry {
        let say = KEYS.iter().find(|(known, _)| known == key);
        match (say, value) {
            (Some((_, say)), Value::String(text)) => say(&mut origin, text.clone()),
            (Some(_), _) => faults.push(format!("{at}.{key}: is not text")),
            (None, _) => faults.push(format!("{at}.{key}: unknown key")),
        }
    }
    origin
}

fn is_url(place: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        place
            .strip_prefix(scheme)
            .is_some_and(|rest| !rest.is_empty())
    })
}
