//! The items of a body, whichever API it is for.

use serde_json::{Value, json};

/// The rows or spans: those of Opik's batches, of Lilypad's list, of OTLP in either encoding.
pub fn items(body: &[u8]) -> Vec<Value> {
    if !body.starts_with(b"{") && !body.starts_with(b"[") {
        return spans(body);
    }
    let shown = String::from_utf8_lossy(body);
    let body: Value =
        serde_json::from_slice(body).unwrap_or_else(|error| panic!("{error}: {shown}"));
    let list = match &body {
        Value::Array(_) => &body,
        Value::Object(object) => match object.get("resourceSpans") {
            Some(groups) => &groups[0]["scopeSpans"][0]["spans"],
            None => object.values().next().unwrap(),
        },
        _ => panic!("{shown}"),
    };
    list.as_array().expect(&shown).clone()
}

/// The id of an item, by which it is known to be there already.
pub fn id(item: &Value) -> String {
    let keys = ["id", "span_id", "spanId"];
    let id = keys.iter().find_map(|key| item.get(key)).unwrap();
    id.as_str().unwrap().to_owned()
}

pub fn contains(body: &[u8], piece: &[u8]) -> bool {
    body.windows(piece.len()).any(|window| window == piece)
}

/// Spans in protocol buffers, as far as they are known by: the rest is read by the crate that knows all of it.
fn spans(body: &[u8]) -> Vec<Value> {
    let [group] = <[_; 1]>::try_from(fields(body, 1)).unwrap();
    let [scope] = <[_; 1]>::try_from(fields(group, 2)).unwrap();
    let spans = fields(scope, 2);
    let told = spans.iter().map(|span| {
        let id = fields(span, 2)[0].iter().map(|byte| format!("{byte:02x}"));
        let name = str::from_utf8(fields(span, 5)[0]).unwrap();
        json!({"id": id.collect::<String>(), "name": name})
    });
    told.collect()
}

/// What a message has in a field of texts or messages.
fn fields(mut message: &[u8], wanted: u64) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while !message.is_empty() {
        let key = varint(&mut message);
        let length = match key & 7 {
            0 => {
                varint(&mut message);
                0
            }
            1 => 8,
            2 => varint(&mut message) as usize,
            5 => 4,
            other => panic!("wire type {other}"),
        };
        let value;
        (value, message) = message.split_at(length);
        if key == wanted << 3 | 2 {
            found.push(value);
        }
    }
    found
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let length = 1 + bytes.iter().take_while(|byte| **byte & 0x80 != 0).count();
    let (digits, rest) = bytes.split_at(length);
    *bytes = rest;
    let value = |number, byte: &u8| number << 7 | u64::from(byte & 0x7f);
    digits.iter().rev().fold(0, value)
}
