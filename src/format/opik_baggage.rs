//! Opik's ids as members of the W3C `baggage`, where Opik's OpenTelemetry span processor looks for them; and the
//! bounds of that header, which carries other people's members too.
//!
//! ```text
//! baggage = member *( OWS "," OWS member )        ; several headers are joined in order
//! member  = key OWS "=" OWS value *( OWS ";" property )
//! ours    = "opik.trace_id=" UUID [ ",opik.span_id=" UUID ]
//! ```
//! <https://www.w3.org/TR/baggage/>. Other members are passed on byte for byte, up to 64 of them and 8,192 bytes;
//! malformed ones and those over the bounds are left out.

use super::{
    BAGGAGE_BYTES, BAGGAGE_MEMBERS, Carried, Extracted, Field, Format, Header, Outgoing, Role,
    Seen, System,
};
use crate::fault::{Fault, FaultKind};
use crate::ids::{Ids, OpikId, OpikIds, Sampling};
use crate::request::{Edits, HeaderValue, has_control, trim};

pub(super) const FORMAT: Format = Format {
    extract,
    inject,
    clear: |format, seen, outgoing, edits| {
        if let [field] = seen.fields(format) {
            rewrite(seen, field, outgoing, None, edits);
        }
    },
    ..Format::new(
        "opik_baggage",
        System::Opik,
        &[Header {
            name: BAGGAGE,
            role: Role::Baggage,
            is_list: true,
        }],
        "baggage with opik.trace_id and opik.span_id",
    )
};

const BAGGAGE: &str = "baggage";
const TRACE: &str = "opik.trace_id";
const SPAN: &str = "opik.span_id";
/// Every key with this beginning is Opik's.
const OURS: &[u8] = b"opik.";

/// Whether a key is one of the two that carry ids.
fn is_id(key: &[u8]) -> bool {
    key == TRACE.as_bytes() || key == SPAN.as_bytes()
}
/// The last member has no comma behind it.
const LAST_COMMA: usize = 1;

fn extract<'a>(seen: &Seen<'a>, fields: &[Field<'a>]) -> Extracted<'a> {
    let [field] = fields else { return Ok(None) };
    if !field.is_present() {
        return Ok(None);
    }
    let mut trace = None;
    let mut parent = None;
    for member in members(seen, field) {
        let (id, header) = match member.key {
            key if key == TRACE.as_bytes() => (&mut trace, TRACE),
            key if key == SPAN.as_bytes() => (&mut parent, SPAN),
            _ => continue,
        };
        let found = OpikId::parse(member.value, seen.now).map_err(|kind| Fault { header, kind })?;
        if id.is_some_and(|known| known != found) {
            return Err(Fault {
                header,
                kind: FaultKind::Differs,
            });
        }
        *id = Some(found);
    }
    let ids = match (trace, parent) {
        (None, None) => return Ok(None),
        (None, Some(_)) => {
            return Err(Fault {
                header: SPAN,
                kind: FaultKind::Incomplete,
            });
        }
        (Some(trace), parent) => OpikIds { trace, parent },
    };
    Ok(Some(Carried {
        ids: Ids::Opik(ids),
        sampling: Sampling::Defer,
        random: false,
        state: None,
        canonical: is_canonical(seen, field, ids),
        differs: false,
    }))
}

/// Whether the header is what we would write for these ids: one header, every member good, ours spelt as we spell.
fn is_canonical(seen: &Seen<'_>, field: &Field<'_>, ids: OpikIds) -> bool {
    let ours = |member: &Member<'_>| match member.key {
        key if key == TRACE.as_bytes() => member.is_spelled(TRACE),
        key if key == SPAN.as_bytes() => member.is_spelled(SPAN),
        _ => true,
    };
    let own = members(seen, field)
        .filter(|member| is_id(member.key))
        .count();
    field.first().is_some_and(|value| is_tidy(field, value))
        && own == 1 + usize::from(ids.parent.is_some())
        && members(seen, field).all(|member| ours(&member))
}

fn inject<'a>(
    seen: &Seen<'a>,
    fields: &[Field<'a>],
    outgoing: &Outgoing<'_>,
    edits: &mut Edits<'a>,
) {
    if let [field] = fields {
        rewrite(seen, field, outgoing, outgoing.opik, edits);
    }
}

