//! What must hold for the two headers that carry members of others: `tracestate` and `baggage`.

use gatespan::format::Spelling;
use gatespan::format::tracestate::Ot;
use gatespan::format::{Format, Keep, OtelOut, Outgoing, Seen};
use gatespan::{Edits, Headers, Ids, OpikId, OpikIds, Sampler, Sampling};

use super::fair::fair;
use super::{NOW, Owned, apply, pairs, shown};

/// The first line names the header, each line after it is one copy of it.
pub(crate) fn members(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    match lines.next() {
        Some(name @ b"tracestate") => tracestate(&copies(name, lines)),
        Some(name @ b"baggage") => baggage(&copies(name, lines)),
        _ => {}
    }
}

fn copies<'d>(name: &[u8], values: impl Iterator<Item = &'d [u8]>) -> Owned {
    values
        .map(|value| (name.to_vec(), value.to_vec()))
        .collect()
}

/// Every way in which a `tracestate` is passed on.
fn tracestate(copies: &Owned) {
    let mut came = copies.clone();
    came.push((
        b"traceparent".to_vec(),
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03".to_vec(),
    ));
    let threshold = |probability| Sampler::with_probability(probability).threshold();
    for ot in [
        Ot::Keep,
        Ot::Amend(None),
        Ot::Amend(threshold(0.5)),
        Ot::Amend(threshold(0.01)),
    ] {
        let (left, randomness, was_good) = relayed(&came, ot);
        let written = only(&left, b"tracestate");
        let (again, randomness_left, good) = relayed(&left, ot);
        assert_eq!(
            shown(&again),
            shown(&left),
            "writing {ot:?} twice is writing it once"
        );
        assert_eq!(good, written.is_some(), "what is written can be read");
        assert_eq!(randomness_left, randomness, "`rv` is never changed");
        let Some(value) = written else { continue };

        let out = split(&value);
        assert!(out.len() <= 32 && value.len() <= 8192, "over the bounds");
        assert!(out.iter().all(|member| !member.is_empty()));
        let mut keys: Vec<&[u8]> = out.iter().map(|member| key(member)).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), out.len(), "no key twice");

        let amended = ot != Ot::Keep;
        let theirs = |member: &&[u8]| !(amended && key(member) == b"ot");
        let sent: Vec<&[u8]> = out.iter().copied().filter(theirs).collect();
        let mut wanted: Vec<&[u8]> = Vec::new();
        let source: Vec<&[u8]> = if was_good { every(copies) } else { Vec::new() };
        for member in source.into_iter().filter(theirs) {
            if !wanted.iter().any(|known| key(known) == key(member)) {
                wanted.push(member);
            }
        }
        let own: Vec<&[u8]> = out.iter().copied().filter(|m| !theirs(m)).collect();
        within(&sent, &wanted, &own, [32, 8192]);
    }
}

/// The headers after a `traceparent` was continued, the randomness that came, and whether the list could be read.
fn relayed(came: &Owned, ot: Ot) -> (Owned, Option<u64>, bool) {
    let format = Format::named("w3c").unwrap();
    let pairs = pairs(came);
    let seen = Seen::sift(Headers::new(&pairs), Spelling::Both, NOW);
    let carried = format
        .extract(&seen)
        .expect("a bad list leaves the ids alone")
        .expect("the ids are there");
    let Ids::Otel(ids) = carried.ids else {
        panic!("ids of another system")
    };
    let (state, was_good) = (carried.state.clone(), carried.state.is_some());
    let randomness = carried.state.and_then(|state| state.ot().randomness);
    let otel = OtelOut {
        ids,
        sampling: Sampling::Accept,
        random: true,
        state,
        ot,
    };
    let outgoing = Outgoing {
        dashed: None,
        opik: None,
        otel: Some(otel),
        keep: Keep::default(),
    };
    let mut edits = Edits::default();
    format.inject(&seen, &outgoing, &mut edits);
    fair(format, &edits);
    (apply(came, &edits), randomness, was_good)
}

