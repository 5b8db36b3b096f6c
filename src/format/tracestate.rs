//! W3C `tracestate`, Level 2, and its `ot` member, in which OpenTelemetry keeps the sampling threshold.
//!
//! ```text
//! list   = *32( OWS member OWS "," )       ; several headers are joined in order; empty members are allowed
//! member = key "=" value
//! key    = ( a-z / 0-9 ) *255( a-z / 0-9 / "_" / "-" / "*" / "/" / "@" )
//! value  = 1*256( %x20-7e except "," and "=" ), not ending in a space
//! ot     = sub *( ";" sub ), sub = "th:" 1*14HEX / "rv:" 14HEX / key ":" value
//! ```
//! <https://www.w3.org/TR/trace-context-2/#tracestate-header>,
//! <https://opentelemetry.io/docs/specs/otel/trace/tracestate-handling/>. One bad member spoils the list.

use alloc::vec::Vec;

use crate::fault::FaultKind;
use crate::request::{HeaderValue, trim};
use crate::sampling::Threshold;

use super::seen::Values;

/// A well-formed list, borrowed from the request.
#[derive(Clone, Debug)]
pub struct TraceState<'a> {
    values: Values<'a>,
    canonical: bool,
}

/// What becomes of the `ot` member on the way out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Ot {
    /// Passed on as it came: the ids are not ours to speak for.
    #[default]
    Keep,
    /// Sub-members that cannot be read are dropped, `th` is replaced by this one or erased, `rv` stays.
    Amend(Option<Threshold>),
}

/// The sampling part of the `ot` member.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OtMember {
    /// Spans are kept whose randomness is at least this.
    pub threshold: Option<Threshold>,
    /// The randomness that replaces the low bits of the trace id.
    pub randomness: Option<u64>,
}

impl<'a> TraceState<'a> {
    /// Reads the list; one bad member, or a 33rd, spoils it all.
    pub(super) fn parse(values: Values<'a>) -> Result<Self, FaultKind> {
        if values.clone().map(<[u8]>::len).sum::<usize>() > RAW_BYTES {
            return Err(FaultKind::TooLong);
        }
        let mut keys: [&[u8]; MEMBERS] = [b""; MEMBERS];
        let mut count = 0;
        let mut bytes = 0;
        let mut canonical = true;
        for raw in values.clone().items() {
            let text = trim(raw);
            canonical &= text.len() == raw.len() && !text.is_empty();
            if text.is_empty() {
                continue;
            }
            let key = check(text)?;
            canonical &= !keys.iter().take(count).any(|known| *known == key);
            *keys.get_mut(count).ok_or(FaultKind::TooManyMembers)? = key;
            count += 1;
            bytes += text.len() + 1;
        }
        let canonical = canonical
            && count > 0
            && bytes <= BYTES + LAST_COMMA
            && values.clone().nth(1).is_none();
        Ok(Self { values, canonical })
    }

    /// A list that was written before. It is not in a header of this request, so it never stays as it came.
    pub(crate) fn kept(text: &'a [u8]) -> Option<Self> {
        let state = Self::parse(Values::alone(text)).ok()?;
        Some(Self {
            canonical: false,
            ..state
        })
    }

    /// Whether it is written as we would write it.
    #[must_use]
    pub const fn is_canonical(&self) -> bool {
        self.canonical
    }

    /// The value of a member.
    #[must_use]
    pub fn member(&self, key: &[u8]) -> Option<&'a [u8]> {
        members(self.values.clone())
            .find(|(known, _)| *known == key)
            .map(|(_, value)| value)
    }

    /// The sampling part of the `ot` member, as far as it can be read.
    #[must_use]
    pub fn ot(&self) -> OtMember {
        let mut found = OtMember::default();
        for sub in sub_members(self.member(OT)) {
            match sub {
                [b't', b'h', b':', digits @ ..] => {
                    found.threshold = found.threshold.or_else(|| Threshold::parse(digits));
                }
                [b'r', b'v', b':', digits @ ..] => {
                    found.randomness = found.randomness.or_else(|| randomness(digits));
                }
                _ => {}
            }
        }
        found
    }

    /// Whether the header may stay as it came.
    pub(super) fn stays(&self, ot: Ot) -> bool {
        self.canonical
            && match ot {
                Ot::Keep => true,
                Ot::Amend(threshold) => {
                    amended(self.member(OT), threshold).as_bytes()
                        == self.member(OT).unwrap_or_default()
                }
            }
    }

    /// The header, if it stays as it came.
    pub(super) fn as_it_came(&self, ot: Ot) -> Option<&'a [u8]> {
        self.values.clone().next().filter(|_| self.stays(ot))
    }

    /// The list to send on: an `ot` member of ours first, duplicates and what is over the bounds left out.
    pub(super) fn written(state: Option<&Self>, ot: Ot) -> HeaderValue {
        if state.is_none() && matches!(ot, Ot::Keep | Ot::Amend(None)) {
            return HeaderValue::new();
        }
        let came = state.and_then(|state| state.member(OT));
        let own = match ot {
            Ot::Keep => None,
            Ot::Amend(threshold) => Some(amended(came, threshold))
                .filter(|own| own.as_bytes() != came.unwrap_or_default()),
        };
        let mut list: Vec<(&[u8], &[u8])> = Vec::new();
        list.extend(own.iter().map(|own| (OT, own.as_bytes())));
        if let Some(state) = state {
            for member in members(state.values.clone()) {
                if !list.iter().any(|(key, _)| *key == member.0) {
                    list.push(member);
                }
            }
        }
        list.retain(|(_, value)| !value.is_empty());
        list.truncate(MEMBERS);
        shorten(&mut list);
        let mut value = HeaderValue::new();
        for (key, member) in list {
            let separator: &[u8] = if value.is_empty() { b"" } else { b"," };
            [separator, key, b"=", member]
                .into_iter()
                .for_each(|part| value.push(part));
        }
        value
    }
}

