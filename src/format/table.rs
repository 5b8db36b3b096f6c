//! What follows from the table of formats, worked out while compiling.
#![allow(
    clippy::indexing_slicing,
    reason = "a bad index in a constant does not compile"
)]

use super::{FORMATS, Format};

/// Tells each row its place in the table and where its fields begin among the fields of all.
pub(super) const fn placed<const N: usize>(mut formats: [Format; N]) -> [Format; N] {
    let mut index = 0;
    let mut first_field = 0;
    while index < N {
        formats[index].index = index as u8;
        formats[index].first_field = first_field;
        first_field += formats[index].headers.len();
        index += 1;
    }
    formats
}

/// How many headers all formats have together.
pub(super) const FIELDS: usize = {
    let mut count = 0;
    let mut index = 0;
    while index < FORMATS.len() {
        count += FORMATS[index].headers.len();
        index += 1;
    }
    count
};

/// Their names, in the order of the formats.
pub(super) static NAMES: [&str; FIELDS] = {
    let mut names = [""; FIELDS];
    let mut field = 0;
    let mut format = 0;
    while format < FORMATS.len() {
        let headers = FORMATS[format].headers;
        let mut header = 0;
        while header < headers.len() {
            names[field] = headers[header].name;
            field += 1;
            header += 1;
        }
        format += 1;
    }
    names
};

/// Their first letters, a bit a letter, so that most foreign headers cost one look.
pub(super) const FIRST_LETTERS: u32 = {
    let mut letters = 0;
    let mut field = 0;
    while field < FIELDS {
        letters |= letter(NAMES[field].as_bytes()[0]);
        field += 1;
    }
    letters
};

pub(super) const fn letter(byte: u8) -> u32 {
    1 << (byte & 31)
}
