//! The name of a span, from a template like `{method} {path}`.

use alloc::string::String;
use alloc::vec::Vec;

use super::texts::{Piece, Texts};
use crate::bytes;

/// A template with its parts told apart.
#[derive(Clone, Debug)]
pub struct NameTemplate {
    parts: Vec<NamePart>,
    is_plain: bool,
}

/// A part of a template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NamePart {
    /// Text that stands in every name.
    Literal(String),
    /// The method.
    Method,
    /// The path without its query.
    Path,
    /// The host.
    Host,
    /// The name of the host's route.
    Route,
}

impl NameTemplate {
    /// Tells the parts apart.
    pub fn parse(mut text: &str) -> Result<Self, &'static str> {
        let mut parts = Vec::new();
        while let Some((literal, rest)) = text.split_once('{') {
            let (field, rest) = rest.split_once('}').ok_or("has a { without its }")?;
            if !literal.is_empty() {
                parts.push(NamePart::Literal(literal.into()));
            }
            let known = FIELDS.iter().find(|(name, _)| *name == field);
            parts.push(
                known
                    .ok_or("may hold {method}, {path}, {host} and {route} only")?
                    .1
                    .clone(),
            );
            text = rest;
        }
        if !text.is_empty() {
            parts.push(NamePart::Literal(text.into()));
        }
        if parts.is_empty() {
            Err("is empty")
        } else {
            Ok(Self::of(parts))
        }
    }

    fn of(parts: Vec<NamePart>) -> Self {
        let is_plain = parts.iter().all(|part| match part {
            NamePart::Literal(text) => bytes::is_plain(text.as_bytes()),
            _ => true,
        });
        Self { parts, is_plain }
    }

    /// Whether no literal needs escaping.
    pub(crate) const fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Whether the host's route stands in the name.
    pub(crate) fn has_route(&self) -> bool {
        self.parts.contains(&NamePart::Route)
    }

    /// The pieces of a name, one behind the other.
    pub(super) fn filled<'s>(&'s self, texts: &'s Texts) -> impl Iterator<Item = &'s [u8]> {
        let piece = |piece| texts.piece(piece).unwrap_or_default();
        self.parts.iter().map(move |part| match part {
            NamePart::Literal(text) => text.as_bytes(),
            // So the conventions name a method that they do not know.
            NamePart::Method => texts.method().unwrap_or("HTTP").as_bytes(),
            NamePart::Path => piece(Piece::Path),
            NamePart::Host => piece(Piece::Host),
            NamePart::Route => piece(Piece::Route),
        })
    }
}

impl Default for NameTemplate {
    fn default() -> Self {
        Self::of(
            [
                NamePart::Method,
                NamePart::Literal(" ".into()),
                NamePart::Path,
            ]
            .into(),
        )
    }
}

static FIELDS: [(&str, NamePart); 4] = [
    ("method", NamePart::Method),
    ("path", NamePart::Path),
    ("host", NamePart::Host),
    ("route", NamePart::Route),
];
