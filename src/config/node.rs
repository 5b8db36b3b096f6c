//! Reads settings from a document that may contain mistakes. A faulty value counts as absent here, because the walk has
//! reported it. Valid values are still read, so that all mistakes are found in one pass.
//!
//! A document is read once, and all of this is called from many places: in line there it would be 10 KB of the filter.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::kind::{Kind, Preset};
use super::path::DocumentPath;
use super::texts;
use super::walk::{fits, whole};
use crate::tree::Tree;
use crate::words::Word;

/// A value of a document, or the gap where it could be, with its row in the table of keys.
#[derive(Clone, Copy)]
pub(super) struct Node<'n, 't> {
    pub(super) place: DocumentPath<'n>,
    tree: Option<&'t Tree>,
    kind: &'static Kind,
    preset: Preset,
}

impl<'n, 't: 'n> Node<'n, 't> {
    /// The document itself.
    pub(super) const fn root(tree: &'t Tree, kind: &'static Kind) -> Self {
        Self {
            place: DocumentPath::DOCUMENT,
            tree: Some(tree),
            kind,
            preset: Preset::None,
        }
    }

    /// The value of a key.
    #[inline(never)]
    pub(super) fn key<'s>(&'s self, name: &'static str) -> Node<'s, 't> {
        let known = self.kind.key(name);
        let found = self
            .entries()
            .iter()
            .enumerate()
            .find(|(_, (key, _))| key == name);
        Node {
            place: self
                .place
                .key(name, found.map_or(DocumentPath::NOWHERE, |(rank, _)| rank)),
            tree: found.map(|(_, (_, tree))| tree),
            kind: known.map_or(self.kind, |key| &key.kind),
            preset: known.map_or(Preset::None, |key| key.preset),
        }
    }

    /// The items of a list, or the entries of an object of names.
    pub(super) fn children<'s>(&'s self) -> impl Iterator<Item = Node<'s, 't>> {
        (0..).map_while(|rank| self.child(rank))
    }

    #[inline(never)]
    fn child<'s>(&'s self, rank: usize) -> Option<Node<'s, 't>> {
        let (place, tree) = match self.tree? {
            Tree::Object(entries) => {
                let (name, tree) = entries.get(rank)?;
                (self.place.key(name, rank), tree)
            }
            Tree::List(items) => (self.place.item(rank), items.get(rank)?),
            _ => return None,
        };
        let kind = match self.kind {
            Kind::List(kind, _) | Kind::Map(_, kind) => *kind,
            other => other,
        };
        Some(Node {
            place,
            tree: Some(tree),
            kind,
            preset: Preset::None,
        })
    }

    pub(super) const fn is_given(&self) -> bool {
        self.tree.is_some()
    }

    /// Whether the value is an object.
    pub(super) const fn is_object(&self) -> bool {
        matches!(self.tree, Some(Tree::Object(_)))
    }

    /// Whether the value is empty.
    #[inline(never)]
    pub(super) fn is_empty(&self) -> bool {
        self.child(0).is_none()
    }

    /// Whether the walk reported this value.
    #[inline(never)]
    pub(super) fn is_faulty(&self) -> bool {
        self.tree.is_some_and(|tree| !fits(tree, self.kind))
    }

    #[inline(never)]
    pub(super) fn flag(&self) -> Option<bool> {
        match (self.sound(), self.preset) {
            (Some(Tree::Flag(flag)), _) => Some(*flag),
            (None, Preset::Flag(flag)) if !self.is_given() => Some(flag),
            _ => None,
        }
    }

    #[inline(never)]
    pub(super) fn number(&self) -> Option<f64> {
        match self.sound() {
            Some(Tree::Number(number)) => Some(*number),
            _ => None,
        }
    }

    #[inline(never)]
    pub(super) fn whole(&self) -> Option<u32> {
        match (self.sound(), self.preset) {
            (Some(Tree::Number(number)), _) => whole(*number),
            (Some(Tree::Text(text)), _) => texts::millis(text),
            (None, Preset::Whole(number)) if !self.is_given() => Some(number),
            _ => None,
        }
    }

    #[inline(never)]
    pub(super) fn text(&self) -> Option<&'t str> {
        match (self.sound(), self.preset) {
            (Some(Tree::Text(text)), _) => Some(text),
            (None, Preset::Text(text)) if !self.is_given() => Some(text),
            _ => None,
        }
    }

    #[inline(never)]
    pub(super) fn string(&self) -> Option<String> {
        self.text().map(ToString::to_string)
    }

    #[inline(never)]
    pub(super) fn lower(&self) -> Option<String> {
        self.text().map(str::to_ascii_lowercase)
    }

    pub(super) fn word<W: Word>(&self) -> Option<W> {
        self.text().and_then(W::meant_by)
    }

    /// The sound texts of a list; none when there is no list.
    #[inline(never)]
    pub(super) fn texts(&self) -> Option<Vec<&'t str>> {
        match (self.tree, self.preset) {
            (Some(Tree::List(_)), _) => {
                Some(self.children().filter_map(|item| item.text()).collect())
            }
            (None, Preset::Texts(texts)) => Some(texts.to_vec()),
            _ => None,
        }
    }

    #[inline(never)]
    pub(super) fn strings(&self) -> Option<Vec<String>> {
        let texts = self.texts()?;
        Some(texts.into_iter().map(ToString::to_string).collect())
    }

    #[inline(never)]
    fn sound(&self) -> Option<&'t Tree> {
        self.tree.filter(|tree| fits(tree, self.kind))
    }

    const fn entries(&self) -> &'t [(String, Tree)] {
        match self.tree {
            Some(Tree::Object(entries)) => entries.as_slice(),
            _ => &[],
        }
    }
}
