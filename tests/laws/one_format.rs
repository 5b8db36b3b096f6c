//! What must hold for each row of the table of formats by itself.

use gatespan::format::Spelling;
use gatespan::format::tracestate::Ot;
use gatespan::format::{Carried, FORMATS, Format, Keep, OtelOut, Outgoing, Role, Seen, System};
use gatespan::{Edits, Headers, Ids, OpikId, OpikIds, OtelIds, Pair, Sampling, SpanId, TraceId};

use super::fair::{fair, owns};
use super::{NOW, Owned, apply, pairs, shown};

const SPELLINGS: [Spelling; 3] = [Spelling::Underscore, Spelling::Dash, Spelling::Both];

/// Every law of one format over these headers.
pub(crate) fn hold(came: &Owned) {
    for format in FORMATS {
        // Only Opik's headers have several spellings.
        let spellings = match format.system {
            System::Opik => SPELLINGS.as_slice(),
            System::Otel => &SPELLINGS[..1],
        };
        for &spelling in spellings {
            if let Some(carried) = &read(format, came, spelling) {
                canonical_is_as_we_spell(format, came, carried);
                if carried.ids != Ids::None {
                    respelt_it_says_the_same(format, came, spelling, carried);
                }
            }
            anything_can_be_overwritten(format, came, spelling);
            what_is_cleared_is_gone(format, came, spelling);
        }
    }
}

/// What a format finds; a fault is none.
fn read(format: &'static Format, headers: &Owned, spelling: Spelling) -> Option<Sayings> {
    let pairs = pairs(headers);
    let seen = sift(&pairs, spelling);
    let carried = format.extract(&seen).ok().flatten()?;
    Some(Sayings::from(&carried))
}

/// [`Carried`] without what it borrows.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Sayings {
    ids: Ids,
    sampling: Sampling,
    random: bool,
    canonical: bool,
    differs: bool,
}

impl From<&Carried<'_>> for Sayings {
    fn from(carried: &Carried<'_>) -> Self {
        Self {
            ids: carried.ids,
            sampling: carried.sampling,
            random: carried.random,
            canonical: carried.canonical,
            differs: carried.differs,
        }
    }
}

fn sift<'a>(pairs: &'a [Pair<'a>], spelling: Spelling) -> Seen<'a> {
    Seen::sift(Headers::new(pairs), spelling, NOW)
}

/// Only what stays untouched may be called canonical: one copy, nothing around it, no capitals.
fn canonical_is_as_we_spell(format: &'static Format, came: &Owned, carried: &Sayings) {
    if !carried.canonical || carried.ids == Ids::None {
        return;
    }
    for header in format.headers {
        if header.role != Role::Identity || header.name == "tracestate" {
            continue;
        }
        let mut copies = came
            .iter()
            .filter(|(name, _)| owns(header.name, name))
            .map(|(_, value)| value);
        if let Some(value) = copies.next() {
            let plain = value
                .iter()
                .all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase());
            assert!(
                plain && !value.is_empty(),
                "{}: {} is called canonical",
                header.name,
                value.escape_ascii()
            );
        }
        assert!(
            copies.next().is_none(),
            "{} came twice and is called canonical",
            header.name
        );
    }
}

/// Writing back what was read changes its spelling at most, and the second time nothing at all.
fn respelt_it_says_the_same(
    format: &'static Format,
    came: &Owned,
    spelling: Spelling,
    said: &Sayings,
) {
    let wanted = Sayings {
        canonical: true,
        differs: false,
        ..said.clone()
    };
    let respell = |headers: &Owned| {
        let pairs = pairs(headers);
        let seen = sift(&pairs, spelling);
        let carried = format
            .extract(&seen)
            .expect("it was read before")
            .expect("it was there");
        let mut edits = Edits::default();
        format.inject(&seen, &as_it_came(&carried), &mut edits);
        fair(format, &edits);
        (apply(headers, &edits), edits.as_slice().len())
    };
    let (left, _) = respell(came);
    assert_eq!(
        read(format, &left, spelling),
        Some(wanted),
        "{format:?} respelt\n{}as\n{}",
        shown(came),
        shown(&left)
    );
    let (again, edits) = respell(&left);
    assert_eq!(
        (shown(&again), edits),
        (shown(&left), 0),
        "{format:?}: what it wrote it leaves alone"
    );
}

