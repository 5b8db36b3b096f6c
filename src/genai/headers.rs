//! The headers of an answer that say something of it, one row each.

use core::hint::black_box;

use super::api::{AMAZONS, WRAPPED};
use super::inflate::Wrapping;
use super::key::Count;
use super::reader::Framing;

/// What a header says.
#[derive(Clone, Copy)]
pub(super) enum Says {
    /// How the documents of the body are told apart.
    Type,
    /// How the body is packed.
    Packing,
    /// The name of the error.
    Error,
    /// What was counted.
    Count(Count),
}

/// The name, the trait of the APIs that have it, or none if all do, and what it says.
pub(super) type Row = (&'static str, u8, Says);

static ROWS: &[Row] = &[
    ("content-type", 0, Says::Type),
    ("content-encoding", 0, Says::Packing),
    ("x-amzn-errortype", AMAZONS, Says::Error),
    (
        "x-amzn-bedrock-input-token-count",
        WRAPPED,
        Says::Count(Count::Input),
    ),
    (
        "x-amzn-bedrock-output-token-count",
        WRAPPED,
        Says::Count(Count::Output),
    ),
    (
        "x-amzn-bedrock-cache-read-input-token-count",
        WRAPPED,
        Says::Count(Count::CacheRead),
    ),
    (
        "x-amzn-bedrock-cache-write-input-token-count",
        WRAPPED,
        Says::Count(Count::CacheWrite),
    ),
];

/// The headers that an API with these traits has.
pub(super) fn wanted(traits: u8) -> impl Iterator<Item = &'static Row> {
    let is_its = move |row: &&Row| row.1 == 0 || row.1 & traits != 0;
    // With the rows in view the compiler would write the loop out, row by row.
    black_box(ROWS).iter().filter(is_its)
}

/// The name of an error without the address behind it.
pub(super) fn bare(error: &[u8]) -> &[u8] {
    error.split(|byte| *byte == b':').next().unwrap_or_default()
}

/// How a body of this type is read; parameters count for nothing.
pub(super) fn framing(content_type: &[u8]) -> Option<Framing> {
    let essence = content_type.split(|byte| *byte == b';').next()?;
    match place(TYPES, essence)? {
        0 => Some(Framing::Json),
        1 => Some(Framing::Events),
        2 => Some(Framing::Lines),
        _ => Some(Framing::Frames),
    }
}

const TYPES: &[&str] = &[
    "application/json",
    "text/event-stream",
    "application/x-ndjson",
    "application/vnd.amazon.eventstream",
];

/// How a body is unfolded, if it needs to be; none if it cannot be.
pub(super) type Packing = Option<Option<Wrapping>>;

/// How a body of this encoding is packed.
pub(super) fn packing(encoding: &[u8]) -> Packing {
    match place(ENCODINGS, encoding)? {
        0 | 1 => Some(None),
        2 => Some(Some(Wrapping::Deflate)),
        _ => Some(Some(Wrapping::Gzip)),
    }
}

/// Whether a body of this encoding can be read.
pub(crate) fn is_readable(encoding: &[u8]) -> bool {
    !encoding.is_empty() && packing(encoding).is_some()
}

const ENCODINGS: &[&str] = &["", "identity", "deflate", "gzip", "x-gzip"];

/// The place of a word among others, in any case.
#[inline(never)]
pub(super) fn place(words: &[&str], word: &[u8]) -> Option<usize> {
    let word = word.trim_ascii();
    // With the words in view the compiler would write each comparison out.
    let mut words = black_box(words).iter();
    words.position(|known| known.as_bytes().eq_ignore_ascii_case(word))
}
