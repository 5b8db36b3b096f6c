//! B3, single header.
//!
//! ```text
//! b3    = trace-id "-" span-id [ "-" state [ "-" parent-id ] ]  /  state
//! trace-id = 32HEX / 16HEX   span-id = parent-id = 16HEX   ; lower case, trace and span not all zero
//! state = "0" deny / "1" accept / "d" debug                ; absent: the receiver decides
//! ```
//! Example: `80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90`.
//!
//! <https://github.com/openzipkin/b3-propagation>. A state alone carries no ids, but its deny counts. The parent is
//! checked and, once we write our own span id, dropped: it is the parent of an id that no longer stands there.

use super::{Carried, Extracted, Field, Format, Outgoing, Seen, System, identity};
use crate::fault::{Fault, FaultKind};
use crate::ids::{Ids, OtelIds, Sampling, SpanId, TraceId};
use crate::request::{Edits, HeaderValue};

pub(super) const FORMAT: Format = Format {
    extract,
    inject,
    defers: true,
    ..Format::new("b3", System::Otel, &[identity(B3)], B3)
};

const B3: &str = "b3";

fn extract<'a>(_: &Seen<'a>, fields: &[Field<'a>]) -> Extracted<'a> {
    let [field] = fields else { return Ok(None) };
    let read = || match field.text()? {
        None => Ok(None),
        Some(text) => read(text).map(|(ids, sampling, wide)| {
            let canonical = wide && !field.is_repeated() && field.first() == Some(text);
            Some(Carried {
                ids,
                sampling,
                random: false,
                state: None,
                canonical,
                differs: field.differs(),
            })
        }),
    };
    read().map_err(|kind| Fault { header: B3, kind })
}

fn read(text: &[u8]) -> Result<(Ids, Sampling, bool), FaultKind> {
    if let Some((ids, sampling)) = read_canonical(text) {
        return Ok((Ids::Otel(ids), sampling, true));
    }
    let mut parts = text.split(|byte| *byte == b'-');
    let fields = [(); 4].map(|()| parts.next());
    let ([Some(first), span, state, parent], None) = (fields, parts.next()) else {
        return Err(FaultKind::Shape);
    };
    let Some(span) = span else {
        return Ok((Ids::None, sampling(first)?, true));
    };
    let trace = match first.len() {
        32 => TraceId::parse(first)?,
        16 => TraceId::padded(first).and_then(|trace| SpanId::parse(first).map(|_| trace))?,
        _ => return Err(FaultKind::Hex),
    };
    let ids = OtelIds {
        trace,
        span: SpanId::parse(span)?,
    };
    let sampling = state.map_or(Ok(Sampling::Defer), sampling)?;
    if let Some(parent) = parent {
        match SpanId::parse(parent) {
            Ok(_) | Err(FaultKind::Zero) => {}
            Err(kind) => return Err(kind),
        }
    }
    Ok((Ids::Otel(ids), sampling, first.len() == 32))
}

/// What we write ourselves.
fn read_canonical(text: &[u8]) -> Option<(OtelIds, Sampling)> {
    let (trace, rest) = text.split_at_checked(32)?;
    let (span, rest) = rest.strip_prefix(b"-")?.split_at_checked(16)?;
    let sampling = match rest {
        b"" => Sampling::Defer,
        [b'-', state @ ..] => sampling(state).ok()?,
        _ => return None,
    };
    let ids = OtelIds {
        trace: TraceId::parse(trace).ok()?,
        span: SpanId::parse(span).ok()?,
    };
    Some((ids, sampling))
}

fn sampling(state: &[u8]) -> Result<Sampling, FaultKind> {
    match state {
        b"0" => Ok(Sampling::Deny),
        b"1" => Ok(Sampling::Accept),
        b"d" => Ok(Sampling::Debug),
        _ => Err(FaultKind::State),
    }
}

fn inject<'a>(
    seen: &Seen<'a>,
    fields: &[Field<'a>],
    outgoing: &Outgoing<'_>,
    edits: &mut Edits<'a>,
) {
    let (Some(otel), [field]) = (&outgoing.otel, fields) else {
        return;
    };
    let state: &[u8] = match otel.sampling {
        Sampling::Defer => b"",
        Sampling::Deny => b"-0",
        Sampling::Accept => b"-1",
        Sampling::Debug => b"-d",
    };
    let value = HeaderValue::of(&[&otel.ids.trace.hex(), b"-", &otel.ids.span.hex(), state]);
    seen.set(B3, field, value.as_bytes(), edits);
}
