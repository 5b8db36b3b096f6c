//! W3C Trace Context, Level 2: `traceparent`, with `tracestate` beside it.
//!
//! ```text
//! traceparent = version "-" trace-id "-" parent-id "-" flags
//! version     = 2HEX                 ; 00..fe; 00 has exactly 55 characters, later ones may go on behind a "-"
//! trace-id    = 32HEX  parent-id = 16HEX    ; lower case, not all zero
//! flags       = 2HEX                 ; bit 0 sampled, bit 1 random; the others go out as 0
//! ```
//! Example: `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
//!
//! <https://www.w3.org/TR/trace-context-2/>. Two headers, even equal ones, are no header at all (law 14). A bad
//! `tracestate` is dropped and leaves the ids alone.

use super::tracestate::TraceState;
use super::{Carried, Extracted, Field, Format, Header, OtelOut, Outgoing, Seen, System, identity};
use crate::fault::{Fault, FaultKind};
use crate::ids::{Ids, OtelIds, Sampling, SpanId, TraceId};
use crate::request::{Edits, has_control, trim};

pub(super) const FORMAT: Format = Format {
    extract,
    inject,
    vouches: true,
    ..Format::new(
        "w3c",
        System::Otel,
        &[
            identity(TRACEPARENT),
            Header {
                is_list: true,
                ..identity(TRACESTATE)
            },
        ],
        "traceparent",
    )
};

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";
const SAMPLED: u8 = 1;
const RANDOM: u8 = 2;
/// The length of version 00, and the least of any.
const LENGTH: usize = 55;
/// Later versions may be longer; their tail is not interpreted.
const LONGEST: usize = 8192;

fn extract<'a>(seen: &Seen<'a>, fields: &[Field<'a>]) -> Extracted<'a> {
    let [parent, state] = fields else {
        return Ok(None);
    };
    let Some(value) = parent.first() else {
        return Ok(None);
    };
    let mut carried = if parent.is_repeated() {
        Err(FaultKind::Repeated)
    } else {
        read(value)
    }
    .map_err(|kind| Fault {
        header: TRACEPARENT,
        kind,
    })?;
    if state.is_present() {
        carried.state = TraceState::parse(seen.values(TRACESTATE, state)).ok();
        carried.canonical &= carried.state.as_ref().is_some_and(TraceState::is_canonical);
    }
    Ok(Some(carried))
}

fn read<'a>(value: &[u8]) -> Result<Carried<'a>, FaultKind> {
    if value.len() > LONGEST {
        return Err(FaultKind::TooLong);
    }
    let text = trim(value);
    let said = said(text).map_err(|kind| {
        if has_control(text) {
            FaultKind::Control
        } else {
            kind
        }
    })?;
    Ok(Carried {
        ids: Ids::Otel(said.ids),
        sampling: Sampling::from(said.flags & SAMPLED != 0),
        random: said.flags & RANDOM != 0,
        state: None,
        canonical: said.version == 0 && said.flags <= SAMPLED | RANDOM && value.len() == LENGTH,
        differs: false,
    })
}

/// The fields of a `traceparent`.
struct Said {
    version: u8,
    ids: OtelIds,
    flags: u8,
}

fn said(text: &[u8]) -> Result<Said, FaultKind> {
    let (text, tail) = text.split_at_checked(LENGTH).ok_or(FaultKind::Length)?;
    let ([v0, v1, b'-', rest @ ..], true) = (text, tail.is_empty() || tail.starts_with(b"-"))
    else {
        return Err(FaultKind::Shape);
    };
    let version = byte(*v0, *v1)
        .filter(|version| *version != 0xff)
        .ok_or(FaultKind::Version)?;
    if version == 0 && !tail.is_empty() {
        return Err(FaultKind::Length);
    }
    let (trace, rest) = rest.split_at_checked(32).ok_or(FaultKind::Shape)?;
    let (span, rest) = rest
        .strip_prefix(b"-")
        .and_then(|rest| rest.split_at_checked(16))
        .ok_or(FaultKind::Shape)?;
    let [b'-', f0, f1] = rest else {
        return Err(FaultKind::Shape);
    };
    let ids = OtelIds {
        trace: TraceId::parse(trace)?,
        span: SpanId::parse(span)?,
    };
    let flags = byte(*f0, *f1).ok_or(FaultKind::Flags)?;
    // The grammar has no room for a control character but here.
    if !tail.is_empty() && has_control(tail) {
        return Err(FaultKind::Control);
    }
    Ok(Said {
        version,
        ids,
        flags,
    })
}

fn inject<'a>(
    seen: &Seen<'a>,
    fields: &[Field<'a>],
    outgoing: &Outgoing<'_>,
    edits: &mut Edits<'a>,
) {
    let (Some(otel), [parent, state]) = (&outgoing.otel, fields) else {
        return;
    };
    seen.set(TRACEPARENT, parent, &spelt(otel), edits);
    if otel
        .state
        .as_ref()
        .is_some_and(|state| state.stays(otel.ot))
    {
        return;
    }
    let value = TraceState::written(otel.state.as_ref(), otel.ot);
    if value.is_empty() {
        seen.remove(TRACESTATE, state, edits);
    } else {
        seen.set(TRACESTATE, state, value.as_bytes(), edits);
    }
}

/// The `traceparent` of these ids.
fn spelt(otel: &OtelOut<'_>) -> [u8; LENGTH] {
    let is_sampled = otel.sampling.decided() == Some(true);
    let flags = b'0' + u8::from(is_sampled) * SAMPLED + u8::from(otel.random) * RANDOM;
    let mut text = [b'-'; LENGTH];
    for (start, part) in [
        (0, b"00".as_slice()),
        (3, &otel.ids.trace.hex()),
        (36, &otel.ids.span.hex()),
        (53, &[b'0', flags]),
    ] {
        if let Some(place) = text.get_mut(start..start + part.len()) {
            place.copy_from_slice(part);
        }
    }
    text
}

/// Two lower-case hex digits.
fn byte(high: u8, low: u8) -> Option<u8> {
    let digit = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    Some(digit(high)? << 4 | digit(low)?)
}
