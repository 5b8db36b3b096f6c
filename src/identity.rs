//! The laws of identity: which ids our span has, and which go upstream.
//!
//! Two systems of ids travel side by side. In each of them the parent is replaced by our span only where our span will
//! arrive (law 7); otherwise what came in goes on.

use alloc::string::String;

use crate::arrival::Arrival;
use crate::context::{Entropy, OpikId, OpikIds, OtelIds, Sampling, SpanId, Time, TraceId};
use crate::format::OtelOut;
use crate::format::tracestate::Ot;
use crate::gate::{Receives, Unrecorded};
use crate::policy::Verdict;
use crate::sampling::{Sampler, randomness};

/// What is decided about the ids of one request.
#[derive(Debug)]
pub(crate) struct Identity<'a> {
    /// The Opik ids that go upstream.
    pub(crate) opik: Option<OpikIds>,
    /// The OpenTelemetry context that goes upstream.
    pub(crate) otel: Option<OtelOut<'a>>,
    /// The sampling decision, where `otel` leaves it to the receiver.
    pub(crate) sampling: Sampling,
    /// Our own span, if it is recorded.
    pub(crate) own: Option<Own>,
    /// Why it is not.
    pub(crate) unrecorded: Option<Unrecorded>,
}

/// Our own span in each system in which it arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Own {
    /// The id: dashed in Opik, its low 64 bits in OpenTelemetry.
    pub id: OpikId,
    /// Its place in Opik.
    pub opik: Option<OpikPlace>,
    /// Its place in OpenTelemetry.
    pub otel: Option<OtelPlace>,
}

/// Where a span hangs in Opik.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OpikPlace {
    /// The trace.
    pub trace: OpikId,
    /// The parent; none means the top.
    pub parent: Option<OpikId>,
    /// Whether the row of the trace is ours to write.
    pub row: TraceRow,
}

/// Where a span hangs in OpenTelemetry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OtelPlace {
    /// The trace.
    pub trace: TraceId,
    /// The parent; none means a root.
    pub parent: Option<SpanId>,
}

/// Who writes the row of an Opik trace (law 9): a span never makes one, and a second one wipes the first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TraceRow {
    /// The caller, who made the trace id.
    NotOurs,
    /// We do, together with our span.
    Ours,
    /// We do, with this `last_updated_at`, so that a row of the maker of the id wins over ours.
    OursAt(Time),
}

/// What is known, apart from sampling, about whether our span will be delivered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    /// It will, in these systems.
    Record(Receives),
    /// It will not: the caller's ids are forwarded.
    Forward(Unrecorded),
}

impl<'a> Identity<'a> {
    pub(crate) fn resolve(
        arrival: &Arrival<'a>,
        verdict: Verdict,
        fate: Fate,
        sampler: Sampler,
        now: Time,
        entropy: &Entropy,
    ) -> Self {
        if verdict == Verdict::Pass {
            let unrecorded = Some(Unrecorded::Rule);
            return Self {
                opik: None,
                otel: None,
                sampling: arrival.sampling,
                own: None,
                unrecorded,
            };
        }
        let (for_trace, for_span) = halves(entropy);
        let minted = OpikId::mint(now, for_trace);
        let own = OpikId::mint(now, for_span);
        let trace = match (arrival.otel, arrival.opik) {
            (Some(otel), _) => otel.trace,
            (None, Some(opik)) => opik.trace.as_trace(),
            (None, None) => minted.as_trace(),
        };
        let (sampling, ot) = sample(arrival, sampler, trace);
        // Random bits are vouched for by whoever made them: those of an Opik caller are not ours to vouch for (law 2).
        let random = arrival.random || (arrival.otel.is_none() && arrival.opik.is_none());
        let context = |span: SpanId, sampling: Sampling, ot: Ot| OtelOut {
            ids: OtelIds { trace, span },
            sampling,
            random,
            state: arrival.state.clone(),
            ot,
        };
        let fresh = || context(own.as_span(), sampling, ot);
        let forwarded = |sampling: Sampling| {
            arrival
                .otel
                .map(|ids| context(ids.span, sampling, Ot::Keep))
        };
        let parts = |opik, otel, own, unrecorded| Self {
            opik,
            otel,
            sampling,
            own,
            unrecorded,
        };

        match fate {
            Fate::Forward(reason) => {
                let nothing_came = arrival.otel.is_none() && arrival.opik.is_none();
                let otel = forwarded(arrival.sampling).or_else(|| nothing_came.then(fresh));
                parts(arrival.opik, otel, None, Some(reason))
            }
            Fate::Record(receives) => {
                let renewed = if receives.otel {
                    None
                } else {
                    forwarded(sampling)
                };
                let otel = Some(renewed.unwrap_or_else(fresh));
                if sampling.decided() == Some(false) {
                    return parts(arrival.opik, otel, None, Some(Unrecorded::Unsampled));
                }
                let opik_place = receives.opik.then(|| opik_place(arrival, minted, now));
                let otel_place = receives.otel.then(|| OtelPlace {
                    trace,
                    parent: otel_parent(arrival),
                });
                let opik = match opik_place {
                    Some(place) => Some(OpikIds {
                        trace: place.trace,
                        parent: Some(own),
                    }),
                    None => arrival.opik,
                };
                parts(
                    opik,
                    otel,
                    Some(Own {
                        id: own,
                        opik: opik_place,
                        otel: otel_place,
                    }),
                    None,
                )
            }
        }
    }

