//! The headers that go along with a message, for Workers that put messages on a Queue and take them off again. The same
//! decision as about a request, with nothing recorded, by the default rule as it is among one's own services.

use core::cell::RefCell;
use core::panic::RefUnwindSafe;

use gatespan::Peer;
use gatespan::config::Host;
use gatespan::format::FORMATS;
use gatespan::{Admission, Config, Edit, Export, Gate, Headers, Request, Systems};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::answer;
use crate::entropy::Pool;
use crate::environment::Environment;
use crate::facts::Facts;
use crate::worker::{CONFIG, time};

/// What the messages of an isolate need.
#[wasm_bindgen]
pub struct Messages {
    gate: Gate,
    pool: RefCell<Pool>,
}

/// As for [`Worker`](crate::Worker).
impl RefUnwindSafe for Messages {}

#[wasm_bindgen]
impl Messages {
    /// Reads the environment, of which the configuration alone is wanted.
    ///
    /// # Errors
    /// Every fault of the configuration, a line each.
    #[wasm_bindgen(constructor)]
    pub fn new(environment: &str) -> Result<Self, String> {
        let environment = Environment::read(environment);
        let variable = |name: &str| environment.text(name).map(str::to_owned);
        let document = environment.text(CONFIG).unwrap_or_default();
        match Config::parse(document, Host::Worker, &variable) {
            Ok(config) => Ok(Self {
                gate: Gate::new(config.among_ourselves()),
                pool: RefCell::new(Pool::new()),
            }),
            Err(complaints) => {
                let faults: Vec<String> = complaints.iter().map(ToString::to_string).collect();
                Err(faults.join("\n"))
            }
        }
    }

    /// The headers for the other side, a line for each name and each value. `facts` are those of a request.
    ///
    /// # Errors
    /// Why the rule refuses them.
    pub fn carry(&self, facts: &str, now: f64) -> Result<String, String> {
        let facts = Facts::read(facts);
        let request = Request {
            method: facts.method,
            scheme: facts.scheme,
            path: facts.path,
            host: facts.host,
            headers: Headers::new(&facts.headers),
            peer: Peer::default(),
            route: None,
            rule: None,
            continues: None,
        };
        let entropy = self.pool.borrow_mut().draw();
        let entropy = entropy.ok_or("the platform gave no random bytes")?;
        let export = Export::Accepting(Systems::default());
        let pass = match self.gate.admit(&request, export, time(now), &entropy) {
            Admission::Pass(pass) => pass,
            Admission::Reject(rejection) => return Err(rejection.detail()),
        };
        let edits = pass.edits.as_slice();
        let is_edited = |name: &[u8]| {
            edits.iter().any(|edit| match edit {
                Edit::Remove(edited) => edited.eq_ignore_ascii_case(name),
                Edit::Set(edited, _) => edited.as_bytes().eq_ignore_ascii_case(name),
            })
        };
        let stays = facts.headers.iter().copied();
        let stays = stays.filter(|(name, _)| is_ours(name) && !is_edited(name));
        let set = edits.iter().filter_map(|edit| match edit {
            Edit::Remove(_) => None,
            Edit::Set(name, value) => Some((name.as_bytes(), value.as_bytes())),
        });
        Ok(answer::pairs(stays.chain(set)))
    }
}

/// Whether a header belongs to a format. Others are not the message's business.
fn is_ours(name: &[u8]) -> bool {
    let mut headers = FORMATS.iter().flat_map(|format| format.headers);
    headers.any(|header| match header.name.strip_suffix('*') {
        Some(start) => name
            .get(..start.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(start.as_bytes())),
        None => name.eq_ignore_ascii_case(header.name.as_bytes()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn carry(document: &str, headers: &str) -> Result<String, String> {
        let environment = serde_json::json!([{ CONFIG: document }, []]).to_string();
        let messages = Messages::new(&environment).unwrap();
        messages.carry(
            &format!("POST\nhttps://a.test/{headers}"),
            1_772_446_530_125.0,
        )
    }

    const TRACE: &str = "\ntraceparent\n00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn ids_go_over_as_they_are_and_nothing_else_does() {
        let headers = format!("{TRACE}\nbaggage\nk=v\nauthorization\nsecret\nuberctx-a\nb");
        let document = r#"{"formats": {"inject": ["w3c", "b3"]}}"#;
        assert_eq!(
            carry(document, &headers),
            Ok(format!(
                "{}\nbaggage\nk=v\nuberctx-a\nb\nb3\n4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
                TRACE.trim_start()
            ))
        );
        let carried = carry(document, &headers).unwrap();
        assert_eq!(carry(document, &format!("\n{carried}")), Ok(carried));
    }

    #[test]
    fn who_has_none_gets_some() {
        let carried = carry(r#"{"formats": {"inject": ["w3c"]}}"#, "").unwrap();
        assert!(carried.starts_with("traceparent\n00-"), "{carried}");
    }

    #[test]
    fn a_message_of_ones_own_is_no_strangers() {
        for rule in [
            r#"{"inbound": "link"}"#,
            r#"{"inbound": "restart", "upstream": "strip"}"#,
            r#"{"inbound": "off"}"#,
            r#"{"trust": {"cidr": ["10.0.0.0/8"]}, "untrusted": "reject"}"#,
        ] {
            let document = format!(
                r#"{{"formats": {{"inject": ["w3c"]}}, "rule": {rule}, "routes": [{{"match": {{"path_prefix": "/"}}, "inbound": "link"}}]}}"#
            );
            assert_eq!(
                carry(&document, TRACE),
                Ok(TRACE.trim_start().to_owned()),
                "{rule}"
            );
        }
    }

    #[test]
    fn a_rule_that_refuses_says_why() {
        let document = r#"{"rule": {"missing": "reject", "require": ["w3c"]}}"#;
        assert_eq!(
            carry(document, ""),
            Err("missing: send traceparent".to_owned())
        );
        assert!(carry(document, TRACE).is_ok());
    }
}
