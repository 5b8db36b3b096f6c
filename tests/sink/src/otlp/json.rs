//! Compares OTLP/JSON with the table of messages. It decodes nothing; the decoder is more tolerant than a sender should rely on. Three
//! things are refused here: a 64-bit integer as a JSON number, which loses digits in JavaScript; an id in base64, which is protobuf's own
//! JSON; a null value, which means the same as no value.

use serde_json::Value;

use super::place::{Fault, Place};
use super::schema::{Field, Form, Message};

pub(super) fn walk(value: &Value, message: &Message) -> Result<(), Fault> {
    inside(value, message, &Place::Top)
}

fn inside(value: &Value, message: &Message, place: &Place<'_>) -> Result<(), Fault> {
    let members = value
        .as_object()
        .ok_or_else(|| place.fault("must be an object"))?;
    for (name, value) in members {
        let Some(field) = message.fields.iter().find(|field| field.name == name) else {
            return Err(unknown(name, message, place));
        };
        if !field.many {
            check(value, field, &place.field(field.name))?;
            continue;
        }
        let here = place.field(field.name);
        let items = value
            .as_array()
            .ok_or_else(|| here.fault("must be a list"))?;
        for (number, item) in items.iter().enumerate() {
            check(item, field, &place.item(field.name, number))?;
        }
    }
    if message.one_of && members.len() > 1 {
        return Err(place.fault("holds more than one value"));
    }
    Ok(())
}

/// A name that is in the table with another spelling is reported as in the table. Unknown names are not repeated.
fn unknown(name: &str, message: &Message, place: &Place<'_>) -> Fault {
    let plain = |name: &str| name.replace('_', "").to_ascii_lowercase();
    let meant = message
        .fields
        .iter()
        .find(|field| plain(field.name) == plain(name));
    match meant {
        Some(field) => place
            .field(field.name)
            .fault("is spelled in another way: keys are in lowerCamelCase"),
        None => place.fault("holds a key that is unknown here"),
    }
}

fn check(value: &Value, field: &Field, place: &Place<'_>) -> Result<(), Fault> {
    let reason = match field.form {
        Form::Nested(message) => return inside(value, message, place),
        Form::Id(digits) => is_not_id(value, digits),
        Form::Text if !value.is_string() => Some("must be a string"),
        Form::Bytes if !value.is_string() => Some("must be a string of base64"),
        Form::Bool if !value.is_boolean() => Some("must be true or false"),
        Form::Double if !value.is_number() => Some("must be a number"),
        Form::Small if !value.is_u64() => {
            Some("must be a number: enums and 32-bit integers are no strings here")
        }
        Form::Fixed32 if !value.is_u64() => Some("must be a number"),
        Form::Large => is_not_decimal(value, |text| text.parse::<i64>().is_ok()),
        Form::Fixed64 => is_not_decimal(value, |text| text.parse::<u64>().is_ok()),
        _ => None,
    };
    reason.map_or(Ok(()), |reason| Err(place.fault(reason)))
}

/// Checks that these are hex digits, and how many. The rules for both encodings check the value.
fn is_not_id(value: &Value, digits: usize) -> Option<&'static str> {
    let Some(text) = value.as_str() else {
        return Some("must be a string of hex digits");
    };
    let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text.len() {
        0 => None,
        length if hex && length == digits => None,
        _ if hex => Some("has not the digits of its kind: a trace id has 32, a span id 16"),
        _ => Some("must be hex digits: OTLP/JSON has no ids in base64 and none with dashes"),
    }
}

fn is_not_decimal(value: &Value, fits: fn(&str) -> bool) -> Option<&'static str> {
    let Some(text) = value.as_str() else {
        return Some(
            "must be a string: a 64-bit integer as a number loses digits in other readers",
        );
    };
    let canonical =
        !text.starts_with('+') && (text == "0" || !text.trim_start_matches('-').starts_with('0'));
    (!canonical || !fits(text)).then_some("must be a string holding a 64-bit integer")
}