/// Writes the members of others that may pass and, behind them, ours.
fn rewrite<'a>(
    seen: &Seen<'a>,
    field: &Field<'a>,
    outgoing: &Outgoing<'_>,
    ids: Option<OpikIds>,
    edits: &mut Edits<'a>,
) {
    // Of a caller who is trusted, what else it says under Opik's name passes like anybody's (laws 15, 16).
    let ours = |key: &[u8]| is_id(key) || (!outgoing.keep.riders() && key.starts_with(OURS));
    let passes = |member: &Member<'_>| !ours(member.key) && outgoing.keep.baggage(member.key);
    match (field.first(), ids) {
        (None, None) => return,
        // Nothing of ours in it and nothing to take out: the header stays as it came.
        (Some(value), None)
            if is_tidy(field, value) && members(seen, field).all(|member| passes(&member)) =>
        {
            return;
        }
        _ => {}
    }
    let spelt = |key: &str, id: OpikId| HeaderValue::of(&[key.as_bytes(), b"=", &id.dashed()]);
    let own = [
        ids.map(|ids| spelt(TRACE, ids.trace)),
        ids.and_then(|ids| ids.parent).map(|id| spelt(SPAN, id)),
    ];
    let own = own.iter().flatten().map(HeaderValue::as_bytes);
    let reserved: usize = own.clone().map(|member| member.len() + 1).sum();
    let room = Room {
        members: BAGGAGE_MEMBERS - own.clone().count(),
        bytes: BAGGAGE_BYTES + LAST_COMMA - reserved,
    };
    let mut value = HeaderValue::new();
    let mut add = |text| {
        if !value.is_empty() {
            value.push(b",");
        }
        value.push(text);
    };
    // What may not pass takes no room.
    room.take(good_members(seen, field).filter(passes))
        .for_each(|member| add(member.text));
    own.for_each(add);
    if value.is_empty() {
        seen.remove(BAGGAGE, field, edits);
    } else {
        seen.set(BAGGAGE, field, value.as_bytes(), edits);
    }
}

/// One well-formed member: its text as it came, its key, and its value without properties.
struct Member<'a> {
    text: &'a [u8],
    key: &'a [u8],
    value: &'a [u8],
}

impl Member<'_> {
    /// Whether it is how we would write the id in it: nothing around it, nothing behind it.
    fn is_spelled(&self, key: &str) -> bool {
        let value = self.text.strip_prefix(key.as_bytes());
        value
            .and_then(|rest| rest.strip_prefix(b"="))
            .is_some_and(OpikId::is_spelling)
    }
}

/// How much of a list may still pass; each member is counted with a comma behind it.
struct Room {
    members: usize,
    bytes: usize,
}

impl Room {
    /// The members from the left, as many as there is room for.
    fn take<'a>(
        mut self,
        members: impl Iterator<Item = Member<'a>>,
    ) -> impl Iterator<Item = Member<'a>> {
        members.map_while(move |member| {
            self.members = self.members.checked_sub(1)?;
            self.bytes = self.bytes.checked_sub(member.text.len() + 1)?;
            Some(member)
        })
    }
}

/// The members that are read: the well-formed ones within the bounds.
fn members<'a>(seen: &Seen<'a>, field: &Field<'a>) -> impl Iterator<Item = Member<'a>> {
    let room = Room {
        members: BAGGAGE_MEMBERS,
        bytes: BAGGAGE_BYTES + LAST_COMMA,
    };
    room.take(good_members(seen, field))
}

fn good_members<'a>(
    seen: &Seen<'a>,
    field: &Field<'a>,
) -> impl Iterator<Item = Member<'a>> + use<'a> {
    seen.values(BAGGAGE, field).items().filter_map(member)
}

fn member(text: &[u8]) -> Option<Member<'_>> {
    let text = trim(text);
    let equals = text.iter().position(|byte| *byte == b'=')?;
    let (key, rest) = text.split_at_checked(equals)?;
    let value = rest
        .get(1..)?
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default();
    let key = trim(key);
    let fits = !key.is_empty() && key.iter().all(|byte| is_token(*byte)) && !has_control(text);
    fits.then_some(Member {
        text,
        key,
        value: trim(value),
    })
}

/// Whether a lone header is within the bounds and holds nothing that we would leave out.
fn is_tidy(field: &Field<'_>, value: &[u8]) -> bool {
    let members = || value.split(|byte| *byte == b',');
    !field.is_repeated()
        && value.len() <= BAGGAGE_BYTES
        && members().count() <= BAGGAGE_MEMBERS
        && members().all(|text| member(text).is_some())
}

/// The characters of a token in HTTP.
const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}
