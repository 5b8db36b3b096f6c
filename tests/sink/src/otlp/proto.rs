//! Compares protobuf with the table of messages. It decodes nothing. It finds what a decoder ignores: unknown fields, fields that
//! are sent twice, two values for a `oneof`.

use core::str;

use super::place::{Fault, Place};
use super::schema::{Field, Form, Message};

/// Maximal nesting of a decoder.
const DEEPEST: usize = 60;

pub(super) fn walk(bytes: &[u8], message: &Message) -> Result<(), Fault> {
    inside(bytes, message, &Place::Top, 0)
}

fn inside(
    mut bytes: &[u8],
    message: &Message,
    place: &Place<'_>,
    depth: usize,
) -> Result<(), Fault> {
    if depth > DEEPEST {
        return Err(place.fault("is nested too deep"));
    }
    // How often each field occurs.
    let mut seen = vec![0_usize; message.fields.len()];
    while !bytes.is_empty() {
        let key = varint(&mut bytes).ok_or_else(|| place.fault("is cut short, or no protobuf"))?;
        let (number, wire) = (key >> 3, key & 7);
        let known = |(_, field): &(usize, &Field)| u64::from(field.number) == number;
        let Some((at, field)) = message.fields.iter().enumerate().find(known) else {
            return Err(place.fault(format!("holds a field {number}, which is unknown here")));
        };
        let count = seen.get(at).copied().unwrap_or_default();
        let here = if field.many {
            place.item(field.name, count)
        } else {
            place.field(field.name)
        };
        if count > 0 && !field.many {
            return Err(here.fault("occurs twice"));
        }
        if message.one_of && seen.iter().any(|count| *count > 0) {
            return Err(place.fault("holds more than one value"));
        }
        seen.iter_mut()
            .skip(at)
            .take(1)
            .for_each(|count| *count += 1);
        if wire != wire_type(field.form) {
            return Err(here.fault(format!("has the wire type {wire}")));
        }
        let value = take(&mut bytes, wire).ok_or_else(|| here.fault("is cut short"))?;
        match field.form {
            Form::Nested(message) => inside(value, message, &here, depth + 1)?,
            Form::Text if str::from_utf8(value).is_err() => return Err(here.fault("is not UTF-8")),
            _ => {}
        }
    }
    Ok(())
}

fn wire_type(form: Form) -> u64 {
    match form {
        Form::Bool | Form::Small | Form::Large => 0,
        Form::Fixed64 | Form::Double => 1,
        Form::Text | Form::Id(_) | Form::Bytes | Form::Nested(_) => 2,
        Form::Fixed32 => 5,
    }
}

/// The bytes of a value, without its length.
fn take<'a>(bytes: &mut &'a [u8], wire: u64) -> Option<&'a [u8]> {
    let length = match wire {
        0 => return varint(bytes).map(|_| &[][..]),
        1 => 8,
        5 => 4,
        _ => usize::try_from(varint(bytes)?).ok()?,
    };
    let (value, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(value)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for place in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
