//! The rules for the values of fields.

use serde_json::{Map, Value};

type Kept = Result<(), &'static str>;

/// A time before 2001 is in another unit than nanoseconds.
const EARLIEST: u64 = 1_000_000_000_000_000_000;

fn expect(holds: bool, reason: &'static str) -> Kept {
    if holds { Ok(()) } else { Err(reason) }
}

fn string(value: &Value) -> Result<&str, &'static str> {
    value.as_str().ok_or("must be a string")
}

fn object(value: &Value) -> Result<&Map<String, Value>, &'static str> {
    value.as_object().ok_or("must be an object")
}

fn list(value: &Value) -> Result<&[Value], &'static str> {
    value.as_array().map(Vec::as_slice).ok_or("must be a list")
}

fn hex(value: &Value, digits: usize, reason: &'static str) -> Kept {
    let text = string(value)?;
    let small = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    expect(text.len() == digits && text.bytes().all(small), reason)?;
    expect(text.bytes().any(|byte| byte != b'0'), "is all zero")
}

pub(super) fn own_trace(value: &Value) -> Kept {
    hex(value, 32, "must be 32 hex digits in lower case")
}

pub(super) fn id(value: &Value) -> Kept {
    hex(value, 16, "must be 16 hex digits in lower case")
}

pub(super) fn parent(value: &Value) -> Kept {
    if value == "" {
        return Err("is empty: such a span is neither root nor child, and lost");
    }
    if value.is_null() { Ok(()) } else { id(value) }
}

pub(super) fn name(value: &Value) -> Kept {
    expect(!string(value)?.is_empty(), "is empty")
}

pub(super) fn session(value: &Value) -> Kept {
    if value.is_null() { Ok(()) } else { name(value) }
}

pub(super) fn nanos(value: &Value) -> Kept {
    let time = value
        .as_u64()
        .ok_or("must be a whole number of nanoseconds")?;
    expect(
        time >= EARLIEST,
        "is before 2001, so that it is not in nanoseconds",
    )
}

/// A name: the server does not know OTLP's numbers.
pub(super) fn status(value: &Value) -> Kept {
    let word = string(value)?;
    expect(
        ["UNSET", "OK", "ERROR"].contains(&word),
        "must be UNSET, OK or ERROR",
    )
}

/// A text that contains JSON.
pub(super) fn resource(value: &Value) -> Kept {
    let text = value.as_str().ok_or("must be a string that holds JSON")?;
    let document: Value = serde_json::from_str(text).map_err(|_| "holds no JSON")?;
    let members = object(&document).map_err(|_| "must hold an object")?;
    let attributes = members.get("attributes").unwrap_or(&Value::Null);
    flat(attributes).map_err(|_| "must hold attributes, a flat object")?;
    let service = attributes.get("service.name").and_then(Value::as_str);
    expect(
        service.is_some_and(|name| !name.is_empty()),
        "has no service.name",
    )?;
    let schema = members.get("schema_url");
    expect(
        schema.is_some_and(Value::is_string),
        "must hold schema_url, a string",
    )?;
    expect(members.len() == 2, "holds a key that is unknown here")
}

pub(super) fn scope(value: &Value) -> Kept {
    let members = object(value)?;
    name(members.get("name").unwrap_or(&Value::Null)).map_err(|_| "needs a name")?;
    for key in ["version", "schema_url"] {
        let fits = |value: &Value| value.is_string() || value.is_null();
        expect(
            members.get(key).is_some_and(fits),
            "needs version and schema_url, strings or null",
        )?;
    }
    // Lilypad's SDK writes null if there are none.
    let own = members.get("attributes").ok_or("needs attributes")?;
    if !own.is_null() {
        flat(own).map_err(|_| "needs attributes, a flat object or null")?;
    }
    expect(members.len() == 4, "holds a key that is unknown here")
}

pub(super) fn attributes(value: &Value) -> Kept {
    flat(value)?;
    let kind = value.get("lilypad.type").unwrap_or(&Value::Null);
    let known = ["trace", "function", "mirascope.v1"];
    let fits = kind.is_null() || kind.as_str().is_some_and(|kind| known.contains(&kind));
    expect(fits, "lilypad.type must be trace, function or mirascope.v1")?;
    for key in ["gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"] {
        let fits = value.get(key).is_none_or(Value::is_u64);
        expect(fits, "gen_ai.usage must be whole numbers")?;
    }
    for key in ["gen_ai.system", "gen_ai.response.model"] {
        let fits = value.get(key).is_none_or(Value::is_string);
        expect(
            fits,
            "gen_ai.system and gen_ai.response.model must be strings",
        )?;
    }
    Ok(())
}

pub(super) fn events(value: &Value) -> Kept {
    list(value)?.iter().try_for_each(|event| {
        let members = object(event)?;
        let part = |key| members.get(key).unwrap_or(&Value::Null);
        name(part("name")).map_err(|_| "an event needs a name")?;
        flat(part("attributes")).map_err(|_| "an event needs attributes, a flat object")?;
        nanos(part("timestamp")).map_err(|_| "an event needs a timestamp in nanoseconds")?;
        expect(
            members.len() == 3,
            "an event holds a key that is unknown here",
        )
    })
}

pub(super) fn links(value: &Value) -> Kept {
    list(value)?.iter().try_for_each(|link| {
        let members = object(link)?;
        let part = |key| members.get(key).unwrap_or(&Value::Null);
        let context = object(part("context")).map_err(|_| "a link needs a context")?;
        let of = |key| context.get(key).unwrap_or(&Value::Null);
        own_trace(of("trace_id")).map_err(|_| "a link's trace_id is no trace id")?;
        id(of("span_id")).map_err(|_| "a link's span_id is no span id")?;
        flat(part("attributes")).map_err(|_| "a link needs attributes, a flat object")?;
        expect(
            members.len() == 2 && context.len() == 2,
            "a link holds a key that is unknown here",
        )
    })
}

/// Keys that are not empty, with texts, numbers, booleans, or lists of them.
fn flat(value: &Value) -> Kept {
    let plain = |value: &Value| !value.is_null() && !value.is_object() && !value.is_array();
    let fits = |value: &Value| match value {
        Value::Array(items) => items.iter().all(plain),
        other => plain(other),
    };
    let members = object(value)?;
    expect(
        members.values().all(fits),
        "must be flat: texts, numbers, truths, or lists of them",
    )?;
    expect(
        members.keys().all(|key| !key.is_empty()),
        "holds an empty key",
    )
}
