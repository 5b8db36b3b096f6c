//! What `content-type` and `content-encoding` mean for a body.

use core::hint::black_box;

use super::inflate::Wrapping;

/// How the documents of a body are told apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Framing {
    /// One document, or a list of events.
    Json,
    /// One document a line.
    Lines,
    /// Server-sent events.
    Events,
    /// Amazon's binary frames.
    Frames,
}

/// The framing of a body with this type. Parameters do not matter.
pub(crate) fn framing(content_type: &[u8]) -> Option<Framing> {
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

/// How a body is inflated, if it has to be; none if it cannot be read.
pub(crate) type Packing = Option<Option<Wrapping>>;

/// How a body with this encoding is inflated.
pub(crate) fn packing(encoding: &[u8]) -> Packing {
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

/// The index of a word among others, in any case.
#[inline(never)]
pub(super) fn place(words: &[&str], word: &[u8]) -> Option<usize> {
    let word = word.trim_ascii();
    // Without `black_box` the compiler writes out each comparison: 1 KB more.
    let mut words = black_box(words).iter();
    words.position(|known| known.as_bytes().eq_ignore_ascii_case(word))
}
