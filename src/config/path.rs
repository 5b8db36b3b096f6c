//! The place of a value in a document. A path is a chain on the stack, so it costs nothing until an error needs its text.

use alloc::vec::Vec;
use core::fmt;

use super::shown::Shown;

/// A place, like `routes[2].missing`.
#[derive(Clone, Copy)]
pub(super) struct DocumentPath<'p> {
    above: Option<&'p Self>,
    step: Step<'p>,
    rank: usize,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Document,
    Key(&'p str),
    Item,
    Gap,
}

impl<'p> DocumentPath<'p> {
    /// The document itself.
    pub(super) const DOCUMENT: Self = Self {
        above: None,
        step: Step::Document,
        rank: 0,
    };
    /// The rank of an absent entry: after all entries that exist.
    pub(super) const NOWHERE: usize = usize::MAX;

    /// The place of a key, which is the entry of this rank.
    pub(super) const fn key(&'p self, name: &'p str, rank: usize) -> Self {
        Self {
            above: Some(self),
            step: Step::Key(name),
            rank,
        }
    }

    /// The place of an item of a list.
    pub(super) const fn item(&'p self, rank: usize) -> Self {
        Self {
            above: Some(self),
            step: Step::Item,
            rank,
        }
    }

    /// An absent or unknown key in this place. Its text is that of the place.
    pub(super) const fn gap(&'p self, rank: usize) -> Self {
        Self {
            above: Some(self),
            step: Step::Gap,
            rank,
        }
    }

    /// The last key on the way.
    pub(super) const fn name(&self) -> &'p str {
        match self.step {
            Step::Key(name) => name,
            Step::Document | Step::Item | Step::Gap => "",
        }
    }

    /// The ranks on the way: places in the order of these are in the order of the document.
    pub(super) fn ranks(&self) -> Vec<usize> {
        let mut ranks = self.above.map(DocumentPath::ranks).unwrap_or_default();
        ranks.push(self.rank);
        ranks
    }
}

impl fmt::Display for DocumentPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_gap = matches!(self.step, Step::Gap);
        let above = self
            .above
            .filter(|above| is_gap || !matches!(above.step, Step::Document));
        if let Some(above) = above {
            above.fmt(f)?;
        }
        match self.step {
            Step::Gap => Ok(()),
            Step::Document => f.write_str("document"),
            Step::Item => write!(f, "[{}]", self.rank),
            Step::Key(name) if !is_plain(name) => write!(f, "[{}]", Shown(name)),
            Step::Key(name) if above.is_some() => write!(f, ".{name}"),
            Step::Key(name) => f.write_str(name),
        }
    }
}

/// Whether a path can contain this key without quotes.
fn is_plain(name: &str) -> bool {
    (1..=40).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}
