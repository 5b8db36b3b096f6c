//! What becomes of a request, as it goes out: one text, a line for each item.
//!
//! ```text
//! P, B or U ⏎ number of the open span, or nothing ⏎ number of the origin, or nothing ⏎ exposed trace id, or nothing
//!   ⏎ how many headers to remove { ⏎ name } { ⏎ name ⏎ value to set }
//! R ⏎ status ⏎ body { ⏎ name ⏎ value of a header }
//! ```
//!
//! With B the bodies are to be shown to the open span as they pass. With U nothing was made of the request: copies of a
//! header stay copies.

use core::fmt::Write;

use gatespan::{Decision, Edit, Pair, Pass, Rejection, Rpc};

/// A request that goes on.
pub(crate) fn pass(
    pass: &Pass<'_>,
    span: Option<u32>,
    is_read: bool,
    origin: Option<usize>,
) -> String {
    let edits = pass.edits.as_slice();
    let mut text = String::with_capacity(64 + 80 * edits.len());
    text.push(match pass.decision {
        _ if is_read => 'B',
        Decision::Passed => 'U',
        _ => 'P',
    });
    number(&mut text, span);
    number(&mut text, origin);
    line(&mut text, pass.exposed.as_deref().unwrap_or_default());
    let removals = edits.iter().filter(|edit| matches!(edit, Edit::Remove(_)));
    number(&mut text, Some(removals.count()));
    for edit in edits {
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

/// A request that is refused. A gRPC client reads its status in headers, whatever that of HTTP is.
pub(crate) fn refuse(rejection: Rejection, rpc: Option<Rpc>) -> String {
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

/// Names and values, a line each.
pub(crate) fn pairs<'p>(pairs: impl Iterator<Item = Pair<'p>>) -> String {
    let lines = pairs.flat_map(|(name, value)| [name, value]);
    let lines: Vec<_> = lines.map(String::from_utf8_lossy).collect();
    lines.join("\n")
}

fn line(text: &mut String, line: &str) {
    text.push('\n');
    text.push_str(line);
}

/// What came in as text goes out as text: nothing is replaced in here.
fn bytes(text: &mut String, value: &[u8]) {
    line(text, &String::from_utf8_lossy(value));
}

fn number(text: &mut String, number: Option<impl core::fmt::Display>) {
    text.push('\n');
    if let Some(number) = number {
        // Writing to a text does not fail.
        let _ = write!(text, "{number}");
    }
}
