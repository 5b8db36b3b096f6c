//! The fields of a span and their types. The server answers 500 to a list with one that is otherwise, or loses it.

use serde_json::Value;

/// Every field, and what it has to be. None is left out, and there are no others.
type Rule = (&'static str, fn(&Value) -> bool);
const FIELDS: &[Rule] = &[
    ("trace_id", |value| is_hex(value, 32)),
    ("span_id", |value| is_hex(value, 16)),
    // An empty text is neither a root nor a child.
    ("parent_span_id", |value| {
        value.is_null() || is_hex(value, 16)
    }),
    ("instrumentation_scope", |value| has(value, SCOPE)),
    ("resource", is_resource),
    ("name", is_filled),
    ("start_time", Value::is_u64),
    ("end_time", Value::is_u64),
    ("attributes", are_attributes),
    ("status", |value| {
        ["UNSET", "OK", "ERROR"].contains(&value.as_str().unwrap())
    }),
    ("session_id", |value| value.is_null() || is_filled(value)),
    ("events", |value| {
        value.as_array().is_some_and(Vec::is_empty)
    }),
    ("links", |value| {
        value.as_array().unwrap().iter().all(|link| has(link, LINK))
    }),
];
const SCOPE: &[Rule] = &[
    // The scope of that name is Lilypad's own, whose costs are sums.
    ("name", |value| value == "gatespan"),
    ("version", is_filled),
    ("schema_url", Value::is_null),
    ("attributes", is_empty_object),
];
const LINK: &[Rule] = &[
    ("context", |value| has(value, CONTEXT)),
    ("attributes", is_empty_object),
];
const CONTEXT: &[Rule] = &[
    ("trace_id", |value| is_hex(value, 32)),
    ("span_id", |value| is_hex(value, 16)),
];
const RESOURCE: &[Rule] = &[
    ("attributes", |value| value["service.name"].is_string()),
    ("schema_url", |value| value == ""),
];

/// The most characters that a text of a span may have, where a server with a queue takes it.
const LONGEST: usize = 10_000;

/// Holds a span against the rules.
pub fn hold(span: &Value) {
    assert!(has(span, FIELDS), "{span}");
    assert!(span["start_time"].as_u64() <= span["end_time"].as_u64());
    let texts = span.as_object().unwrap().values().filter_map(Value::as_str);
    texts.for_each(|text| assert!(text.chars().count() <= LONGEST));
}

fn has(value: &Value, rules: &[Rule]) -> bool {
    let fields = value.as_object().unwrap();
    let known = |key: &String| rules.iter().any(|(rule, _)| rule == key);
    let unknown = fields.keys().find(|key| !known(key));
    assert_eq!(unknown, None, "{value}");
    rules.iter().all(|(key, is_right)| {
        let field = fields
            .get(*key)
            .unwrap_or_else(|| panic!("{key} is not in {value}"));
        assert!(is_right(field), "{key}: {field}");
        true
    })
}

fn is_hex(value: &Value, length: usize) -> bool {
    let text = value.as_str().unwrap();
    let is_zero = text.bytes().all(|byte| byte == b'0');
    let mut bytes = text.bytes();
    text.len() == length && !is_zero && bytes.all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn is_filled(value: &Value) -> bool {
    !value.as_str().unwrap().trim().is_empty()
}

fn is_empty_object(value: &Value) -> bool {
    value.as_object().is_some_and(serde_json::Map::is_empty)
}

fn is_resource(value: &Value) -> bool {
    let inside: Value = serde_json::from_str(value.as_str().unwrap()).unwrap();
    has(&inside, RESOURCE)
}

/// Flat, and of a type that the server knows.
fn are_attributes(value: &Value) -> bool {
    let attributes = value.as_object().unwrap();
    let mut values = attributes.values();
    value["lilypad.type"] == "trace" && values.all(|value| value.is_string() || value.is_u64())
}
