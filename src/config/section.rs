//! Reads settings out of a document that may have faults. What has the wrong type is as good as absent here: the walk has
//! complained about it, and what is right is still read, so that all faults are found in one go.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::tree::Tree;
use super::walk::{joined, whole};
use crate::words::Word;

/// An object of a document and its place.
#[derive(Clone, Debug)]
pub(super) struct Section<'t> {
    entries: &'t [(String, Tree)],
    pub(super) place: String,
}

impl<'t> Section<'t> {
    /// The document itself.
    pub(super) fn root(tree: &'t Tree) -> Self {
        Self::new(tree, String::new())
    }

    fn new(tree: &'t Tree, place: String) -> Self {
        let entries = if let Tree::Object(entries) = tree {
            entries.as_slice()
        } else {
            &[]
        };
        Self { entries, place }
    }

    /// The place of a key.
    pub(super) fn at(&self, key: &str) -> String {
        joined(&self.place, key)
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.value(key).is_some()
    }

    /// The first of the given keys that is there.
    pub(super) fn any_of(&self, keys: &[&'static str]) -> Option<&'static str> {
        keys.iter().copied().find(|key| self.has(key))
    }

    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        if let Tree::Flag(flag) = self.value(key)? {
            Some(*flag)
        } else {
            None
        }
    }

    pub(super) fn number(&self, key: &str) -> Option<f64> {
        if let Tree::Number(number) = self.value(key)? {
            Some(*number)
        } else {
            None
        }
    }

    pub(super) fn whole(&self, key: &str) -> Option<u32> {
        self.number(key).and_then(whole)
    }

    pub(super) fn text(&self, key: &str) -> Option<&'t str> {
        if let Tree::Text(text) = self.value(key)? {
            Some(text)
        } else {
            None
        }
    }

    pub(super) fn string(&self, key: &str) -> Option<String> {
        self.text(key).map(ToString::to_string)
    }

    pub(super) fn lower(&self, key: &str) -> Option<String> {
        self.text(key).map(str::to_ascii_lowercase)
    }

    pub(super) fn word<W: Word>(&self, key: &str) -> Option<W> {
        self.text(key).and_then(W::meant_by)
    }

    /// The texts of a list; none when there is no list.
    pub(super) fn texts(&self, key: &str) -> Option<Vec<&'t str>> {
        let Tree::List(items) = self.value(key)? else {
            return None;
        };
        let text = |item: &'t Tree| {
            if let Tree::Text(text) = item {
                Some(text.as_str())
            } else {
                None
            }
        };
        Some(items.iter().filter_map(text).collect())
    }

    pub(super) fn strings(&self, key: &str) -> Option<Vec<String>> {
        self.texts(key)
            .map(|texts| texts.into_iter().map(ToString::to_string).collect())
    }

    /// The object at a key; an empty one when there is none.
    pub(super) fn section(&self, key: &str) -> Self {
        match self.value(key) {
            Some(tree) => Self::new(tree, self.at(key)),
            None => Self {
                entries: &[],
                place: self.at(key),
            },
        }
    }

    /// The object at a key, if there is one.
    pub(super) fn given(&self, key: &str) -> Option<Self> {
        self.has(key).then(|| self.section(key))
    }

    /// The objects of a list.
    pub(super) fn sections(&self, key: &str) -> Vec<Self> {
        let Some(Tree::List(items)) = self.value(key) else {
            return Vec::new();
        };
        let place = self.at(key);
        items
            .iter()
            .enumerate()
            .map(|(index, item)| Self::new(item, format!("{place}[{index}]")))
            .collect()
    }

    /// The entries of an object of names, each a section of its own.
    pub(super) fn named_sections(&self, key: &str) -> Vec<(&'t str, Self)> {
        let map = self.section(key);
        let entry =
            |(name, tree): &'t (String, Tree)| (name.as_str(), Self::new(tree, map.at(name)));
        map.entries.iter().map(entry).collect()
    }

    /// The entries of an object of texts.
    pub(super) fn pairs(&self, key: &str) -> Vec<(&'t str, &'t str)> {
        let text = |(name, tree): &'t (String, Tree)| {
            if let Tree::Text(text) = tree {
                Some((name.as_str(), text.as_str()))
            } else {
                None
            }
        };
        self.section(key).entries.iter().filter_map(text).collect()
    }

    fn value(&self, key: &str) -> Option<&'t Tree> {
        self.entries
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }
}
