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
        let mut rest = self.0;
        core::iter::from_fn(move || {
            let format = FORMATS.get(rest.trailing_zeros() as usize)?;
            rest &= rest - 1;
            Some(format)
        })
    }

    /// The formats of either set.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The formats of both sets.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The same set with one format more.
    #[must_use]
    pub const fn with(self, format: &Format) -> Self {
        Self(self.0 | Self::bit(format))
    }

    /// The same set without that format.
    #[must_use]
    pub const fn without(self, format: &Format) -> Self {
        Self(self.0 & !Self::bit(format))
    }

    /// The set of the formats at these places of the table.
    pub(super) const fn of_bits(bits: u8) -> Self {
        Self(bits)
    }

    const fn bit(format: &Format) -> u8 {
        1 << format.index
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
