//! What comes in (a read-only view of a request's headers) and what goes out (a list of changes).

use alloc::vec::Vec;
use core::fmt;

use crate::bytes;

/// A header as the host received it: name and value, both bytes, because values need not be UTF-8.
pub type Pair<'a> = (&'a [u8], &'a [u8]);

/// The headers of a request, or the metadata of a message: names and values in order, duplicates kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Headers<'a>(&'a [Pair<'a>]);

impl<'a> Headers<'a> {
    /// A view of these pairs.
    #[must_use]
    pub const fn new(pairs: &'a [Pair<'a>]) -> Self {
        Self(pairs)
    }

    /// All pairs in order.
    pub fn iter(&self) -> core::slice::Iter<'a, Pair<'a>> {
        self.0.iter()
    }

    /// The values of every copy of a header; names are compared without regard to ASCII case.
    pub fn named<'n>(&self, name: &'n [u8]) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.0
            .iter()
            .filter(move |(other, _)| is_name(other, name))
            .map(|(_, value)| *value)
    }

    /// The first copy of a header.
    #[must_use]
    #[inline]
    pub fn first(&self, name: &[u8]) -> Option<&'a [u8]> {
        self.named(name).next()
    }
}

/// A change to the headers of the request on its way upstream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Edit<'a> {
    /// Afterwards no header of this name is left.
    Remove(&'a [u8]),
    /// Afterwards there is exactly one header of this name, with this value.
    Set(&'static str, HeaderValue),
}

/// The changes to a request in the order in which a host applies them: removals first, then sets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Edits<'a> {
    list: Vec<Edit<'a>>,
    removals: usize,
}

impl<'a> Edits<'a> {
    /// The changes, removals first.
    #[must_use]
    pub fn as_slice(&self) -> &[Edit<'a>] {
        &self.list
    }

    /// Whether a header is removed.
    pub(crate) fn removes(&self, name: &[u8]) -> bool {
        let mut edits = self.list.iter();
        edits.any(|edit| matches!(edit, Edit::Remove(removed) if is_name(removed, name)))
    }

    pub(crate) fn remove(&mut self, name: &'a [u8]) {
        self.make_room();
        self.list.insert(self.removals, Edit::Remove(name));
        self.removals += 1;
    }

    #[inline]
    pub(crate) fn set(&mut self, name: &'static str, value: &[u8]) {
        self.make_room();
        self.list.push(Edit::Set(name, HeaderValue::new()));
        // Filled in where it stands: to move it there is as much work as to make it.
        if let Some(Edit::Set(_, place)) = self.list.last_mut() {
            place.push(value);
        }
    }

    /// Most requests need fewer edits than this, so the list is allocated once or never.
    #[inline]
    fn make_room(&mut self) {
        if self.list.capacity() == 0 {
            self.list.reserve_exact(8);
        }
    }
}

/// The value of a header that we write: ids are kept in place, only long lists are allocated.
#[derive(Clone)]
pub struct HeaderValue(Store);

#[derive(Clone)]
enum Store {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(Vec<u8>),
}

/// The longest id value is a `traceparent`.
const SHORT: usize = 55;

impl HeaderValue {
    pub(crate) const fn new() -> Self {
        Self(Store::Short {
            length: 0,
            bytes: [0; SHORT],
        })
    }

    /// The bytes to send.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Store::Short { length, bytes } => bytes.get(..usize::from(*length)).unwrap_or_default(),
            Store::Long(bytes) => bytes,
        }
    }

    /// Whether there is nothing to send.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }

    #[inline(never)]
    pub(crate) fn push(&mut self, part: &[u8]) {
        match &mut self.0 {
            Store::Short { length, bytes } => {
                let start = usize::from(*length);
                if let Some(room) = bytes.get_mut(start..start + part.len()) {
                    room.copy_from_slice(part);
                    *length += part.len() as u8;
                } else {
                    let mut long = Vec::with_capacity(start + part.len() + SHORT);
                    long.extend_from_slice(self.as_bytes());
                    long.extend_from_slice(part);
                    self.0 = Store::Long(long);
                }
            }
            Store::Long(bytes) => bytes.extend_from_slice(part),
        }
    }

    /// A value made of these parts.
    pub(crate) fn of(parts: &[&[u8]]) -> Self {
        let mut value = Self::new();
        for part in parts {
            value.push(part);
        }
        value
    }
}

impl PartialEq for HeaderValue {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for HeaderValue {}

impl fmt::Debug for HeaderValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

/// Whether two names are one. Hosts give them in lower case, so that the first bytes tell nearly always.
#[inline]
pub(crate) fn is_name(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && is_same_word(one, other)
}

/// Whether two names of one length are one. Not in line: nearly always the length tells.
#[inline(never)]
fn is_same_word(one: &[u8], other: &[u8]) -> bool {
    bytes::same(one, other) || bytes::is_similar(one, other) && one.eq_ignore_ascii_case(other)
}

/// Cuts spaces and tabs (the optional white space of HTTP, nothing else) from both ends.
#[inline(never)]
pub(crate) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    while let [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// Whether a value holds a byte that must never be sent on. A tab is white space inside lists.
pub(crate) fn has_control(text: &[u8]) -> bool {
    let controls = |text| {
        bytes::any(text, |word| {
            bytes::below(word, b' ') | bytes::equal(word, 0x7f)
        })
    };
    controls(text) && text.split(|byte| *byte == b'\t').any(controls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_outgrow_its_place() {
        let mut value = HeaderValue::new();
        for _ in 0..30 {
            value.push(b"abc");
        }
        assert_eq!(value.as_bytes(), b"abc".repeat(30));
    }

    #[test]
    fn removals_stand_before_sets() {
        let mut edits = Edits::default();
        edits.set("b", b"1");
        edits.remove(b"a");
        edits.set("c", b"2");
        edits.remove(b"d");
        let order: Vec<bool> = edits
            .as_slice()
            .iter()
            .map(|edit| matches!(edit, Edit::Remove(_)))
            .collect();
        assert_eq!(order, [true, true, false, false]);
    }

    #[test]
    fn only_spaces_and_tabs_are_white() {
        assert_eq!(trim(b" \ta b\t "), b"a b");
        assert_eq!(trim(b"\x0ba\xa0"), b"\x0ba\xa0");
    }
}
