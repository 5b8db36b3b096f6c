//! Laws over the table of formats, for generated contexts and for soups of headers. A new row of the table is under them
//! with no new test.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a law that does not hold must stop the test"
)]

#[path = "laws/mod.rs"]
mod laws;
#[path = "laws/soup.rs"]
mod soup;

use gatespan::format::{Carried, FORMATS, Format, Seen, System};
use gatespan::{Headers, Ids};
use laws::{NOW, Owned, pairs, shown};
use proptest::prelude::*;
use soup::Context;

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is printed is parsed as the same thing, over an empty request and over any other.
    #[test]
    fn print_then_parse_is_the_identity(
        context in soup::context(),
        spelling in soup::spelling(),
        soup in soup::headers(),
    ) {
        for format in FORMATS {
            for came in [&Owned::new(), &soup.0] {
                let left = context.printed(format, came, spelling);
                let pairs = pairs(&left);
                let found = format.extract(&Seen::sift(Headers::new(&pairs), spelling, NOW));
                let found = found.map(|carried| carried.as_ref().map(Said::from));
                let wanted = Ok(Some(Said::by(format, &context)));
                prop_assert_eq!(found, wanted, "{:?} wrote\n{}", format, shown(&left));
            }
        }
    }

    /// Bytes of any kind: no format panics, what one reads it can respell, what it removes it then no longer finds, it
    /// touches its own headers only, and no gate lets anything malformed out.
    #[test]
    fn any_headers(soup in soup::headers()) {
        laws::hold(&soup.0);
    }

    /// A host may keep back what the configuration says nobody looks at: the decision and the span stay the same.
    #[test]
    fn what_is_kept_back_does_not_matter(
        soup in soup::headers(),
        others in prop::collection::vec(
            (prop::sample::select(&laws::LOOKED_AT), any::<bool>(), prop::sample::select(&laws::SAID)),
            0..6,
        ),
    ) {
        let mut came = soup.0;
        for (name, shouted, value) in others {
            let name = if shouted { name.to_ascii_uppercase() } else { name.to_owned() };
            came.push((name.into_bytes(), value.as_bytes().to_vec()));
        }
        laws::keeping_back(&came);
    }

    /// Members of others survive as far as the bounds allow.
    #[test]
    fn any_members(members in soup::members()) {
        laws::members(&members.0);
    }
}

/// What a reader of one format is told.
#[derive(PartialEq, Debug)]
struct Said {
    ids: Ids,
    sampled: Option<bool>,
    canonical: bool,
    differs: bool,
}

impl From<&Carried<'_>> for Said {
    fn from(carried: &Carried<'_>) -> Self {
        Self {
            ids: carried.ids,
            sampled: carried.sampling.decided(),
            canonical: carried.canonical,
            differs: carried.differs,
        }
    }
}

impl Said {
    /// What this format can say of a context.
    fn by(format: &Format, context: &Context) -> Self {
        let decided = context.sampling.decided();
        let (ids, sampled) = match format.system {
            System::Opik => (Ids::Opik(context.opik), None),
            System::Otel if format.defers => (Ids::Otel(context.otel), decided),
            // What cannot be left open is no.
            System::Otel => (Ids::Otel(context.otel), Some(decided.unwrap_or(false))),
        };
        Self {
            ids,
            sampled,
            canonical: true,
            differs: false,
        }
    }
}
