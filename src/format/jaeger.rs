//! Jaeger's own propagation.
//!
//! ```text
//! uber-trace-id   = trace-id ":" span-id ":" parent ":" flags   ; exactly four fields; URL-encoded as a whole
//! trace-id        = 1*32HEX   span-id = 1*16HEX                 ; any case, padded on the left, not zero
//! parent          = *16HEX                                      ; deprecated: read over, written as "0"
//! flags           = 1*2HEX    ; bit 0 sampled, bit 1 debug (sampled as well)
//! jaeger-debug-id = 1*        ; at a root: sampled and debug
//! uberctx-KEY, jaeger-baggage ; baggage, carried beside the ids
//! ```
//! Example: `4bf92f3577b34da6a3ce929d0e0e4736:f067aa0ba902b7:0:1`.
//!
//! <https://www.jaegertracing.io/docs/1.76/client-libraries/#propagation-format>.

use super::seen::LONGEST_ID_HEADER;
use super::{
    BAGGAGE_BYTES, BAGGAGE_MEMBERS, Carried, Extracted, Field, Format, Header, Keep, Outgoing,
    Role, Seen, System, clear_headers, identity, rider,
};
use crate::fault::{Fault, FaultKind};
use crate::ids::{Ids, OtelIds, Sampling, SpanId, TraceId};
use crate::request::{Edits, HeaderValue, has_control};

pub(super) const FORMAT: Format = Format {
    extract,
    inject,
    clear: |format, seen, outgoing, edits| {
        clear_headers(format, seen, outgoing, edits);
        bound_baggage(seen, outgoing.keep, edits);
    },
    ..Format::new("jaeger", System::Otel, &HEADERS, UBER)
};

static HEADERS: [Header; 4] = [
    identity(UBER),
    identity(DEBUG),
    rider("jaeger-baggage"),
    BAGGAGE,
];
const UBER: &str = "uber-trace-id";
const DEBUG: &str = "jaeger-debug-id";
const BAGGAGE: Header = Header {
    name: "uberctx-*",
    role: Role::Baggage,
    is_list: true,
};
/// The length of what we write.
const CANONICAL: usize = 54;
const SAMPLED: u8 = 1;
const DEBUGGED: u8 = 2;

fn extract<'a>(seen: &Seen<'a>, fields: &[Field<'a>]) -> Extracted<'a> {
    let [uber, debug, _, baggage] = fields else {
        return Ok(None);
    };
    let fault = |header| move |kind| Fault { header, kind };
    let found = uber.text().and_then(|text| text.map(read).transpose());
    let found = found.map_err(fault(UBER))?;
    let forces = debug.text().map_err(fault(DEBUG))?;
    let Some((ids, sampling, spelt)) = found else {
        let forced = Carried {
            ids: Ids::None,
            sampling: Sampling::Debug,
            random: false,
            state: None,
            canonical: true,
            differs: false,
        };
        return Ok(forces.filter(|id| !id.is_empty()).map(|_| forced));
    };
    let spelt = spelt && uber.first().is_some_and(|value| value.len() == CANONICAL);
    let bounded = !baggage.is_present() || excess_baggage(seen, Keep::default()).next().is_none();
    Ok(Some(Carried {
        ids: Ids::Otel(ids),
        sampling,
        random: false,
        state: None,
        canonical: spelt && bounded && !uber.is_repeated() && !debug.is_present(),
        differs: uber.differs(),
    }))
}

fn read(text: &[u8]) -> Result<(OtelIds, Sampling, bool), FaultKind> {
    if let Some((ids, sampling)) = read_canonical(text) {
        return Ok((ids, sampling, true));
    }
    let mut room = [0; LONGEST_ID_HEADER];
    let (ids, sampling) = read_fields(decoded(text, &mut room)?)?;
    Ok((ids, sampling, false))
}

/// The value with each percent-escape decoded once: Jaeger's clients encode the value as a URL would, and decode it so.
fn decoded<'r>(text: &[u8], room: &'r mut [u8; LONGEST_ID_HEADER]) -> Result<&'r [u8], FaultKind> {
    let mut rest = text;
    let mut length = 0;
    // The room is as long as the longest value that is read at all.
    for place in room.iter_mut() {
        (*place, rest) = match rest {
            [] => break,
            [b'%', high, low, rest @ ..] => (byte_of(*high, *low).ok_or(FaultKind::Escape)?, rest),
            [b'%', ..] => return Err(FaultKind::Escape),
            [byte, rest @ ..] => (*byte, rest),
        };
        if place.is_ascii_control() {
            return Err(FaultKind::Control);
        }
        length += 1;
    }
    Ok(room.get(..length).unwrap_or_default())
}

