//! What follows from the table of formats, worked out while compiling.
#![allow(
    clippy::indexing_slicing,
    reason = "a bad index in a constant does not compile"
)]

use super::{FORMATS, Format, FormatSet, Header, Role};
use crate::sieve::{MARKS, mark};

/// Tells each row its place in the table and where its fields begin among the fields of all.
pub(super) const fn placed<const N: usize>(mut formats: [Format; N]) -> [Format; N] {
    let mut index = 0;
    let mut first_field = 0;
    while index < N {
        formats[index].index = index as u8;
        formats[index].first_field = first_field;
        formats[index].fields = ((1 << formats[index].headers.len()) - 1) << first_field;
        formats[index].seniors = FormatSet::of_bits(seniors(&formats, index));
        first_field += formats[index].headers.len();
        index += 1;
    }
    formats
}

/// The formats of the same family higher in the table, a bit each.
const fn seniors<const N: usize>(formats: &[Format; N], index: usize) -> u8 {
    let mut bits = 0;
    let mut other = 0;
    while other < index {
        if is_same(
            formats[other].family.as_bytes(),
            formats[index].family.as_bytes(),
        ) {
            bits |= 1 << other;
        }
        other += 1;
    }
    bits
}

const fn is_same(one: &[u8], other: &[u8]) -> bool {
    let mut place = 0;
    while place < one.len() && place < other.len() && one[place] == other[place] {
        place += 1;
    }
    place == one.len() && place == other.len()
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

/// The format of each, in the same order.
pub(super) static OWNERS: [FormatSet; FIELDS] = {
    let mut owners = [FormatSet::EMPTY; FIELDS];
    let mut field = 0;
    let mut format = 0;
    while format < FORMATS.len() {
        let end = field + FORMATS[format].headers.len();
        while field < end {
            owners[field] = FormatSet::of_bits(1 << format);
            field += 1;
        }
        format += 1;
    }
    owners
};

/// A bit for each field, in the order of the names.
pub(super) type Fields = u32;
const _: () = assert!(FIELDS <= Fields::BITS as usize);

/// The fields that may have a name of this length and mark: for almost every foreign header none, so that it costs two
/// looks.
pub(super) fn candidates(name: &[u8]) -> Fields {
    let length = if name.len() < LENGTHS {
        name.len()
    } else {
        LENGTHS - 1
    };
    BY_LENGTH[length] & BY_MARK[mark(name)]
}

/// Names of the last length and of all greater ones are one class.
const LENGTHS: usize = 32;

static BY_LENGTH: [Fields; LENGTHS] = {
    let mut fields = [0; LENGTHS];
    let mut field = 0;
    while field < FIELDS {
        let name = NAMES[field].as_bytes();
        let open = name[name.len() - 1] == b'*';
        let mut length = if open { name.len() - 1 } else { name.len() };
        assert!(length < LENGTHS - 1);
        fields[length] |= 1 << field;
        while open && length < LENGTHS {
            fields[length] |= 1 << field;
            length += 1;
        }
        field += 1;
    }
    fields
};

static BY_MARK: [Fields; MARKS] = {
    let mut fields = [0; MARKS];
    let mut field = 0;
    while field < FIELDS {
        let name = NAMES[field].as_bytes();
        // Too short a beginning would have another mark than the names that it is for.
        assert!(name.len() > 3 || name[name.len() - 1] != b'*');
        fields[mark(name)] |= 1 << field;
        field += 1;
    }
    fields
};

/// The fields that travel beside the ids in headers of their own.
pub(super) const RIDERS: Fields = {
    let mut riders = 0;
    let mut format = 0;
    while format < FORMATS.len() {
        let mut header = 0;
        while header < FORMATS[format].headers.len() {
            let Header { name, role, .. } = &FORMATS[format].headers[header];
            if matches!(role, Role::Rider) || name.as_bytes()[name.len() - 1] == b'*' {
                riders |= 1 << (FORMATS[format].first_field + header);
            }
            header += 1;
        }
        format += 1;
    }
    riders
};
