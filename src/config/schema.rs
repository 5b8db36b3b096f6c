//! The JSON Schema of the configuration, from the table of keys.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::keys::DOCUMENT;
use super::kind::{Key, Kind, Preset};

/// The schema (draft 2020-12) as text, for editors and pipelines.
#[must_use]
pub fn schema() -> String {
    let mut lines = [
        pair(
            "$schema",
            &quoted("https://json-schema.org/draft/2020-12/schema"),
        ),
        pair("title", &quoted("Gatespan configuration")),
    ]
    .to_vec();
    lines.extend(said(&DOCUMENT));
    object(&lines) + "\n"
}

/// What a kind says, a member an entry.
fn said(kind: &Kind) -> Vec<String> {
    let mut members = Vec::new();
    let noun = match kind {
        Kind::Flag => quoted("boolean"),
        Kind::Text(_) | Kind::Secret(_) | Kind::Word(_) => quoted("string"),
        Kind::Number(..) => quoted("number"),
        Kind::Whole(..) => quoted("integer"),
        Kind::Millis(..) => list(&["integer", "string"]),
        Kind::List(..) => quoted("array"),
        Kind::Object(_) | Kind::Map(..) => quoted("object"),
    };
    members.push(pair("type", &noun));
    match kind {
        Kind::Flag | Kind::Text(_) | Kind::Secret(_) => {}
        Kind::Word(words) => members.push(pair("enum", &list(words))),
        Kind::Number(least, most) | Kind::Whole(least, most) | Kind::Millis(least, most) => {
            members.push(pair("minimum", &least.to_string()));
            members.push(pair("maximum", &most.to_string()));
            if matches!(kind, Kind::Millis(..)) {
                members.push(pair("pattern", &quoted(DURATION)));
            }
        }
        Kind::List(kind, most) => {
            members.push(pair("maxItems", &most.to_string()));
            members.push(pair("items", &object(&said(kind))));
        }
        Kind::Map(_, kind) => members.push(pair("additionalProperties", &object(&said(kind)))),
        Kind::Object(groups) => {
            let keys = || groups.iter().copied().flatten();
            let properties: Vec<String> = keys().map(property).collect();
            members.push(pair("properties", &object(&properties)));
            let required: Vec<&str> = keys()
                .filter(|key| key.is_required)
                .map(|key| key.name)
                .collect();
            if !required.is_empty() {
                members.push(pair("required", &list(&required)));
            }
            members.push(pair("additionalProperties", "false"));
        }
    }
    members
}

/// What [`millis`](super::texts::millis) reads.
const DURATION: &str = r"^[0-9]+(\.[0-9]{1,3})?(ms|s|m)$";

fn property(key: &Key) -> String {
    let mut members = [pair("description", &quoted(key.about))].to_vec();
    members.extend(said(&key.kind));
    let preset = match key.preset {
        Preset::None => None,
        Preset::Flag(flag) => Some(flag.to_string()),
        Preset::Whole(number) => Some(number.to_string()),
        Preset::Text(text) => Some(quoted(text)),
        Preset::Texts(texts) => Some(list(texts)),
    };
    members.extend(preset.map(|preset| pair("default", &preset)));
    pair(key.name, &object(&members))
}

fn pair(name: &str, value: &str) -> String {
    format!("{}: {value}", quoted(name))
}

fn object(members: &[String]) -> String {
    format!("{{\n  {}\n}}", members.join(",\n").replace('\n', "\n  "))
}

fn list(texts: &[&str]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", texts.join(", "))
}

/// The table holds no character that JSON and Rust would quote differently.
fn quoted(text: &str) -> String {
    format!("{text:?}")
}