/// The byte that two hex digits stand for.
fn byte_of(high: u8, low: u8) -> Option<u8> {
    let digit = |byte| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? << 4 | digit(low)?).ok()
}

fn read_fields(text: &[u8]) -> Result<(OtelIds, Sampling), FaultKind> {
    let mut parts = text.split(|byte| *byte == b':');
    let fields = [(); 4].map(|()| parts.next());
    let ([Some(trace), Some(span), Some(parent), Some(flags)], None) = (fields, parts.next())
    else {
        return Err(FaultKind::Shape);
    };
    let ids = OtelIds {
        trace: TraceId::padded(trace)?,
        span: SpanId::padded(span)?,
    };
    if parent.len() > 16 || !parent.iter().all(u8::is_ascii_hexdigit) {
        return Err(FaultKind::Hex);
    }
    let bits = match flags {
        [low] => byte_of(b'0', *low),
        [high, low] => byte_of(*high, *low),
        _ => None,
    };
    let bits = bits.ok_or(FaultKind::Flags)?;
    let sampling = match (bits & DEBUGGED != 0, bits & SAMPLED != 0) {
        (true, _) => Sampling::Debug,
        (false, sampled) => Sampling::from(sampled),
    };
    Ok((ids, sampling))
}

/// What we write ourselves.
fn read_canonical(text: &[u8]) -> Option<(OtelIds, Sampling)> {
    let (trace, rest) = text.split_at_checked(32)?;
    let (span, rest) = rest.strip_prefix(b":")?.split_at_checked(16)?;
    let sampling = match rest {
        b":0:03" => Sampling::Debug,
        b":0:01" => Sampling::Accept,
        b":0:00" => Sampling::Deny,
        _ => return None,
    };
    let ids = OtelIds {
        trace: TraceId::parse(trace).ok()?,
        span: SpanId::parse(span).ok()?,
    };
    Some((ids, sampling))
}

fn spelled(ids: OtelIds, sampling: Sampling) -> HeaderValue {
    let flags: &[u8] = match sampling {
        Sampling::Debug => b":0:03",
        Sampling::Accept => b":0:01",
        Sampling::Deny | Sampling::Defer => b":0:00",
    };
    HeaderValue::of(&[&ids.trace.hex(), b":", &ids.span.hex(), flags])
}

fn inject<'a>(
    seen: &Seen<'a>,
    fields: &[Field<'a>],
    outgoing: &Outgoing<'_>,
    edits: &mut Edits<'a>,
) {
    let (Some(otel), [uber, debug, _, baggage]) = (&outgoing.otel, fields) else {
        return;
    };
    let value = spelled(otel.ids, otel.sampling);
    seen.set(UBER, uber, value.as_bytes(), edits);
    seen.remove(DEBUG, debug, edits);
    if baggage.is_present() {
        bound_baggage(seen, outgoing.keep, edits);
    }
}

fn bound_baggage<'a>(seen: &Seen<'a>, keep: Keep<'_>, edits: &mut Edits<'a>) {
    excess_baggage(seen, keep).for_each(|name| edits.remove(name));
}

/// The names of the `uberctx-` headers that may not pass: over the bounds, unfit, or not allowed to a stranger.
fn excess_baggage<'a>(seen: &Seen<'a>, keep: Keep<'_>) -> impl Iterator<Item = &'a [u8]> {
    let mut members = 0;
    let mut bytes = 0;
    seen.starting_with("uberctx-")
        .filter_map(move |(name, key, value)| {
            let passes = keep.baggage(key) && !has_control(value);
            // What may not pass takes no room.
            if passes {
                members += 1;
                bytes += key.len() + value.len();
            }
            let fits = members <= BAGGAGE_MEMBERS && bytes <= BAGGAGE_BYTES;
            (!passes || !fits).then_some(name)
        })
}
