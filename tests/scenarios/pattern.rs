//! The little language of the scenario table.
//!
//! `$T` is one of the table's fixed ids; `<S>` an id that the gateway made, which must be the same wherever it stands in
//! one row. `.hex` is the undashed spelling of a UUID and `.low` its last 16 digits. An id whose name begins with `T` is
//! a trace id in hex, one beginning with `S` and holding a digit a span id in hex, every other one a dashed UUID.

use std::collections::BTreeMap;

/// The ids that the gateway made in one row.
#[derive(Default, Debug)]
pub struct Bound(BTreeMap<String, String>);

impl Bound {
    /// Whether `actual` is what `pattern` says; ids seen for the first time are remembered.
    pub fn matches(&mut self, pattern: &str, actual: &str) -> bool {
        let mut rest = actual;
        let mut pattern = pattern;
        while let Some((literal, behind)) = pattern.split_once('<') {
            let Some((name, behind)) = behind.split_once('>') else {
                return false;
            };
            let Some(after) = rest.strip_prefix(literal) else {
                return false;
            };
            let length = length(name).min(after.len());
            let (id, after) = after.split_at(length);
            if !self.bind(name, id) {
                return false;
            }
            (rest, pattern) = (after, behind);
        }
        rest == pattern
    }

    pub fn id(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn bind(&mut self, name: &str, id: &str) -> bool {
        if id.len() != length(name)
            || !id
                .bytes()
                .all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
        {
            return false;
        }
        let mut same = self
            .0
            .entry(name.to_owned())
            .or_insert_with(|| id.to_owned())
            == id;
        if id.len() == DASHED {
            for part in [".hex", ".low"] {
                let spelled = spelled(id, part);
                same &= *self
                    .0
                    .entry(format!("{name}{part}"))
                    .or_insert_with(|| spelled.clone())
                    == spelled;
            }
        }
        if let Some(name) = name.strip_suffix(".hex") {
            let low = spelled(id, ".low");
            same &= *self
                .0
                .entry(format!("{name}.low"))
                .or_insert_with(|| low.clone())
                == low;
        }
        same
    }
}

/// Puts the table's fixed ids into a text.
pub fn filled(text: &str, ids: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        let end = behind
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(behind.len());
        let (name, mut after) = behind.split_at(end);
        let id = ids
            .get(name)
            .unwrap_or_else(|| panic!("the table has no id ${name}"));
        match [".hex", ".low"]
            .into_iter()
            .find(|part| after.starts_with(part))
        {
            Some(part) => {
                out.push_str(&spelled(id, part));
                after = &after[part.len()..];
            }
            None => out.push_str(id),
        }
        rest = after;
    }
    out + rest
}

fn spelled(id: &str, part: &str) -> String {
    let hex: String = id.chars().filter(|c| *c != '-').collect();
    if part == ".low" {
        hex[16..].to_owned()
    } else {
        hex
    }
}

fn length(name: &str) -> usize {
    match name.split_once('.') {
        Some((_, "hex")) => 32,
        Some((_, "low")) => 16,
        _ if name.starts_with('T') => 32,
        _ if name.starts_with('S') && name.len() > 1 => 16,
        _ => DASHED,
    }
}

const DASHED: usize = 36;
