//! A document as a protobuf `Struct`: what Envoy hands over when people write the configuration as YAML in place.
//!
//! ```text
//! Struct    { map<string, Value> fields = 1; }         ; an entry: key = 1, value = 2
//! Value     { null = 1 | number = 2 | string = 3 | bool = 4 | Struct = 5 | ListValue = 6 }
//! ListValue { repeated Value values = 1; }
//! ```
//! <https://protobuf.dev/programming-guides/encoding/>. The order of keys is the sender's, and of no meaning.

use alloc::string::String;
use alloc::vec::Vec;

use crate::tree::Tree;

impl Tree {
    /// Reads a serialised `Struct`; none if the bytes are not one.
    #[must_use]
    pub fn from_struct(bytes: &[u8]) -> Option<Self> {
        object(bytes, DEEPEST)
    }
}

/// As deep as the JSON parser goes.
const DEEPEST: usize = 128;

fn object(bytes: &[u8], depth: usize) -> Option<Tree> {
    let depth = depth.checked_sub(1)?;
    let mut entries = Vec::new();
    for field in Fields(bytes) {
        match field? {
            (1, Content::Bytes(entry)) => entries.push(pair(entry, depth)?),
            _ => return None,
        }
    }
    Some(Tree::Object(entries))
}

/// A `Struct` has nothing but entries, and an entry has a value, whose tag is a byte that no JSON text holds: so JSON is
/// never taken for a `Struct`.
fn pair(bytes: &[u8], depth: usize) -> Option<(String, Tree)> {
    let mut key = String::new();
    let mut tree = None;
    for field in Fields(bytes) {
        match field? {
            (1, Content::Bytes(text)) => key = text_of(text)?,
            (2, Content::Bytes(content)) => tree = Some(value(content, depth)?),
            _ => {}
        }
    }
    Some((key, tree?))
}

fn value(bytes: &[u8], depth: usize) -> Option<Tree> {
    let mut tree = Tree::Null;
    for field in Fields(bytes) {
        tree = match field? {
            (2, Content::Fixed(bits)) => Tree::Number(f64::from_bits(bits)),
            (3, Content::Bytes(text)) => Tree::Text(text_of(text)?),
            (4, Content::Varint(flag)) => Tree::Flag(flag != 0),
            (5, Content::Bytes(content)) => object(content, depth)?,
            (6, Content::Bytes(content)) => list(content, depth)?,
            _ => Tree::Null,
        };
    }
    Some(tree)
}

fn list(bytes: &[u8], depth: usize) -> Option<Tree> {
    let depth = depth.checked_sub(1)?;
    let mut items = Vec::new();
    for field in Fields(bytes) {
        if let (1, Content::Bytes(content)) = field? {
            items.push(value(content, depth)?);
        }
    }
    Some(Tree::List(items))
}

fn text_of(bytes: &[u8]) -> Option<String> {
    core::str::from_utf8(bytes).ok().map(Into::into)
}

/// The fields of a message: number and content; none for bytes that are no message.
struct Fields<'b>(&'b [u8]);

enum Content<'b> {
    Varint(u64),
    Fixed(u64),
    Bytes(&'b [u8]),
}

impl<'b> Iterator for Fields<'b> {
    type Item = Option<(u64, Content<'b>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'b> Fields<'b> {
    fn field(&mut self) -> Option<(u64, Content<'b>)> {
        let tag = self.varint()?;
        let content = match tag & 7 {
            0 => Content::Varint(self.varint()?),
            1 => {
                let (bits, rest) = self.0.split_first_chunk()?;
                self.0 = rest;
                Content::Fixed(u64::from_le_bytes(*bits))
            }
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                let (bytes, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                Content::Bytes(bytes)
            }
            _ => return None,
        };
        (tag >> 3 != 0).then_some((tag >> 3, content))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}
