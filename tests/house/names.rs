//! Type names that can be seen outside their file.

use std::collections::BTreeMap;

use crate::files::File;
use crate::tokens::tokens;

/// The crates that are shipped.
const CRATES: [&str; 3] = ["src/", "filter/", "edge/src/"];
const KINDS: [&str; 5] = ["struct", "enum", "trait", "type", "union"];
/// Each room has settings: the name is always used with the room's.
const ALLOWED: [&str; 1] = ["Settings"];

/// The names that two files or more define, and these files.
pub(crate) fn twice(files: &[File]) -> BTreeMap<String, Vec<String>> {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files {
        let shipped = CRATES.iter().any(|start| file.path.starts_with(start));
        if !shipped || !file.path.ends_with(".rs") {
            continue;
        }
        for name in defined(&tokens(&file.text)) {
            places.entry(name).or_default().push(file.path.clone());
        }
    }
    places.retain(|name, files| files.len() > 1 && !ALLOWED.contains(&name.as_str()));
    places
}

/// What follows `pub struct`, `pub(crate) enum` and the like.
fn defined(tokens: &[String]) -> Vec<String> {
    let mut names = Vec::new();
    for at in 0..tokens.len() {
        if tokens[at] != "pub" {
            continue;
        }
        let mut next = at + 1;
        if tokens.get(next).is_some_and(|token| token == "(") {
            while tokens.get(next).is_some_and(|token| token != ")") {
                next += 1;
            }
            next += 1;
        }
        while tokens
            .get(next)
            .is_some_and(|token| token == "unsafe" || token == "const")
        {
            next += 1;
        }
        if let (Some(kind), Some(name)) = (tokens.get(next), tokens.get(next + 1))
            && KINDS.contains(&kind.as_str())
        {
            names.push(name.clone());
        }
    }
    names
}
