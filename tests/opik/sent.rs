//! What Opik is sent of a story, held against its contract.

use gatespan::Systems;
use serde_json::Value;

use super::contract;
use super::stage::{Call, Stage, Story};

pub const TRACE: &str = "019cae0b-b9f2-7d08-8b61-27e4a1c05f93";
pub const PARENT: &str = "019cae0b-b9f3-7a5e-b0c7-91d62f4e8a1d";

pub const DOCUMENT: &str = r#"{"backend": {"kind": "opik", "url": "http://opik.test/api"}}"#;

/// Everything that was sent.
#[derive(Debug)]
pub struct Written {
    pub rows: Vec<Value>,
    pub spans: Vec<Value>,
}

/// Tells a story to a gateway with this document.
pub fn told(document: &str, story: &Story<'_>) -> Written {
    let mut stage = Stage::new(document);
    let opik_only = Systems {
        opik: true,
        otel: false,
    };
    assert_eq!(stage.gateway.config().receives(), opik_only);
    stage.tell(story);
    let written = read(&stage.drain());
    contract::hold(&written);
    written
}

/// The one span of it.
pub fn span(document: &str, story: &Story<'_>) -> Value {
    let [span] = <[_; 1]>::try_from(told(document, story).spans).unwrap();
    span
}

fn read(calls: &[Call]) -> Written {
    let mut written = Written {
        rows: Vec::new(),
        spans: Vec::new(),
    };
    for call in calls {
        let mut body: Value = serde_json::from_slice(&call.body).unwrap();
        let object = body.as_object_mut().unwrap();
        assert_eq!(object.len(), 1);
        let (into, list) = match call.path {
            "/v1/private/traces/batch" => (&mut written.rows, object.remove("traces")),
            "/v1/private/spans/batch" => (&mut written.spans, object.remove("spans")),
            path => panic!("{path}"),
        };
        let Some(Value::Array(items)) = list else {
            panic!("{}", call.path)
        };
        into.extend(items);
    }
    written
}
