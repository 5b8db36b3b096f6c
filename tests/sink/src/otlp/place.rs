//! The place of a fault in a request, and the fault.

use core::fmt;

/// A path in the request: `resourceSpans[0].scopeSpans[0].spans[3].name`.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    Top,
    In(&'a Self, &'a str),
    At(&'a Self, &'a str, usize),
}

impl<'a> Place<'a> {
    pub(super) fn field(&'a self, name: &'a str) -> Self {
        Self::In(self, name)
    }

    pub(super) fn item(&'a self, name: &'a str, number: usize) -> Self {
        Self::At(self, name, number)
    }

    pub(super) fn fault(&self, reason: impl Into<String>) -> Fault {
        Fault {
            field: self.to_string(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (above, name) = match self {
            Self::Top => return Ok(()),
            Self::In(above, name) | Self::At(above, name, _) => (above, name),
        };
        if !matches!(above, Self::Top) {
            write!(out, "{above}.")?;
        }
        write!(out, "{name}")?;
        match self {
            Self::At(_, _, number) => write!(out, "[{number}]"),
            _ => Ok(()),
        }
    }
}

/// A broken rule. A reason never repeats a value.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) field: String,
    pub(crate) reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            return out.write_str(&self.reason);
        }
        write!(out, "{}: {}", self.field, self.reason)
    }
}
