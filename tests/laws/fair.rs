//! What any list of edits keeps to.

use gatespan::{Edit, Edits, Format};

/// The edits of one format: own names only, removals first, one value a name, and only values fit to be sent.
pub(crate) fn fair(format: &'static Format, edits: &Edits<'_>) {
    sendable(edits);
    for edit in edits.as_slice() {
        let name = name(edit);
        let owned = format.headers.iter().any(|header| owns(header.name, name));
        assert!(
            owned,
            "{format:?} touches a header that it does not own: {edit:?}"
        );
    }
}

/// The same, whoever's the names are.
pub(crate) fn sendable(edits: &Edits<'_>) {
    let mut set: Vec<&str> = Vec::new();
    for edit in edits.as_slice() {
        match edit {
            Edit::Remove(name) => {
                assert!(set.is_empty(), "a removal behind a set: {edit:?}");
                assert!(!name.is_empty(), "a removal of nothing");
            }
            Edit::Set(name, value) => {
                assert!(!set.contains(name), "set twice: {edit:?}");
                set.push(name);
                let bytes = value.as_bytes();
                // A tab is white space, and members of others are passed on byte for byte.
                let control = bytes
                    .iter()
                    .any(|byte| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f);
                assert!(!bytes.is_empty() && !control, "unfit to be sent: {edit:?}");
            }
        }
    }
}

fn name<'e>(edit: &'e Edit<'_>) -> &'e [u8] {
    match edit {
        Edit::Remove(name) => name,
        Edit::Set(name, _) => name.as_bytes(),
    }
}

/// Whether a name of the table, which may end in a `*`, stands for this name.
pub(crate) fn owns(known: &str, name: &[u8]) -> bool {
    match known.strip_suffix('*') {
        None => name.eq_ignore_ascii_case(known.as_bytes()),
        Some(start) => {
            name.len() >= start.len() && name[..start.len()].eq_ignore_ascii_case(start.as_bytes())
        }
    }
}
