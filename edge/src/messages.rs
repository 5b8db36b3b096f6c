//! Trace headers of queue messages, for Workers that put messages on a Queue and consume them. The decision is the same as for a request by
//! the default rule, and nothing is recorded.

use core::cell::RefCell;
use core::panic::RefUnwindSafe;

use gatespan::format::FORMATS;
use gatespan::{Admission, Edit, Gateway, Headers, Request};
use wasm_bindgen::prelude::wasm_bindgen;

use crate::admission_text;
use crate::environment::Environment;
use crate::request_text::RequestText;
use crate::worker::{read_config, refill_if_empty, time};

/// What the messages of an isolate need.
#[wasm_bindgen]
pub struct Messages {
    gateway: RefCell<Gateway>,
}

/// As for [`Worker`](crate::Worker).
impl RefUnwindSafe for Messages {}

#[wasm_bindgen]
impl Messages {
    /// Reads the configuration from the environment.
    ///
    /// # Errors
    /// Every mistake in the configuration, one line each.
    #[wasm_bindgen(constructor)]
    pub fn new(environment: &str) -> Result<Self, String> {
        let config = read_config(&Environment::read(environment));
        let config = config.map_err(|errors| errors.join("\n"))?;
        Ok(Self {
            // Nothing is sent, so nothing has to differ between gateways.
            gateway: RefCell::new(Gateway::new(config.for_messages(), 0)),
        })
    }

    /// The headers for the other side, one line for each name and each value. `request` is as for `Worker`.
    ///
    /// # Errors
    /// Why the rule rejects them.
    pub fn carry(&self, request: &str, now: f64) -> Result<String, String> {
        let text = RequestText::read(request);
        let request = Request {
            scheme: text.scheme,
            host: text.host,
            ..Request::new(text.method, text.path, Headers::new(&text.headers))
        };
        let mut gateway = self.gateway.borrow_mut();
        let now = time(now);
        refill_if_empty(&mut gateway, now);
        let forward = match gateway.admit(&request, now) {
            Admission::Forward(forward) => forward,
            Admission::Reject(rejection) => return Err(rejection.detail()),
            Admission::ReadBody(_) => return Ok(String::new()), // Not reached: a message has no body here.
        };
        let edits = forward.edits.as_slice();
        let is_edited = |name: &[u8]| {
            edits.iter().any(|edit| match edit {
                Edit::Remove(edited) => edited.eq_ignore_ascii_case(name),
                Edit::Set(edited, _) => edited.as_bytes().eq_ignore_ascii_case(name),
            })
        };
        let stays = text.headers.iter().copied();
        let stays = stays.filter(|(name, _)| is_ours(name) && !is_edited(name));
        let set = edits.iter().filter_map(|edit| match edit {
            Edit::Remove(_) => None,
            Edit::Set(name, value) => Some((name.as_bytes(), value.as_bytes())),
        });
        Ok(admission_text::pairs(stays.chain(set)))
    }
}

/// Whether a header belongs to a wire format.
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
    use crate::worker::CONFIG;

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
    fn ids_are_passed_on_unchanged_and_nothing_else_is() {
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
    fn message_without_ids_gets_new_ones() {
        let carried = carry(r#"{"formats": {"inject": ["w3c"]}}"#, "").unwrap();
        assert!(carried.starts_with("traceparent\n00-"), "{carried}");
    }

    #[test]
    fn message_of_a_service_is_trusted() {
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
    fn rejection_has_a_reason() {
        let document = r#"{"rule": {"missing": "reject", "require": ["w3c"]}}"#;
        assert_eq!(
            carry(document, ""),
            Err("missing: send traceparent".to_owned())
        );
        assert!(carry(document, TRACE).is_ok());
    }
}
