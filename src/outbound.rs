//! What goes upstream: every known format is left as it came, written, or taken away (laws 6, 8, 15, 16).

use alloc::string::String;

use crate::format::{Carried, FORMATS, Format, Keep, OtelOut, Outgoing, Seen, System, foreign};
use crate::identity::{Identity, Unrecorded};
use crate::ids::{Dashed, Ids, Sampling};
use crate::inbound::Inbound;
use crate::policy::{IdAction, Rule, UpstreamAction};
use crate::request::{Edits, Headers};

/// The edits that make the outgoing headers agree with one another.
pub(crate) fn write<'a>(
    seen: &Seen<'a>,
    inbound: &Inbound<'a>,
    identity: &Identity<'a>,
    rule: &Rule<'a>,
    id_action: IdAction,
    proofs: &'a [String],
    dashed: Option<&Dashed>,
) -> Edits<'a> {
    let mut edits = Edits::default();
    remove_proofs(seen.headers(), proofs, &mut edits);
    let strip = rule.upstream == UpstreamAction::Strip;
    let stranger = id_action != IdAction::Join;
    let keep = Keep {
        strip,
        only: (strip || stranger).then_some(rule.baggage_allow),
    };
    let is_unsampled = identity.unrecorded == Some(Unrecorded::Unsampled);
    let outgoing = outgoing(inbound, identity, dashed, rule, keep);
    for format in seen.formats().or(rule.inject).iter() {
        // An unsampled request gets no Opik header that it did not bring (law 7b).
        let is_added =
            rule.inject.contains(format) && !(format.system == System::Opik && is_unsampled);
        match header_action(format, inbound.carried(format), &outgoing, is_added) {
            HeaderAction::Stays => {}
            HeaderAction::Written => format.inject(seen, &outgoing, &mut edits),
            HeaderAction::Removed => format.clear(seen, &outgoing, &mut edits),
        }
    }
    if keep.riders() {
        seen.remove_unfit(&mut edits);
    } else {
        foreign::remove(seen.headers(), rule.keep_headers, &mut edits);
    }
    edits
}

/// Removes the headers that prove trust in any rule: what they hold is a secret (law 15).
pub(crate) fn remove_proofs<'a>(headers: Headers<'a>, proofs: &'a [String], edits: &mut Edits<'a>) {
    for name in proofs.iter().map(String::as_bytes) {
        if headers.first(name).is_some() {
            edits.remove(name);
        }
    }
}

/// The ids to spell. A decision left to the receiver is made here when a format is written that cannot leave it open:
/// a deferred B3 beside a decided `traceparent` would be two different states.
fn outgoing<'o>(
    inbound: &Inbound<'_>,
    identity: &Identity<'o>,
    dashed: Option<&'o Dashed>,
    rule: &Rule<'_>,
    keep: Keep<'o>,
) -> Outgoing<'o> {
    let mut outgoing = Outgoing {
        opik: identity.opik,
        dashed,
        otel: identity.otel.clone(),
        keep,
    };
    if let Some(otel) = &mut outgoing.otel
        && otel.sampling == Sampling::Defer
    {
        let decides = FORMATS.iter().any(|format| {
            format.system == System::Otel
                && !format.defers
                && (rule.inject.contains(format) || inbound.carried(format).is_some())
        });
        if decides {
            otel.sampling = identity.sampling;
        }
    }
    outgoing
}

/// What happens to one format.
enum HeaderAction {
    /// It says already what we would write.
    Stays,
    /// It spells the outgoing ids.
    Written,
    /// It is stale, refused or not wanted.
    Removed,
}

fn header_action(
    format: &'static Format,
    carried: Option<&Carried<'_>>,
    outgoing: &Outgoing<'_>,
    is_added: bool,
) -> HeaderAction {
    let goes = match format.system {
        // What we add or change has both ids; a lone trace id goes on alone (law 8).
        System::Opik => outgoing
            .opik
            .is_some_and(|ids| ids.parent.is_some() || carried.is_some()),
        System::Otel => outgoing.otel.is_some(),
    };
    match carried {
        _ if outgoing.keep.strip => HeaderAction::Removed,
        Some(carried) if carried.canonical && says(format, carried, outgoing) => {
            HeaderAction::Stays
        }
        Some(_) if goes => HeaderAction::Written,
        // A decision without ids contradicts nothing where no ids stand beside it.
        Some(carried) if carried.ids == Ids::None => HeaderAction::Stays,
        None if goes && is_added => HeaderAction::Written,
        _ => HeaderAction::Removed,
    }
}

/// Whether a header says what goes out, as far as its format can say it.
#[inline]
fn says(format: &Format, carried: &Carried<'_>, outgoing: &Outgoing<'_>) -> bool {
    let same = |otel: &OtelOut<'_>| {
        carried.sampling == otel.sampling && (carried.random == otel.random || !format.vouches)
    };
    match carried.ids {
        Ids::None => false,
        Ids::Opik(ids) => outgoing.opik == Some(ids),
        Ids::Otel(ids) => outgoing
            .otel
            .as_ref()
            .is_some_and(|otel| otel.ids == ids && same(otel)),
    }
}
