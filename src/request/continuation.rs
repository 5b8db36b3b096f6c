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

use crate::ids::{OpikId, OpikIds, OtelIds, Sampling, SpanId, TraceId};
use crate::words::{Word, words};

/// What the next pass of a request continues: its trace as it went upstream, if anything was made of it, and what its client has
/// proven.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Continuation {
    pub(crate) opik: Option<OpikIds>,
    pub(crate) otel: Option<OtelIds>,
    /// The tracestate.
    pub(crate) state: Vec<u8>,
    pub(crate) judgement: Judgement,
}

/// What is known of a client's trust.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Proof {
    /// Whether a condition of the rule holds, or held for an earlier pass.
    pub(crate) holds: bool,
    /// The conditions whose header the client has shown, a bit each: those of the first 64 layers that have any. Not looked
    /// for where one holds already.
    pub(crate) shown: u64,
}

/// What is decided about a request, apart from its ids.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Judgement {
    /// What the client has proven.
    pub(crate) proof: Proof,
    /// Whether the low 56 bits of the trace id are vouched to be random.
    pub(crate) random: bool,
    pub(crate) sampling: Sampling,
    pub(crate) decision: Decision,
}

words! {
    /// What was done with the caller's ids.
    Decision {
        /// They were continued.
        Joined = "joined",
        /// None came: new ones were made.
        Minted = "minted",
        /// They were removed; the new trace remembers them.
        Linked = "linked",
        /// They were removed or refused; a new trace was begun.
        Restarted = "restarted",
        /// Nothing was made of the request.
        Passed = "passed",
        /// The request was refused.
        Rejected = "rejected",
    }
}

impl Continuation {
    /// That of a request that is let alone: its earlier pass goes on, if there was one.
    #[cold]
    pub(crate) fn untouched(proof: Proof, earlier: Option<&Self>) -> Option<Box<Self>> {
        let nothing = Self {
            opik: None,
            otel: None,
            state: Vec::new(),
            judgement: Judgement {
                proof,
                random: false,
                sampling: Sampling::Defer,
                decision: Decision::Passed,
            },
        };
        let mut kept = earlier.cloned().unwrap_or(nothing);
        kept.judgement.proof = proof;
        kept.or_nothing().map(Box::new)
    }

    /// Whether there is a trace to continue.
    pub(crate) const fn has_ids(&self) -> bool {
        self.opik.is_some() || self.otel.is_some()
    }

    /// None if there is nothing to continue.
    fn or_nothing(self) -> Option<Self> {
        let is_something = self.has_ids() || self.judgement.proof != Proof::default();
        is_something.then_some(self)
    }

    /// As a host keeps it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let Judgement {
            proof,
            random,
            sampling,
            decision,
        } = self.judgement;
        let id = |id: Option<OpikId>| id.map_or(0, OpikId::bits);
        let ids = [
            id(self.opik.map(|ids| ids.trace)),
            id(self.opik.and_then(|ids| ids.parent)),
            self.otel.map_or(0, |ids| ids.trace.bits()),
            self.otel.map_or(0, |ids| ids.span.bits().into()),
            proof.shown.into(),
        ];
        let flags = u8::from(proof.holds) | u8::from(random) << 1;
        let mut bytes = Vec::with_capacity(FIXED + self.state.len());
        bytes.extend_from_slice(&[VERSION, flags, place(decision), place(sampling)]);
        for id in ids {
            bytes.extend_from_slice(&id.to_le_bytes());
        }
        bytes.extend_from_slice(&self.state);
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote. `is_ours` is whether this configuration did: which proofs were shown
    /// means nothing to another one.
    #[must_use]
    pub fn from_bytes(bytes: &[u8], is_ours: bool) -> Option<Self> {
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
        let continuation = Self {
            opik,
            otel: otel.map(|(trace, span)| OtelIds { trace, span }),
            state: state.to_vec(),
            judgement: Judgement {
                proof: Proof {
                    holds: flags & 1 != 0,
                    shown: if is_ours { shown as u64 } else { 0 },
                },
                random: flags & 2 != 0,
                sampling: meaning(sampling)?,
                decision: meaning(decision)?,
            },
        };
        continuation.or_nothing()
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