/// Every way in which a `baggage` is passed on.
fn baggage(came: &Owned) {
    let opik = OpikIds {
        trace: OpikId::mint(NOW, [0x33; 10]),
        parent: Some(OpikId::mint(NOW, [0x55; 10])),
    };
    let allowed = [String::from("user"), String::from("opik.trace_id")];
    for opik in [None, Some(opik)] {
        for only_keys in [None, Some(allowed.as_slice())] {
            let keep = Keep {
                strip: false,
                only: only_keys,
            };
            let left = carried(came, opik, keep);
            assert_eq!(
                shown(&carried(&left, opik, keep)),
                shown(&left),
                "writing {opik:?} twice is writing it once"
            );
            let Some(value) = only(&left, b"baggage") else {
                assert!(opik.is_none(), "our own members are not there");
                continue;
            };
            // Of a trusted caller only the two ids are ours; a stranger may say nothing under Opik's name.
            let ours = |member: &&[u8]| match key(member) {
                b"opik.trace_id" | b"opik.span_id" => true,
                other => only_keys.is_some() && other.starts_with(b"opik."),
            };
            let out = split(&value);
            assert!(out.len() <= 64 && value.len() <= 8192, "over the bounds");
            let own: Vec<&[u8]> = out.iter().copied().filter(ours).collect();
            let expected = if opik.is_some() { 2 } else { 0 };
            assert_eq!(own.len(), expected, "of ours exactly these");

            let passes = |member: &&[u8]| {
                good(member)
                    && !ours(member)
                    && only_keys.is_none_or(|keys| {
                        keys.iter().any(|allowed| allowed.as_bytes() == key(member))
                    })
            };
            let sent: Vec<&[u8]> = out.iter().copied().filter(|m| !ours(m)).collect();
            let wanted: Vec<&[u8]> = every(came).into_iter().filter(passes).collect();
            within(&sent, &wanted, &own, [64, 8192]);
        }
    }
}

/// The headers with these ids in the baggage, or with none.
fn carried(came: &Owned, opik: Option<OpikIds>, keep: Keep<'_>) -> Owned {
    let format = Format::named("opik_baggage").unwrap();
    let pairs = pairs(came);
    let seen = Seen::sift(Headers::new(&pairs), Spelling::Both, NOW);
    let outgoing = Outgoing {
        dashed: None,
        opik,
        otel: None,
        keep,
    };
    let mut edits = Edits::default();
    if opik.is_some() {
        format.inject(&seen, &outgoing, &mut edits);
    } else {
        format.clear(&seen, &outgoing, &mut edits);
    }
    fair(format, &edits);
    apply(came, &edits)
}

/// Members of others keep their order and their bytes; while there is room, none of them is lost.
fn within(sent: &[&[u8]], wanted: &[&[u8]], own: &[&[u8]], [members, bytes]: [usize; 2]) {
    let mut left = wanted.iter();
    let in_order = sent.iter().all(|member| left.any(|other| other == member));
    let text = |members: &[&[u8]]| members.join(b",".as_slice()).escape_ascii().to_string();
    assert!(in_order, "{} is no part of {}", text(sent), text(wanted));
    let length: usize = own
        .iter()
        .chain(wanted)
        .map(|member| member.len() + 1)
        .sum();
    if own.len() + wanted.len() <= members && length <= bytes + 1 {
        assert_eq!(text(sent), text(wanted), "there was room for all");
    }
}

/// Every member of every copy that is not empty.
fn every(copies: &Owned) -> Vec<&[u8]> {
    copies
        .iter()
        .flat_map(|(_, value)| split(value))
        .filter(|member| !member.is_empty())
        .collect()
}

fn split(value: &[u8]) -> Vec<&[u8]> {
    value.split(|byte| *byte == b',').map(trim).collect()
}

fn key(member: &[u8]) -> &[u8] {
    trim(
        member
            .split(|byte| *byte == b'=')
            .next()
            .unwrap_or_default(),
    )
}

/// Whether a member of a baggage has a token for a key, a value, and nothing that must not be sent.
fn good(member: &[u8]) -> bool {
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let sendable = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    member.contains(&b'=')
        && !key(member).is_empty()
        && key(member).iter().all(token)
        && member.iter().all(sendable)
}

fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// The value of a header that is there once or not at all.
fn only(headers: &Owned, name: &[u8]) -> Option<Vec<u8>> {
    let mut values = headers.iter().filter(|(other, _)| other == name);
    let value = values.next().map(|(_, value)| value.clone());
    assert!(
        values.next().is_none(),
        "{} is there twice",
        name.escape_ascii()
    );
    value
}