/// The context to send on that says what came in.
fn as_it_came<'a>(carried: &Carried<'a>) -> Outgoing<'a> {
    let (opik, otel) = match carried.ids {
        Ids::None => (None, None),
        Ids::Opik(ids) => (Some(ids), None),
        Ids::Otel(ids) => {
            let otel = OtelOut {
                ids,
                sampling: carried.sampling,
                random: carried.random,
                state: carried.state.clone(),
                ot: Ot::Keep,
            };
            (None, Some(otel))
        }
    };
    Outgoing {
        dashed: None,
        opik,
        otel,
        keep: Keep::default(),
    }
}

/// Whatever came, good or bad: what is written over it is what a reader finds.
fn anything_can_be_overwritten(format: &'static Format, came: &Owned, spelling: Spelling) {
    let trace = OpikId::mint(NOW, [0x33; 10]);
    let parent = OpikId::mint(NOW, [0x55; 10]);
    let opik = OpikIds {
        trace,
        parent: Some(parent),
    };
    let otel = OtelIds {
        trace: TraceId::from_bits(0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c).unwrap(),
        span: SpanId::from_bits(0x00f0_67aa_0ba9_02b7).unwrap(),
    };
    for sampling in [Sampling::Deny, Sampling::Accept, Sampling::Debug] {
        let outgoing = Outgoing {
            dashed: None,
            opik: Some(opik),
            otel: Some(OtelOut {
                ids: otel,
                sampling,
                random: false,
                state: None,
                ot: Ot::Keep,
            }),
            keep: Keep::default(),
        };
        let pairs = pairs(came);
        let mut edits = Edits::default();
        format.inject(&sift(&pairs, spelling), &outgoing, &mut edits);
        fair(format, &edits);
        let left = apply(came, &edits);
        let found = read(format, &left, spelling)
            .unwrap_or_else(|| panic!("{format:?} cannot read\n{}", shown(&left)));
        let ids = match format.system {
            System::Opik => Ids::Opik(opik),
            System::Otel => Ids::Otel(otel),
        };
        assert_eq!(
            (found.ids, found.canonical, found.differs),
            (ids, true, false),
            "{format:?} over\n{}left\n{}",
            shown(came),
            shown(&left)
        );
        if format.system == System::Otel {
            assert_eq!(
                found.sampling.decided(),
                sampling.decided(),
                "{format:?} keeps the decision"
            );
        }
    }
}

/// What was taken away is not found any more; of a stranger's and a stripped request no header of the format is left.
fn what_is_cleared_is_gone(format: &'static Format, came: &Owned, spelling: Spelling) {
    let strip = Keep {
        strip: true,
        only: None,
    };
    let stranger = Keep {
        strip: false,
        only: Some(&[]),
    };
    for keep in [Keep::default(), strip, stranger] {
        let pairs = pairs(came);
        let mut edits = Edits::default();
        let outgoing = Outgoing {
            dashed: None,
            opik: None,
            otel: None,
            keep,
        };
        format.clear(&sift(&pairs, spelling), &outgoing, &mut edits);
        fair(format, &edits);
        let left = apply(came, &edits);
        let after = self::pairs(&left);
        let found = format.extract(&sift(&after, spelling));
        assert!(
            matches!(found, Ok(None)),
            "{format:?} cleared\n{}and finds {found:?}",
            shown(came)
        );
        let baggage_may_stay = keep.riders();
        for (name, _) in &left {
            let owned = format.headers.iter().find(|header| owns(header.name, name));
            let stays = owned.is_none_or(|header| match header.role {
                Role::Identity => false,
                Role::Rider => keep.riders(),
                Role::Baggage => baggage_may_stay,
            });
            let name = name.escape_ascii();
            assert!(
                stays,
                "{format:?} left {name} under {keep:?} of\n{}",
                shown(came)
            );
        }
    }
}
