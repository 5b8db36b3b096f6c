//! What is wrong with a document, and where.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::place::Place;

/// A fault of a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Complaint {
    /// The place, like `routes[2].missing`.
    pub place: String,
    /// What is wrong there, and what would be right. Never holds a secret.
    pub message: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Collects faults, in whatever order they are found, and keeps them in the order of the document.
#[derive(Default)]
pub(super) struct Complaints(Vec<(Vec<usize>, Complaint)>);

impl Complaints {
    #[inline(never)]
    pub(super) fn say(&mut self, place: &Place<'_>, message: impl Into<String>) {
        self.file(place, message.into());
    }

    fn file(&mut self, place: &Place<'_>, message: String) {
        let ranks = place.ranks();
        let at = self.0.partition_point(|(other, _)| *other <= ranks);
        let place = place.to_string();
        self.0.insert(at, (ranks, Complaint { place, message }));
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub(super) fn told(self) -> Vec<Complaint> {
        self.0.into_iter().map(|(_, complaint)| complaint).collect()
    }
}

/// A text of the document as a message shows it: quoted, escaped, and not longer than a message can bear.
pub(super) struct Shown<'t>(pub(super) &'t str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 40;
        let mut letters = self.0.chars();
        f.write_char('"')?;
        for letter in letters.by_ref().take(LONGEST) {
            // Not by `{:?}`, which knows what of Unicode can be printed: that is 8 KB of the filter.
            if letter.is_control() || matches!(letter, '"' | '\\') {
                write!(f, "{}", letter.escape_default())?;
            } else {
                f.write_char(letter)?;
            }
        }
        f.write_str(if letters.next().is_some() {
            "\"…"
        } else {
            "\""
        })
    }
}

/// `mint, reject or pass`.
pub(super) fn either(words: &[&str]) -> String {
    let mut text = String::new();
    for (rank, word) in words.iter().enumerate() {
        text.push_str(match rank {
            0 => "",
            _ if rank + 1 == words.len() => " or ",
            _ => ", ",
        });
        text.push_str(word);
    }
    text
}