/// Takes whole members away until the list fits: those over 128 characters first, then from the right.
fn shorten(list: &mut Vec<(&[u8], &[u8])>) {
    let length = |(key, value): &(&[u8], &[u8])| key.len() + 1 + value.len();
    while list.iter().map(|member| length(member) + 1).sum::<usize>() > BYTES + LAST_COMMA {
        match list.iter().rposition(|member| length(member) > LONG_MEMBER) {
            Some(long) => drop(list.remove(long)),
            None => drop(list.pop()),
        }
    }
}

/// The `ot` member with this threshold in place of its own, and without what cannot be read.
fn amended(came: Option<&[u8]>, threshold: Option<Threshold>) -> HeaderValue {
    let own = threshold.map(|threshold| HeaderValue::of(&[b"th:", threshold.digits().as_bytes()]));
    let own = own.as_ref().map(HeaderValue::as_bytes);
    let mut rv = sub_members(came).find(|sub| match sub {
        [b'r', b'v', b':', digits @ ..] => randomness(digits).is_some(),
        _ => false,
    });
    // Others have the room that these two leave: `rv` is never changed, thus never left out.
    let taken: usize = own.iter().chain(&rv).map(|sub| sub.len() + 1).sum();
    let mut room = VALUE + 1 - taken;
    let others = sub_members(came).filter(|sub| match *sub {
        [b't', b'h', b':', ..] => false,
        [b'r', b'v', b':', ..] => rv.take_if(|rv| rv == sub).is_some(),
        _ => match room.checked_sub(sub.len() + 1) {
            Some(left) => {
                room = left;
                true
            }
            None => false,
        },
    });
    let mut member = HeaderValue::new();
    for sub in own.into_iter().chain(others) {
        if !member.is_empty() {
            member.push(b";");
        }
        member.push(sub);
    }
    member
}

/// What stands between the semicolons. A space around it would end the member, where none may stand.
fn sub_members(ot: Option<&[u8]>) -> impl Iterator<Item = &[u8]> {
    let ot = ot.unwrap_or_default();
    ot.split(|byte| *byte == b';')
        .map(trim)
        .filter(|sub| !sub.is_empty())
}

/// Exactly 14 lower-case hex digits.
fn randomness(digits: &[u8]) -> Option<u64> {
    if digits.len() == 14 {
        crate::sampling::fraction(digits)
    } else {
        None
    }
}

/// The members of a list that was found good.
fn members<'a>(values: Values<'a>) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    values.items().filter_map(|raw| {
        let text = trim(raw);
        let equals = text.iter().position(|byte| *byte == b'=')?;
        Some((text.get(..equals)?, text.get(equals + 1..)?))
    })
}

/// The key of a member, if all of it is well-formed.
fn check(text: &[u8]) -> Result<&[u8], FaultKind> {
    let mut parts = text.splitn(2, |byte| *byte == b'=');
    let (Some([first, tail @ ..]), Some(value)) = (parts.next(), parts.next()) else {
        return Err(FaultKind::Member);
    };
    let key_fits = tail.len() < KEY
        && (first.is_ascii_lowercase() || first.is_ascii_digit())
        && tail.iter().all(
            |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@'),
        );
    let value_fits = (1..=VALUE).contains(&value.len())
        && value
            .iter()
            .all(|byte| matches!(byte, b' '..=b'~') && *byte != b'=' && *byte != b',');
    if key_fits && value_fits {
        text.get(..=tail.len()).ok_or(FaultKind::Member)
    } else {
        Err(FaultKind::Member)
    }
}

const OT: &[u8] = b"ot";
const MEMBERS: usize = 32;
const BYTES: usize = 8192;
/// Empty members and white space are allowed, but nobody needs so much of them: all 32 members, each as long as it may
/// be, are half of this.
const RAW_BYTES: usize = 4 * BYTES;
const KEY: usize = 256;
const VALUE: usize = 256;
const LONG_MEMBER: usize = 128;
/// The last member has no comma behind it.
const LAST_COMMA: usize = 1;
