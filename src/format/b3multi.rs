//! B3, several headers.
//!
//! ```text
//! X-B3-TraceId = 32HEX / 16HEX   X-B3-SpanId = 16HEX   X-B3-ParentSpanId = 16HEX     ; lower case
//! X-B3-Sampled = "0" / "1"       ; "false" and "true" of older senders are read, never written
//! X-B3-Flags   = "1"             ; debug; beats Sampled and is written without it. Any other value is ignored
//! ```
//! <https://github.com/openzipkin/b3-propagation>. `X-B3-Sampled` or `X-B3-Flags` alone carries no ids, but its
//! decision counts. The parent is checked and, once we write our own span id, removed.

use super::{Carried, Extracted, Field, Format, Outgoing, Seen, System, identity};
use crate::fault::{Fault, FaultKind};
use crate::ids::{Ids, OtelIds, Sampling, SpanId, TraceId};
use crate::request::{Edits, trim};

pub(super) const FORMAT: Format = Format {
    extract,
    inject,
    defers: true,
    family: "b3",
    ..Format::new(
        "b3multi",
        System::Otel,
        &[
            identity(TRACE),
            identity(SPAN),
            identity(PARENT),
            identity(SAMPLED),
            identity(FLAGS),
        ],
        "x-b3-traceid and x-b3-spanid",
    )
};

const TRACE: &str = "x-b3-traceid";
const SPAN: &str = "x-b3-spanid";
const PARENT: &str = "x-b3-parentspanid";
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";

fn extract<'a>(_: &Seen<'a>, fields: &[Field<'a>]) -> Extracted<'a> {
    let [trace, span, parent, sampled, flags] = fields else {
        return Ok(None);
    };
    if fields.iter().all(|field| !field.is_present()) {
        return Ok(None);
    }
    let trace_id = read(TRACE, trace, |text| match text.len() {
        16 => SpanId::parse(text).and_then(|_| TraceId::padded(text)),
        _ => TraceId::parse(text),
    })?;
    let span_id = read(SPAN, span, SpanId::parse)?;
    let parent_id = read(PARENT, parent, |text| match SpanId::parse(text) {
        Ok(_) | Err(FaultKind::Zero) => Ok(()),
        Err(kind) => Err(kind),
    })?;
    let decision = read(SAMPLED, sampled, sampling)?;
    let debug = read(FLAGS, flags, |text| Ok(text == b"1"))?;
    let ids = match (trace_id, span_id, parent_id, decision, debug) {
        (Some(trace), Some(span), ..) => Ids::Otel(OtelIds { trace, span }),
        (Some(_), None, ..) => {
            return Err(Fault {
                header: TRACE,
                kind: FaultKind::Incomplete,
            });
        }
        (None, Some(_), ..) => {
            return Err(Fault {
                header: SPAN,
                kind: FaultKind::Incomplete,
            });
        }
        (None, None, Some(()), ..) => {
            return Err(Fault {
                header: PARENT,
                kind: FaultKind::Incomplete,
            });
        }
        _ => Ids::None,
    };
    let sampling = if debug == Some(true) {
        Sampling::Debug
    } else {
        decision.unwrap_or(Sampling::Defer)
    };
    Ok(Some(Carried {
        ids,
        sampling,
        random: false,
        state: None,
        canonical: is_canonical(fields, sampling),
        differs: fields.iter().any(Field::differs),
    }))
}

/// Reads the first copy of one header.
fn read<'a, T>(
    header: &'static str,
    field: &Field<'a>,
    parse: impl Fn(&'a [u8]) -> Result<T, FaultKind>,
) -> Result<Option<T>, Fault> {
    field
        .text()
        .and_then(|text| text.map(parse).transpose())
        .map_err(|kind| Fault { header, kind })
}

fn sampling(text: &[u8]) -> Result<Sampling, FaultKind> {
    match text {
        b"0" | b"false" => Ok(Sampling::Deny),
        b"1" | b"true" => Ok(Sampling::Accept),
        _ => Err(FaultKind::State),
    }
}

/// Whether we would have written the same lines, a parent aside.
fn is_canonical(fields: &[Field<'_>], sampling: Sampling) -> bool {
    let [trace, span, parent, sampled, flags] = fields else {
        return false;
    };
    let (written_state, written_flags) = state(sampling);
    let ids = match (trace.first(), span.first()) {
        // A short id with white space around it may be as long as a long one.
        (Some(trace), Some(span)) => {
            trim(trace).len() == 32 && trace.len() == 32 && span.len() == 16
        }
        (trace, span) => trace.is_none() && span.is_none(),
    };
    ids && parent.first().is_none_or(|text| text.len() == 16)
        && sampled.first() == written_state
        && flags.first() == written_flags
        && !fields.iter().any(Field::is_repeated)
}

/// What stands in `X-B3-Sampled` and in `X-B3-Flags`.
fn state(sampling: Sampling) -> (Option<&'static [u8]>, Option<&'static [u8]>) {
    match sampling {
        Sampling::Defer => (None, None),
        Sampling::Deny => (Some(b"0"), None),
        Sampling::Accept => (Some(b"1"), None),
        Sampling::Debug => (None, Some(b"1")),
    }
}

fn inject<'a>(
    seen: &Seen<'a>,
    fields: &[Field<'a>],
    outgoing: &Outgoing<'_>,
    edits: &mut Edits<'a>,
) {
    let (Some(otel), [trace, span, parent, sampled, flags]) = (&outgoing.otel, fields) else {
        return;
    };
    let (state, debug) = state(otel.sampling);
    let (trace_id, span_id) = (otel.ids.trace.hex(), otel.ids.span.hex());
    for (name, field, value) in [
        (TRACE, trace, Some(trace_id.as_slice())),
        (SPAN, span, Some(span_id.as_slice())),
        (PARENT, parent, None),
        (SAMPLED, sampled, state),
        (FLAGS, flags, debug),
    ] {
        seen.put(name, field, value, edits);
    }
}
