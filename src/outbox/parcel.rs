//! A batch that somebody else delivers: packed for a carrier that keeps it, and brings it to a gateway with the same backend.
//!
//! ```text
//! gatespan/1 ⏎ name of the backend ⏎ project, if the calls name it ⏎
//! { path of a call ␠ length of its body ␠ where the items begin in it { ␠ where a unit ends } ⏎ } ⏎ { body }
//! ```

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

const KIND: &str = "gatespan/1";

/// What a carrier brings back.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Parcel<'p> {
    pub(super) backend: &'p str,
    pub(super) project: Option<&'p str>,
    pub(super) calls: Vec<Packed<'p>>,
}

/// One call of it.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Packed<'p> {
    pub(super) path: &'p str,
    pub(super) start: u32,
    pub(super) ends: Vec<u32>,
    pub(super) body: &'p [u8],
}

impl<'p> Parcel<'p> {
    /// As the carrier takes it.
    pub(super) fn pack(&self) -> Vec<u8> {
        let mut head = String::new();
        // Writing to a text does not fail.
        let project = self.project.unwrap_or_default();
        let _ = writeln!(head, "{KIND}\n{}\n{project}", self.backend);
        for Packed {
            path,
            start,
            ends,
            body,
        } in &self.calls
        {
            let _ = write!(head, "{path} {} {start}", body.len());
            for end in ends {
                let _ = write!(head, " {end}");
            }
            head.push('\n');
        }
        head.push('\n');
        let mut bytes = head.into_bytes();
        for call in &self.calls {
            bytes.extend_from_slice(call.body);
        }
        bytes
    }

    /// Reads what was packed; none if it is something else.
    pub(super) fn unpack(bytes: &'p [u8]) -> Option<Self> {
        let (kind, rest) = line(bytes)?;
        let (backend, rest) = line(rest)?;
        let (project, mut rest) = line(rest)?;
        let mut lines = Vec::new();
        let mut bodies = loop {
            let (head, behind) = line(rest)?;
            rest = behind;
            if head.is_empty() {
                break rest;
            }
            lines.push(head);
        };
        let mut calls = Vec::with_capacity(lines.len());
        for head in lines {
            let mut words = head.split(' ');
            let path = words.next()?;
            let length = words.next()?.parse().ok()?;
            let start = words.next()?.parse().ok()?;
            let ends: Option<Vec<u32>> = words.map(|end| end.parse().ok()).collect();
            let (body, rest) = bodies.split_at_checked(length)?;
            let ends = ends.filter(|ends| is_inside(start, ends, length))?;
            calls.push(Packed {
                path,
                start,
                ends,
                body,
            });
            bodies = rest;
        }
        let is_whole = kind == KIND && bodies.is_empty() && is_even(&calls);
        let project = Some(project).filter(|project| !project.is_empty());
        is_whole.then_some(Self {
            backend,
            project,
            calls,
        })
    }
}

fn line(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (line, rest) = bytes.split_at_checked(end)?;
    Some((core::str::from_utf8(line).ok()?, rest.get(1..)?))
}

/// Whether units follow each other inside the body. Units without an item in it may stand before the first that has one.
fn is_inside(start: u32, ends: &[u32], length: usize) -> bool {
    ends.is_sorted()
        && ends.iter().all(|end| *end == 0 || *end >= start)
        && ends.last().is_some_and(|last| *last as usize <= length)
}

/// Whether each call has its part of each unit.
fn is_even(calls: &[Packed<'_>]) -> bool {
    let mut units = calls.iter().map(|call| call.ends.len());
    let first = units.next();
    first.is_some() && units.all(|units| Some(units) == first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn what_was_packed_is_what_comes_out() {
        let parcel = Parcel {
            backend: "opik two",
            project: Some("a project"),
            calls: Vec::from([
                Packed {
                    path: "/rows",
                    start: 1,
                    ends: Vec::from([0, 4, 4]),
                    body: b"[1,\n]",
                },
                Packed {
                    path: "/spans",
                    start: 2,
                    ends: Vec::from([2, 5, 7]),
                    body: b"\n\n2,3,4]",
                },
            ]),
        };
        let bytes = parcel.pack();
        assert_eq!(Parcel::unpack(&bytes), Some(parcel));
    }

    #[test]
    fn anything_else_is_no_parcel() {
        let good = "gatespan/1\nopik\n\n/v1 3 1 2\n\n[,]";
        assert!(Parcel::unpack(good.as_bytes()).is_some());
        for (bad, why) in [
            ("", "nothing"),
            ("{\"headers\":{}}", "somebody else's message"),
            ("gatespan/2\nopik\n\n/v1 3 1 2\n\n[,]", "another version"),
            ("gatespan/1\nopik\n\n\n", "no call"),
            ("gatespan/1\nopik\n\n/v1 3 1 2\n", "no end of the head"),
            ("gatespan/1\nopik\n\n/v1 3 1\n\n[,]", "no unit"),
            ("gatespan/1\nopik\n\n/v1\n\n[,]", "no length"),
            ("gatespan/1\nopik\n\n/v1 4 1 2\n\n[,]", "too short"),
            ("gatespan/1\nopik\n\n/v1 2 1 2\n\n[,]", "too long"),
            ("gatespan/1\nopik\n\n/v1 3 1 4\n\n[,]", "a unit outside"),
            (
                "gatespan/1\nopik\n\n/v1 3 1 2 1\n\n[,]",
                "units in no order",
            ),
            (
                "gatespan/1\nopik\n\n/v1 3 2 1 3\n\n[,]",
                "a unit before the first item",
            ),
            ("gatespan/1\nopik\n\n/v1 3 1 -1\n\n[,]", "not a number"),
            ("gatespan/1\nopik\n\n/v1 3 1  2\n\n[,]", "two blanks"),
            ("gatespan/1\nopik\n\n/a 1 0 1\n/b 1 0 1 1\n\n[]", "uneven"),
        ] {
            assert!(Parcel::unpack(bad.as_bytes()).is_none(), "{why}");
        }
        for cut in 0..good.len() {
            let beginning = good.get(..cut).unwrap_or_default();
            assert!(
                Parcel::unpack(beginning.as_bytes()).is_none(),
                "{beginning}"
            );
        }
        assert!(Parcel::unpack(format!("{good}]").as_bytes()).is_none());
    }
}
