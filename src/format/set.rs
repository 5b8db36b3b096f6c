//! A set of formats, one bit each.

use super::{FORMATS, Format};

/// A set of formats.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct FormatSet(u8);

impl FormatSet {
    /// The empty set.
    pub const EMPTY: Self = Self(0);

    /// Whether no format is in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the format is in the set.
    #[must_use]
    pub fn contains(self, format: &Format) -> bool {
        self.0 & Self::bit(format) != 0
    }

    /// The formats of the set, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = &'static Format> {
        FORMATS.iter().filter(move |format| self.contains(format))
    }

    fn bit(format: &Format) -> u8 {
        1 << format.index()
    }
}

/// A bit for each row of the table.
const _: () = assert!(FORMATS.len() <= 8);

impl<'f> FromIterator<&'f Format> for FormatSet {
    fn from_iter<I: IntoIterator<Item = &'f Format>>(formats: I) -> Self {
        Self(
            formats
                .into_iter()
                .fold(0, |bits, format| bits | Self::bit(format)),
        )
    }
}