    /// The trace id for people: as the backend shows it.
    pub(crate) fn exposed(&self) -> Option<String> {
        let recorded = self.own.and_then(|own| own.opik).map(|place| place.trace);
        match (recorded.or(self.opik.map(|ids| ids.trace)), &self.otel) {
            (Some(opik), _) => Some(opik.dashed().into_iter().map(char::from).collect()),
            (None, Some(otel)) => Some(otel.ids.trace.hex().into_iter().map(char::from).collect()),
            (None, None) => None,
        }
    }
}

/// Laws 1 to 3: the trace of our span in Opik, and who writes its row.
fn opik_place(arrival: &Arrival<'_>, minted: OpikId, now: Time) -> OpikPlace {
    match (arrival.opik, arrival.otel) {
        (Some(OpikIds { trace, parent }), _) => OpikPlace {
            trace,
            parent,
            row: TraceRow::NotOurs,
        },
        (None, None) => OpikPlace {
            trace: minted,
            parent: None,
            row: TraceRow::Ours,
        },
        // A foreign parent has no row in Opik, and Opik hides a span whose parent is absent.
        (None, Some(otel)) => match OpikId::from_bits(otel.trace.bits()) {
            Some(trace) if trace.millis().abs_diff(now.millis()) <= DAY_MS => OpikPlace {
                trace,
                parent: None,
                row: TraceRow::OursAt(Time::from_millis(trace.millis())),
            },
            _ => OpikPlace {
                trace: OpikId::derive(now, otel.trace),
                parent: None,
                row: TraceRow::Ours,
            },
        },
    }
}

/// The parent of our span in OpenTelemetry: the caller's, in whichever system it came (law 2).
fn otel_parent(arrival: &Arrival<'_>) -> Option<SpanId> {
    match (arrival.otel, arrival.opik) {
        (Some(otel), _) => Some(otel.span),
        (None, opik) => opik.and_then(|ids| ids.parent).map(OpikId::as_span),
    }
}

/// The parent's decision, or our own at a root, and what that makes of the `ot` member.
fn sample(arrival: &Arrival<'_>, sampler: Sampler, trace: TraceId) -> (Sampling, Ot) {
    let ot = arrival
        .state
        .as_ref()
        .map(crate::format::tracestate::TraceState::ot)
        .unwrap_or_default();
    let randomness = ot.randomness.unwrap_or_else(|| randomness(trace));
    match arrival.sampling.decided() {
        // A threshold that contradicts the flag is not what decided it.
        Some(sampled) => (
            arrival.sampling,
            Ot::Amend(
                ot.threshold
                    .filter(|threshold| threshold.keeps(randomness) == sampled),
            ),
        ),
        None => {
            let sampled = sampler.keeps(randomness);
            (
                Sampling::from(sampled),
                Ot::Amend(sampler.threshold().filter(|_| sampled)),
            )
        }
    }
}

fn halves(entropy: &Entropy) -> ([u8; 10], [u8; 10]) {
    let [a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, rest @ ..] = *entropy;
    ([a0, a1, a2, a3, a4, a5, a6, a7, a8, a9], rest)
}

/// How old or new a trace id may be for Opik to take it as it is.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
