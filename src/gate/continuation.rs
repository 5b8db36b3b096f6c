//! What goes on when a host sends a request through the gateway again, as Envoy does for an internal redirect (law 17).
//!
//! A host keeps it beside the request, where no client can write, and never looks into it:
//!
//! ```text
//! version flags decision sampling                    ; a byte each; flag 1 is a proof that holds, flag 2 a random trace id
//! Opik trace, Opik parent, trace id, span id, proofs ; 16 bytes each, the lowest first; zero where there is none
//! tracestate                                         ; all the rest
//! ```

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Decision;
use crate::arrival::Arrival;
use crate::context::{OpikId, OpikIds, OtelIds, Sampling, SpanId, TraceId};
use crate::identity::Identity;
use crate::policy::Proof;
use crate::words::Word;

/// What the next pass of a request continues.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Continuation {
    /// What the client has proven.
    pub(crate) proof: Proof,
    /// The trace, unless nothing was made of the request.
    pub(crate) trace: Option<Continued>,
}

/// The trace of a request as it went upstream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Continued {
    pub(crate) opik: Option<OpikIds>,
    pub(crate) otel: Option<OtelIds>,
    /// Whether the low 56 bits of the trace id are vouched to be random.
    pub(crate) random: bool,
    pub(crate) sampling: Sampling,
    pub(crate) state: Vec<u8>,
    pub(crate) decision: Decision,
}

impl Continuation {
    /// That of a request that is let alone: its earlier pass goes on, if there was one.
    pub(super) fn untouched(proof: Proof, earlier: Option<&Self>) -> Option<Box<Self>> {
        Self::kept(proof, earlier.and_then(|earlier| earlier.trace.clone()))
    }

    /// That of a request that goes on like this.
    pub(super) fn of(
        identity: &Identity<'_>,
        arrival: &Arrival<'_>,
        proof: Proof,
        decision: Decision,
        state: Vec<u8>,
    ) -> Option<Box<Self>> {
        // A trace id that was made of Opik's is made of it again, with the next span as parent.
        let is_derived = arrival.otel.is_none()
            && identity
                .own
                .is_some_and(|own| own.opik.is_some() && own.otel.is_none());
        let otel = identity.otel.as_ref();
        let trace = Continued {
            opik: identity.opik,
            otel: otel.filter(|_| !is_derived).map(|otel| otel.ids),
            random: otel.is_some_and(|otel| otel.random),
            sampling: identity.sampling,
            state,
            decision,
        };
        Self::kept(proof, trace.with_ids())
    }

    /// None if there is nothing to continue.
    fn kept(proof: Proof, trace: Option<Continued>) -> Option<Box<Self>> {
        (trace.is_some() || proof != Proof::default()).then(|| Box::new(Self { proof, trace }))
    }

    /// As a host keeps it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let trace = self.trace.as_ref();
        let opik = trace.and_then(|trace| trace.opik);
        let otel = trace.and_then(|trace| trace.otel);
        let id = |id: Option<OpikId>| id.map_or(0, OpikId::bits);
        let ids = [
            id(opik.map(|ids| ids.trace)),
            id(opik.and_then(|ids| ids.parent)),
            otel.map_or(0, |ids| ids.trace.bits()),
            otel.map_or(0, |ids| ids.span.bits().into()),
            self.proof.shown.into(),
        ];
        let random = trace.is_some_and(|trace| trace.random);
        let flags = u8::from(self.proof.holds) | u8::from(random) << 1;
        let words = trace.map(|trace| (place(trace.decision), place(trace.sampling)));
        let (decision, sampling) = words.unwrap_or_default();
        let state = trace.map_or(b"".as_slice(), |trace| &trace.state);
        let mut bytes = Vec::with_capacity(FIXED + state.len());
        bytes.extend_from_slice(&[VERSION, flags, decision, sampling]);
        for id in ids {
            bytes.extend_from_slice(&id.to_le_bytes());
        }
        bytes.extend_from_slice(state);
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote. `is_ours` is whether this configuration did: which proofs were shown
    /// means nothing to another one.
    #[must_use]
    pub fn from_bytes(bytes: &[u8], is_ours: bool) -> Option<Box<Self>> {
        let (fixed, state) = bytes.split_at_checked(FIXED)?;
        let (&[VERSION, flags, decision, sampling], ids) = fixed.split_first_chunk()? else {
            return None;
        };
        let (ids, _) = ids.as_chunks();
        let mut ids = ids.iter().map(|id| u128::from_le_bytes(*id));
        let mut next = || ids.next().unwrap_or_default();
        let [opik, parent, trace, span, shown] = core::array::from_fn(|_| next());
        let opik = OpikId::from_bits(opik).map(|trace| OpikIds {
            trace,
            parent: OpikId::from_bits(parent),
        });
        let otel = TraceId::from_bits(trace).zip(SpanId::from_bits(span as u64));
        let continued = Continued {
            opik,
            otel: otel.map(|(trace, span)| OtelIds { trace, span }),
            random: flags & 2 != 0,
            sampling: meaning(sampling)?,
            state: state.to_vec(),
            decision: meaning(decision)?,
        };
        let proof = Proof {
            holds: flags & 1 != 0,
            shown: if is_ours { shown as u64 } else { 0 },
        };
        Self::kept(proof, continued.with_ids())
    }
}

impl Continued {
    /// Itself, if it has any ids.
    fn with_ids(self) -> Option<Self> {
        (self.opik.is_some() || self.otel.is_some()).then_some(self)
    }
}

/// Where a meaning stands in the list of its kind.
fn place<W: Word>(word: W) -> u8 {
    let place = W::MEANINGS.iter().position(|known| *known == word);
    place.unwrap_or_default() as u8
}

fn meaning<W: Word>(place: u8) -> Option<W> {
    W::MEANINGS.get(usize::from(place)).copied()
}

const VERSION: u8 = 1;
/// All but the tracestate.
const FIXED: usize = 4 + 5 * 16;
