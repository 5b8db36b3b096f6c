//! Spells a JSON object as a protobuf `Struct`, as Envoy does.

use serde_json::Value;

pub fn object(object: &Value) -> Vec<u8> {
    let entries = object.as_object().into_iter().flatten();
    entries
        .flat_map(|(key, item)| {
            field(
                1,
                &[field(1, key.as_bytes()), field(2, &value(item))].concat(),
            )
        })
        .collect()
}

fn value(item: &Value) -> Vec<u8> {
    match item {
        Value::Null => vec![1 << 3, 0],
        Value::Number(number) => {
            let bits = number.as_f64().unwrap().to_le_bytes();
            [&[2 << 3 | 1][..], &bits[..]].concat()
        }
        Value::String(text) => field(3, text.as_bytes()),
        Value::Bool(flag) => vec![4 << 3, u8::from(*flag)],
        Value::Object(_) => field(5, &object(item)),
        Value::Array(items) => {
            let items: Vec<u8> = items
                .iter()
                .flat_map(|item| field(1, &value(item)))
                .collect();
            field(6, &items)
        }
    }
}

fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = content.len();
    while length > 0x7f {
        out.push(length as u8 | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
    out.extend_from_slice(content);
    out
}
