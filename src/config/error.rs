//! Mistakes in a document, each with its place.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use super::path::DocumentPath;

/// A mistake in a document.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigError {
    /// The place, like `routes[2].missing`.
    pub path: String,
    /// What is wrong there, and what would be right. Never contains a secret.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl core::error::Error for ConfigError {}

/// Collects mistakes in any order, and keeps them in the order of the document.
#[derive(Default)]
pub(super) struct ConfigErrors(Vec<(Vec<usize>, ConfigError)>);

impl ConfigErrors {
    #[inline(never)]
    pub(super) fn add(&mut self, place: &DocumentPath<'_>, message: impl Into<String>) {
        self.file(place, message.into());
    }

    fn file(&mut self, place: &DocumentPath<'_>, message: String) {
        let ranks = place.ranks();
        let at = self.0.partition_point(|(other, _)| *other <= ranks);
        let path = place.to_string();
        self.0.insert(at, (ranks, ConfigError { path, message }));
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_list(self) -> Vec<ConfigError> {
        self.0.into_iter().map(|(_, error)| error).collect()
    }
}
