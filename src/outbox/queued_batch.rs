//! A batch as a message of a Cloudflare Queue. A gateway with the same backend consumes the message and delivers the batch.
//!
//! ```text
//! gatespan/1 ⏎ backend name ⏎ project, if the calls name it ⏎
//! { path of a call ␠ length of its body ␠ offset of the first item { ␠ offset of the end of a unit } ⏎ } ⏎ { body }
//! ```

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

const KIND: &str = "gatespan/1";

/// A batch in a message.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct QueuedBatch<'p> {
    pub(super) backend: &'p str,
    pub(super) project: Option<&'p str>,
    pub(super) calls: Vec<QueuedCall<'p>>,
}

/// One call of the batch.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct QueuedCall<'p> {
    pub(super) path: &'p str,
    pub(super) start: u32,
    pub(super) ends: Vec<u32>,
    pub(super) body: &'p [u8],
}

impl<'p> QueuedBatch<'p> {
    /// The bytes of the message.
    pub(super) fn pack(&self) -> Vec<u8> {
        let mut head = String::new();
        // Writing to a String does not fail.
        let project = self.project.unwrap_or_default();
        let _ = writeln!(head, "{KIND}\n{}\n{project}", self.backend);
        for QueuedCall {
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

    /// Reads a message; none if it is not a batch.
    pub(super) fn unpack(bytes: &'p [u8]) -> Option<Self> {
        let (kind, rest) = line(bytes)?;
        let (backend, rest) = line(rest)?;
        let (project, mut rest) = line(rest)?;
        let mut lines = Vec::new();
        let mut bodies = loop {
            let (head, after) = line(rest)?;
            rest = after;
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
            calls.push(QueuedCall {
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

/// Whether the units are in order and inside the body. Units without an item in this body may precede the first that has one.
fn is_inside(start: u32, ends: &[u32], length: usize) -> bool {
    ends.is_sorted()
        && ends.iter().all(|end| *end == 0 || *end >= start)
        && ends.last().is_some_and(|last| *last as usize <= length)
}

/// Whether each call has a part of each unit.
fn is_even(calls: &[QueuedCall<'_>]) -> bool {
    let mut units = calls.iter().map(|call| call.ends.len());
    let first = units.next();
    first.is_some() && units.all(|units| Some(units) == first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn message_is_read_as_it_was_packed() {
        let batch = QueuedBatch {
            backend: "opik two",
            project: Some("a project"),
            calls: Vec::from([
                QueuedCall {
                    path: "/rows",
                    start: 1,
                    ends: Vec::from([0, 4, 4]),
                    body: b"[1,\n]",
                },
                QueuedCall {
                    path: "/spans",
                    start: 2,
                    ends: Vec::from([2, 5, 7]),
                    body: b"\n\n2,3,4]",
                },
            ]),
        };
        let bytes = batch.pack();
        assert_eq!(QueuedBatch::unpack(&bytes), Some(batch));
    }

    #[test]
    fn other_bytes_are_no_batch() {
        let good = "gatespan/1\nopik\n\n/v1 3 1 2\n\n[,]";
        assert!(QueuedBatch::unpack(good.as_bytes()).is_some());
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
            assert!(QueuedBatch::unpack(bad.as_bytes()).is_none(), "{why}");
        }
        for cut in 0..good.len() {
            let beginning = good.get(..cut).unwrap_or_default();
            assert!(
                QueuedBatch::unpack(beginning.as_bytes()).is_none(),
                "{beginning}"
            );
        }
        assert!(QueuedBatch::unpack(format!("{good}]").as_bytes()).is_none());
    }
}
