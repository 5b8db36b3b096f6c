//! Compares a document with the table of keys and reports everything that does not fit.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::error::ConfigErrors;
use super::kind::{Check, Key, Kind};
use super::path::DocumentPath;
use super::shown::{Shown, either};
use super::texts;
use crate::tree::Tree;

/// Whether the walk would find nothing here.
pub(super) fn fits(tree: &Tree, kind: &Kind) -> bool {
    let mut errors = ConfigErrors::default();
    errors.walk(tree, kind, &DocumentPath::DOCUMENT);
    errors.is_empty()
}

impl ConfigErrors {
    /// Walks a value that should be of this kind.
    pub(super) fn walk(&mut self, value: &Tree, kind: &Kind, place: &DocumentPath<'_>) {
        match (kind, value) {
            (Kind::Flag, Tree::Flag(_)) => {}
            (Kind::Text(check), Tree::Text(text)) => {
                if let Err(why) = check(text) {
                    self.add(place, format!("{} {why}", Shown(text)));
                }
            }
            (Kind::Secret(check), Tree::Text(text)) => {
                if let Err(why) = check(text) {
                    self.add(place, why);
                }
            }
            (Kind::Word(words), Tree::Text(text)) => {
                if !words.contains(&text.as_str()) {
                    let expected = either(words);
                    let message = format!("unknown value {}, expected {expected}", Shown(text));
                    self.add(place, message);
                }
            }
            (Kind::Number(..) | Kind::Whole(..) | Kind::Millis(..), Tree::Number(number)) => {
                self.number(*number, kind, place);
            }
            (Kind::Millis(least, most), Tree::Text(text)) => {
                if !texts::millis(text).is_some_and(|millis| (*least..=*most).contains(&millis)) {
                    let message = format!(
                        "expected {least} to {most} milliseconds, or a duration like \"5s\" or \"250ms\""
                    );
                    self.add(place, message);
                }
            }
            (Kind::List(kind, most), Tree::List(items)) => {
                if items.len() > *most {
                    let message = format!("holds {} entries, {most} are allowed", items.len());
                    self.add(place, message);
                }
                for (rank, item) in items.iter().enumerate() {
                    self.walk(item, kind, &place.item(rank));
                }
            }
            (Kind::Object(groups), Tree::Object(entries)) => self.object(entries, groups, place),
            (Kind::Map(check, kind), Tree::Object(entries)) => {
                self.map(entries, *check, kind, place);
            }
            (kind, value) => {
                let expected = match kind {
                    Kind::Word(words) => either(words),
                    kind => kind.noun().into(),
                };
                let message = format!("expected {expected}, found {}", value.noun());
                self.add(place, message + hint(kind, value));
            }
        }
    }

    fn number(&mut self, number: f64, kind: &Kind, place: &DocumentPath<'_>) {
        let (is_within, bounds) = match *kind {
            Kind::Number(least, most) => (
                (f64::from(least)..=f64::from(most)).contains(&number),
                format!("is not within {least} and {most}"),
            ),
            Kind::Whole(least, most) | Kind::Millis(least, most) => (
                whole(number).is_some_and(|number| (least..=most).contains(&number)),
                format!("is not a whole number from {least} to {most}"),
            ),
            _ => return,
        };
        if !is_within {
            // Only what is short is repeated: a double can have three hundred digits.
            match whole(number) {
                Some(number) => self.add(place, format!("{number} {bounds}")),
                None => self.add(place, bounds),
            }
        }
    }

    fn object(&mut self, entries: &[(String, Tree)], groups: &[&[Key]], place: &DocumentPath<'_>) {
        let keys = || groups.iter().copied().flatten();
        let mut seen = Vec::new();
        for (rank, (name, value)) in entries.iter().enumerate() {
            let here = place.key(name, rank);
            match keys().find(|key| key.name == name) {
                _ if !is_first(&mut seen, name) => self.add(&here, TWICE),
                Some(key) => self.walk(value, &key.kind, &here),
                None => {
                    let near = nearest(keys().map(|key| key.name), name);
                    let hint = near.map(|known| format!(", did you mean {}?", Shown(known)));
                    let message =
                        format!("unknown key {}{}", Shown(name), hint.unwrap_or_default());
                    self.add(&place.gap(rank), message);
                }
            }
        }
        for key in keys().filter(|key| key.is_required && seen.binary_search(&key.name).is_err()) {
            self.add(
                &place.gap(DocumentPath::NOWHERE),
                format!("lacks {}", Shown(key.name)),
            );
        }
    }

    fn map(
        &mut self,
        entries: &[(String, Tree)],
        check: Check,
        kind: &Kind,
        place: &DocumentPath<'_>,
    ) {
        let mut seen = Vec::new();
        for (rank, (name, value)) in entries.iter().enumerate() {
            let here = place.key(name, rank);
            match (check(name), kind) {
                _ if !is_first(&mut seen, name) => self.add(&here, TWICE),
                (Ok(()), _) => self.walk(value, kind, &here),
                // What is no name may be the secret, written into the wrong place.
                (Err(why), Kind::Secret(_)) => {
                    self.add(&place.gap(rank), format!("a name {why}"));
                }
                (Err(why), _) => {
                    let message = format!("the name {} {why}", Shown(name));
                    self.add(&place.gap(rank), message);
                }
            }
        }
    }
}

/// A text that YAML takes for something else.
const fn hint(kind: &Kind, value: &Tree) -> &'static str {
    match (kind, value) {
        (Kind::Text(_) | Kind::Secret(_), Tree::Flag(_) | Tree::Number(_)) => ": quote this value",
        _ => "",
    }
}

const TWICE: &str = "is given twice";

/// Whether a name is new. `seen` is sorted.
fn is_first<'n>(seen: &mut Vec<&'n str>, name: &'n str) -> bool {
    let place = seen.binary_search(&name);
    if let Err(place) = place {
        seen.insert(place, name);
    }
    place.is_err()
}

/// A number without a fraction, as far as settings go.
pub(super) fn whole(number: f64) -> Option<u32> {
    let cut = number as u32;
    (f64::from(cut) == number).then_some(cut)
}

/// The known name that was probably meant.
fn nearest<'k>(known: impl Iterator<Item = &'k str>, name: &str) -> Option<&'k str> {
    known
        .map(|known| (distance(known, name), known))
        .filter(|(distance, known)| *distance <= 2 && *distance + 1 < known.len())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// How many letters have to be put in, left out or changed to make one name of the other.
fn distance(known: &str, name: &str) -> usize {
    if known.len().abs_diff(name.len()) > 2 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for (line, letter) in name.bytes().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, other) in row.iter_mut().skip(1).zip(known.bytes()) {
            let changed = diagonal + usize::from(letter != other);
            diagonal = *cell;
            *cell = changed.min(diagonal + 1).min(left + 1);
            left = *cell;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}
