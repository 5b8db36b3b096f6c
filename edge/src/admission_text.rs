//! What the JavaScript half does with a request, in one text, one item a line.
//!
//! ```text
//! P, B or U ⏎ number of the stream, if it is recorded ⏎ number of the origin, if there is one ⏎ exposed trace id, or nothing
//!   ⏎ how many headers to remove { ⏎ name } { ⏎ name ⏎ value to set }
//! R ⏎ status ⏎ body { ⏎ name ⏎ value of a header }
//! H ⏎ number of the held request
//! ```
//!
//! B: the stream reads the bodies. U: the request is forwarded unchanged, and copies of a header stay copies. R: the Worker responds. H: the
//! body is read first.

use core::fmt::Write;

use gatespan::{Decision, Edit, Pair, Rejection, Rpc};

/// A request that is forwarded.
pub(crate) struct Forwarded<'f> {
    pub(crate) edits: &'f [Edit<'f>],
    pub(crate) decision: Decision,
    pub(crate) exposed_trace_id: Option<&'f str>,
    pub(crate) reads_bodies: bool,
    pub(crate) stream: Option<u32>,
    pub(crate) origin: Option<usize>,
}

impl Forwarded<'_> {
    pub(crate) fn write(&self) -> String {
        let mut text = String::with_capacity(64 + 80 * self.edits.len());
        text.push(match self.decision {
            _ if self.reads_bodies => 'B',
            Decision::Passed => 'U',
            _ => 'P',
        });
        number(&mut text, self.stream);
        number(&mut text, self.origin);
        line(&mut text, self.exposed_trace_id.unwrap_or_default());
        let is_removal = |edit: &&Edit<'_>| matches!(edit, Edit::Remove(_));
        number(
            &mut text,
            Some(self.edits.iter().filter(is_removal).count()),
        );
        for edit in self.edits {
            match edit {
                Edit::Remove(name) => bytes(&mut text, name),
                Edit::Set(name, value) => {
                    line(&mut text, name);
                    bytes(&mut text, value.as_bytes());
                }
            }
        }
        text
    }
}

/// A request whose body is read first.
pub(crate) fn read_body(held: u32) -> String {
    format!("H\n{held}")
}

/// A request that is rejected. A gRPC client reads the status from headers.
pub(crate) fn reject(rejection: Rejection, rpc: Option<Rpc>) -> String {
    if let Some(rpc) = rpc {
        let mut text = format!("R\n200\n\ncontent-type\n{}", rpc.media());
        for (name, value) in rejection.grpc_headers() {
            line(&mut text, name);
            line(&mut text, &value);
        }
        text
    } else {
        let (status, body, media) = (
            rejection.status(),
            rejection.body(),
            Rejection::CONTENT_TYPE,
        );
        format!("R\n{status}\n{body}\ncontent-type\n{media}")
    }
}

/// Names and values, one line each.
pub(crate) fn pairs<'p>(pairs: impl Iterator<Item = Pair<'p>>) -> String {
    let lines = pairs.flat_map(|(name, value)| [name, value]);
    let lines: Vec<_> = lines.map(String::from_utf8_lossy).collect();
    lines.join("\n")
}

fn line(text: &mut String, line: &str) {
    text.push('\n');
    text.push_str(line);
}

/// Every value came as text, so nothing is replaced here.
fn bytes(text: &mut String, value: &[u8]) {
    line(text, &String::from_utf8_lossy(value));
}

fn number(text: &mut String, number: Option<impl core::fmt::Display>) {
    text.push('\n');
    if let Some(number) = number {
        // Writing to a String does not fail.
        let _ = write!(text, "{number}");
    }
}
