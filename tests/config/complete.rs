//! The complete document: it shows every key once.

use std::collections::BTreeSet;

use gatespan::config::{Host, schema};
use serde_json::Value;

use crate::faults;

const DOCUMENT: &str = include_str!("complete.json");

fn keys(object: &Value) -> BTreeSet<String> {
    let keys = object.as_object().expect("an object").keys();
    keys.cloned().collect()
}

#[test]
fn complete_document_is_accepted_in_every_host() {
    for host in [Host::Envoy, Host::Worker] {
        assert_eq!(faults(DOCUMENT, host), Vec::<String>::new(), "{host:?}");
    }
}

#[test]
fn complete_document_has_every_key_of_the_schema() {
    let schema: Value = serde_json::from_str(&schema()).expect("it is JSON");
    let document: Value = serde_json::from_str(DOCUMENT).expect("it is JSON");
    let mut all = keys(&schema["properties"]);
    // A document has one of both.
    all.remove("backends");
    assert_eq!(keys(&document), all);
    for object in ["formats", "rule", "span", "response", "export"] {
        let wanted = keys(&schema["properties"][object]["properties"]);
        assert_eq!(keys(&document[object]), wanted, "{object}");
    }
}
