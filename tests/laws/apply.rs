//! Applies edits as a host must.

use gatespan::{Edit, Edits};

pub type Owned = Vec<(Vec<u8>, Vec<u8>)>;

/// `Remove` leaves no header of that name, `Set` exactly one.
pub fn apply(headers: &[(Vec<u8>, Vec<u8>)], edits: &Edits<'_>) -> Owned {
    let mut headers = headers.to_vec();
    for edit in edits.as_slice() {
        let name = match edit {
            Edit::Remove(name) => *name,
            Edit::Set(name, _) => name.as_bytes(),
        };
        headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        if let Edit::Set(name, value) = edit {
            headers.push((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
        }
    }
    headers
}
