//! Compares a document with the table of keys and says everything that does not fit, in the document's order.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::keys::{Key, Kind};
use super::tree::Tree;

/// A fault of a document: where, and what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Complaint {
    /// The place, like `routes[2].missing`; empty for the document itself.
    pub place: String,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.place.is_empty() {
            "document"
        } else {
            &self.place
        };
        write!(f, "{place}: {}", self.message)
    }
}

/// Collects faults.
#[derive(Default)]
pub(super) struct Complaints(pub(super) Vec<Complaint>);

impl Complaints {
    pub(super) fn say(&mut self, place: &str, message: impl Into<String>) {
        let complaint = Complaint {
            place: place.to_string(),
            message: message.into(),
        };
        // One mistake in a rule would be found again in every layer over it.
        if !self.0.contains(&complaint) {
            self.0.push(complaint);
        }
    }

    /// Walks a value that should be of this kind.
    pub(super) fn walk(&mut self, value: &Tree, kind: &Kind, place: &str) {
        match (kind, value) {
            (Kind::Flag, Tree::Flag(_)) => {}
            (Kind::Text(check), Tree::Text(text)) => {
                if let Err(why) = check(text) {
                    self.say(place, format!("{} {why}", shown(text)));
                }
            }
            (Kind::Secret(check), Tree::Text(text)) => {
                if let Err(why) = check(text) {
                    self.say(place, why);
                }
            }
            (Kind::Word(words), Tree::Text(text)) => self.word(text, &words(), place),
            (Kind::Number(least, most), Tree::Number(number)) => {
                if !(*least..=*most).contains(number) {
                    self.say(place, format!("{number} is not within {least} and {most}"));
                }
            }
            (Kind::Whole(least, most), Tree::Number(number)) => {
                if whole(*number).is_none_or(|number| !(*least..=*most).contains(&number)) {
                    self.say(
                        place,
                        format!("{number} is not a whole number from {least} to {most}"),
                    );
                }
            }
            (Kind::List(kind, most), Tree::List(items)) => {
                if items.len() > *most {
                    self.say(
                        place,
                        format!("holds {} entries, {most} are allowed", items.len()),
                    );
                }
                for (index, item) in items.iter().enumerate() {
                    self.walk(item, kind, &format!("{place}[{index}]"));
                }
            }
            (Kind::Object(groups), Tree::Object(entries)) => self.object(entries, groups, place),
            (Kind::Map(check, kind), Tree::Object(entries)) => {
                self.map(entries, *check, kind, place);
            }
            (kind, value) => self.say(
                place,
                format!("expected {}, found {}", expected(kind), value.kind()),
            ),
        }
    }

    fn word(&mut self, text: &str, words: &[&str], place: &str) {
        if !words.contains(&text) {
            self.say(
                place,
                format!("unknown value {}, expected {}", shown(text), either(words)),
            );
        }
    }

    fn object(&mut self, entries: &[(String, Tree)], groups: &[&[Key]], place: &str) {
        for (index, (name, value)) in entries.iter().enumerate() {
            let known = groups
                .iter()
                .copied()
                .flatten()
                .find(|key| key.name == name);
            let at = if known.is_some() {
                joined(place, name)
            } else {
                place.to_string()
            };
            match known {
                _ if entries.iter().take(index).any(|(other, _)| other == name) => {
                    self.say(&at, format!("{} is given twice", shown(name)));
                }
                Some(key) => self.walk(value, &key.kind, &at),
                None => {
                    let near = groups
                        .iter()
                        .copied()
                        .flatten()
                        .find(|key| is_near(key.name, name));
                    let hint = near.map(|key| format!(", did you mean {:?}?", key.name));
                    self.say(
                        &at,
                        format!("unknown key {}{}", shown(name), hint.unwrap_or_default()),
                    );
                }
            }
        }
    }

    fn map(
        &mut self,
        entries: &[(String, Tree)],
        check: fn(&str) -> Result<(), &'static str>,
        kind: &Kind,
        place: &str,
    ) {
        for (index, (name, value)) in entries.iter().enumerate() {
            if entries.iter().take(index).any(|(other, _)| other == name) {
                self.say(place, format!("{} is given twice", shown(name)));
            } else if let Err(why) = check(name) {
                self.say(place, format!("the name {} {why}", shown(name)));
            } else {
                self.walk(value, kind, &joined(place, name));
            }
        }
    }
}

/// The place of a key of an object.
pub(super) fn joined(place: &str, name: &str) -> String {
    if place.is_empty() {
        name.to_string()
    } else {
        format!("{place}.{name}")
    }
}

/// A number without a fraction, as far as settings go.
pub(super) fn whole(number: f64) -> Option<u32> {
    let cut = number as u32;
    (f64::from(cut) == number).then_some(cut)
}

const fn expected(kind: &Kind) -> &'static str {
    match kind {
        Kind::Flag => "true or false",
        Kind::Text(_) | Kind::Secret(_) | Kind::Word(_) => "text",
        Kind::Number(..) | Kind::Whole(..) => "a number",
        Kind::List(..) => "a list",
        Kind::Object(_) | Kind::Map(..) => "an object",
    }
}

/// A value for a message: quoted, and not longer than a message can bear.
fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    if text.chars().count() > LONGEST {
        format!("{:?}…", text.chars().take(LONGEST).collect::<String>())
    } else {
        format!("{text:?}")
    }
}

fn either(words: &[&str]) -> String {
    match words {
        [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        words => words.join(", "),
    }
}

/// Whether two names differ by at most two letters put in, left out or changed.
fn is_near(known: &str, name: &str) -> bool {
    if known.len().abs_diff(name.len()) > 2 || known.len() <= 3 {
        return false;
    }
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for (line, letter) in name.bytes().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        let mut next = Vec::with_capacity(row.len());
        next.push(left);
        for (above, other) in row.iter().skip(1).zip(known.bytes()) {
            let cost = (diagonal + usize::from(letter != other))
                .min(above + 1)
                .min(left + 1);
            diagonal = *above;
            left = cost;
            next.push(cost);
        }
        row = next;
    }
    row.last().is_some_and(|distance| *distance <= 2)
}
