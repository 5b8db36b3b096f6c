//! What the configuration says of the wire formats.

use alloc::vec::Vec;

use super::{Format, FormatSet, Spelling};

/// Which formats are read, and how Opik's are spelt.
#[derive(Debug)]
pub struct Settings {
    /// The formats that are believed, the most believed first.
    pub extract: Vec<&'static Format>,
    /// The formats that are written, where no rule says otherwise.
    pub inject: FormatSet,
    /// How Opik's headers are spelt upstream.
    pub spelling: Spelling,
}
