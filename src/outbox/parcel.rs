//! A call that somebody else makes: packed for a carrier that keeps it, and brings it to a gateway with the same backend.
//!
//! ```text
//! gatespan/1 ⏎ name of the backend ⏎ path of the call ⏎ where each unit ends in the body ⏎ body
//! ```

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

const KIND: &str = "gatespan/1";

/// What a carrier brings back.
pub(super) struct Parcel<'p> {
    pub(super) backend: &'p str,
    pub(super) path: &'p str,
    ends: &'p str,
    pub(super) body: &'p [u8],
}

impl<'p> Parcel<'p> {
    /// Packs a body whose units end at these places.
    pub(super) fn pack(
        backend: &str,
        path: &str,
        ends: impl Iterator<Item = u32>,
        body: &[u8],
    ) -> Vec<u8> {
        let mut head = String::new();
        // Writing to a text does not fail.
        let _ = write!(head, "{KIND}\n{backend}\n{path}\n");
        for (index, end) in ends.enumerate() {
            let between = if index == 0 { "" } else { " " };
            let _ = write!(head, "{between}{end}");
        }
        head.push('\n');
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        bytes
    }

    /// Reads what was packed; none if it is something else.
    pub(super) fn unpack(bytes: &'p [u8]) -> Option<Self> {
        let mut lines = bytes.splitn(5, |byte| *byte == b'\n');
        let mut line = || core::str::from_utf8(lines.next()?).ok();
        let (kind, backend, path, ends) = (line()?, line()?, line()?, line()?);
        let body = lines.next()?;
        (kind == KIND).then_some(Self {
            backend,
            path,
            ends,
            body,
        })
    }

    /// Where the units end; none if they do not follow each other inside the body.
    pub(super) fn ends(&self) -> Option<Vec<u32>> {
        let ends: Option<Vec<u32>> = self.ends.split(' ').map(|end| end.parse().ok()).collect();
        ends.filter(|ends| {
            ends.is_sorted()
                && ends
                    .last()
                    .is_some_and(|last| *last as usize <= self.body.len())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_what_comes_out() {
        let bytes = Parcel::pack("opik", "/v1", [5, 5, 9].into_iter(), b"[1,\n2,3]\n");
        let parcel = Parcel::unpack(&bytes).unwrap();
        assert_eq!((parcel.backend, parcel.path), ("opik", "/v1"));
        assert_eq!(parcel.ends(), Some([5, 5, 9].into()));
        assert_eq!(parcel.body, b"[1,\n2,3]\n");
    }

    #[test]
    fn anything_else_is_no_parcel() {
        for text in [
            "",
            "gatespan/2\nopik\n/v1\n1\n[",
            "gatespan/1\nopik\n/v1\n1",
            "{\"headers\":{}}",
        ] {
            assert!(Parcel::unpack(text.as_bytes()).is_none(), "{text}");
        }
        for ends in ["", "2 1", "9", "-1", "1  2", "4294967296"] {
            let text = alloc::format!("gatespan/1\nopik\n/v1\n{ends}\n[,]");
            let parcel = Parcel::unpack(text.as_bytes()).unwrap();
            assert!(parcel.ends().is_none(), "{ends}");
        }
    }
}
