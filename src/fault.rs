//! Why a header was refused: the header's name and the rule it broke, never its value.

use core::fmt;

/// A refused trace header. Small and `Copy`, so that it can be kept beside the span.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fault {
    /// The header, or the member of a header, that holds the id.
    pub header: &'static str,
    /// The rule that it broke.
    pub kind: FaultKind,
}

/// A rule of a wire format that a header broke.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FaultKind {
    /// The header came more than once where one is allowed, or joined by a comma.
    Repeated,
    /// Two spellings or copies of one header carry different values.
    Differs,
    /// The value is longer than the format allows.
    TooLong,
    /// The value has not the length that the format demands.
    Length,
    /// The value holds a control character.
    Control,
    /// A percent sign without two hex digits after it.
    Escape,
    /// The fields are not where the grammar puts them.
    Shape,
    /// The version is not two lower-case hex digits, or is `ff`.
    Version,
    /// An id is not lower-case hex of the demanded length.
    Hex,
    /// An id is all zero.
    Zero,
    /// The flags are not hex digits.
    Flags,
    /// The sampling state is none of the format's words.
    State,
    /// The value is not a UUID.
    Uuid,
    /// The UUID is not of version 7.
    NotVersion7,
    /// The time inside the UUID lies too far in the future.
    Future,
    /// One of two headers that belong together is missing.
    Incomplete,
    /// A member of the list is malformed.
    Member,
    /// The list has more members than the format allows.
    TooManyMembers,
}

impl FaultKind {
    /// The rule in words, ready to stand behind the name of the header.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Repeated => "came more than once",
            Self::Differs => "came twice with different values",
            Self::TooLong => "is longer than allowed",
            Self::Length => "does not have the length its format demands",
            Self::Control => "holds a control character",
            Self::Escape => "holds a malformed percent-escape",
            Self::Shape => "does not have the fields its format demands",
            Self::Version => "has an unusable version",
            Self::Hex => "holds an id that is not hex of the demanded length and case",
            Self::Zero => "holds an id that is all zero",
            Self::Flags => "holds flags that are not hex",
            Self::State => "holds an unknown sampling state",
            Self::Uuid => "is not a UUID",
            Self::NotVersion7 => "is not a UUID of version 7",
            Self::Future => "holds a time in the future",
            Self::Incomplete => "lacks the header it belongs with",
            Self::Member => "holds a malformed member",
            Self::TooManyMembers => "holds too many members",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.header, self.kind.sentence())
    }
}

impl core::error::Error for Fault {}
