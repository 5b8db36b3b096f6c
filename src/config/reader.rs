//! What all parts of a document are read with.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::error::ConfigErrors;
use super::node::Node;
use super::shown::Shown;
use super::{Host, texts};
use crate::format::{ALIASES, Format};
use crate::secret::Secret;

/// What reading needs besides the document.
pub(super) struct Reader<'e> {
    pub(super) host: Host,
    pub(super) env: &'e dyn Fn(&str) -> Option<String>,
    pub(super) errors: ConfigErrors,
}

impl Reader<'_> {
    /// The formats of a list, its aliases spelt out. One that an alias repeats keeps its first place; one that is
    /// written twice is a mistake about the order.
    pub(super) fn format_list(&mut self, node: &Node<'_, '_>) -> Option<Vec<&'static Format>> {
        let mut words = Vec::new();
        for item in node.children() {
            let Some(word) = item.text() else { continue };
            if words.contains(&word) {
                self.errors
                    .add(&item.place, format!("{} is given twice", Shown(word)));
            }
            words.push(word);
        }
        let mut formats = Vec::new();
        for format in node.texts()?.into_iter().flat_map(spelt_out) {
            if !formats.contains(&format) {
                formats.push(format);
            }
        }
        Some(formats)
    }

    /// The secret in the variable that a key names.
    pub(super) fn secret(&mut self, node: &Node<'_, '_>) -> Option<Secret> {
        let variable = node.text()?;
        let value = (self.env)(variable).filter(|value| !texts::is_blank(value));
        let why = match value.as_deref().map(texts::header_value) {
            Some(Ok(())) => return value.map(Secret::new),
            Some(Err(why)) => why,
            None => "is not set or is empty",
        };
        let message = format!("the variable {variable} {why}");
        self.errors.add(&node.place, message);
        None
    }
}

/// The formats that a word means.
pub(super) fn spelt_out(word: &str) -> impl Iterator<Item = &'static Format> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == word);
    let names = alias.map_or(&[] as &[&str], |(_, names)| names);
    Format::named(word)
        .into_iter()
        .chain(names.iter().filter_map(|name| Format::named(name)))
}
