//! Texts of a document as messages show them.

use alloc::string::String;
use core::fmt::{self, Write};

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
