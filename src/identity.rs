//! The laws of identity: which ids our span has, and which go upstream.
//!
//! Two systems of ids travel side by side. In each of them the parent is replaced by our span only where our span will
//! arrive (law 7); otherwise what came in goes on.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::format::OtelOut;
use crate::format::tracestate::{Ot, TraceState};
use crate::ids::{Entropy, FUTURE_MS, OpikId, OpikIds, OtelIds, Sampling, SpanId, TraceId};
use crate::inbound::Inbound;
use crate::policy::Verdict;
use crate::sampling::{Sampler, randomness};
use crate::time::Time;
use crate::words::words;

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
    pub(crate) own: Option<OwnIds>,
    /// Why it is not.
    pub(crate) unrecorded: Option<Unrecorded>,
}

/// Our own span in each system in which it arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OwnIds {
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
    /// Whether the low 56 bits of the trace id are vouched to be random.
    pub random: bool,
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

/// The systems in which a span of ours arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Systems {
    /// Opik.
    pub opik: bool,
    /// OpenTelemetry.
    pub otel: bool,
}

words! {
    /// Why no span is recorded.
    Unrecorded {
        /// The rule or the document does not record.
        Rule = "rule",
        /// The trace is not sampled.
        Unsampled = "unsampled",
        /// The queue has no room.
        QueueFull = "queue_full",
        /// The backend refuses everything for now.
        ExportStopped = "export_stopped",
        /// The request is a browser's preflight, and the rule does not record those.
        Preflight = "preflight",
        /// The host gave no random bytes, so there are no new ids.
        NoEntropy = "no_entropy",
    }
}

/// What is known, apart from sampling, about whether our span will be delivered.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Recording {
    /// It will, in these systems.
    Record(Systems),
    /// It will not: the caller's ids are forwarded.
    Forward(Unrecorded),
}

impl<'a> Identity<'a> {
    /// Applies the laws to a request that is let through.
    pub(crate) fn resolve(
        inbound: &Inbound<'a>,
        verdict: Verdict,
        recording: Recording,
        sampler: Sampler,
        now: Time,
        entropy: Option<&Entropy>,
    ) -> Self {
        if verdict == Verdict::Pass {
            return Self {
                opik: None,
                otel: None,
                sampling: inbound.sampling,
                own: None,
                unrecorded: Some(match recording {
                    Recording::Forward(Unrecorded::Preflight) => Unrecorded::Preflight,
                    _ => Unrecorded::Rule,
                }),
            };
        }
        let Some(entropy) = entropy else {
            return Self::without_entropy(inbound, recording);
        };
        let facts = Facts::of(inbound, sampler, now, entropy);
        match recording {
            Recording::Forward(reason) => facts.forward(reason),
            Recording::Record(receives) if facts.sampling.decided() == Some(false) => {
                facts.unsampled(receives)
            }
            Recording::Record(receives) => facts.record(receives),
        }
    }

    /// Without random bytes no id is made: valid ids of the client go on, and no span is recorded.
    #[cold]
    fn without_entropy(inbound: &Inbound<'a>, recording: Recording) -> Self {
        let otel = inbound.otel.map(|ids| OtelOut {
            ids,
            sampling: inbound.sampling,
            random: inbound.random,
            state: inbound.state.clone(),
            ot: Ot::Keep,
        });
        Self {
            opik: inbound.opik,
            otel,
            sampling: inbound.sampling,
            own: None,
            unrecorded: Some(match recording {
                Recording::Forward(reason) if inbound.has_ids() => reason,
                _ => Unrecorded::NoEntropy,
            }),
        }
    }

    /// The tracestate that goes upstream; empty if none does.
    pub(crate) fn state(&self) -> Cow<'_, [u8]> {
        let otel = self.otel.as_ref();
        otel.map_or(Cow::Borrowed(b""), OtelOut::trace_state)
    }

    /// The trace id for people: as the backend shows it.
    pub(crate) fn exposed(&self) -> Option<String> {
        let own = self.own.map(|own| {
            (
                own.opik.map(|place| place.trace),
                own.otel.map(|place| place.trace),
            )
        });
        let sent = (
            self.opik.map(|ids| ids.trace),
            self.otel.as_ref().map(|otel| otel.ids.trace),
        );
        match own.unwrap_or(sent) {
            (Some(opik), _) => Some(opik.dashed().into_iter().map(char::from).collect()),
            (None, Some(otel)) => Some(otel.hex().into_iter().map(char::from).collect()),
            (None, None) => None,
        }
    }
}

/// What the laws are applied to: what came in, what was decided, and the ids made for the occasion.
struct Facts<'f, 'a> {
    inbound: &'f Inbound<'a>,
    now: Time,
    minted: OpikId,
    own: OpikId,
    trace: TraceId,
    sampling: Sampling,
    ot: Ot,
}

impl<'f, 'a> Facts<'f, 'a> {
    fn of(inbound: &'f Inbound<'a>, sampler: Sampler, now: Time, entropy: &Entropy) -> Self {
        let [for_trace, for_span] = halves(entropy);
        let minted = OpikId::mint(now, for_trace);
        let trace = match (inbound.otel, inbound.opik) {
            (Some(otel), _) => otel.trace,
            (None, Some(opik)) => opik.trace.as_trace(),
            (None, None) => minted.as_trace(),
        };
        let (sampling, ot) = sample(inbound, sampler, trace);
        Self {
            inbound,
            now,
            minted,
            own: OpikId::mint(now, for_span),
            trace,
            sampling,
            ot,
        }
    }

    /// Law 7c: the caller's ids and state go on; new ones only where nothing came in.
    fn forward(&self, reason: Unrecorded) -> Identity<'a> {
        let nothing_came = self.inbound.otel.is_none() && self.inbound.opik.is_none();
        let came = self.came(self.inbound.sampling);
        let otel = came.or_else(|| nothing_came.then(|| self.fresh()));
        self.identity(self.inbound.opik, otel, Err(reason))
    }

    /// Law 7b: a deny takes part in the trace where we serve it, and touches no Opik pair.
    fn unsampled(&self, receives: Systems) -> Identity<'a> {
        let otel = self.renewed(receives);
        self.identity(self.inbound.opik, Some(otel), Err(Unrecorded::Unsampled))
    }

    /// Law 7a: our span becomes the parent in each system that receives it.
    fn record(&self, receives: Systems) -> Identity<'a> {
        let opik = receives.opik.then(|| self.opik_place());
        let otel = receives.otel.then(|| OtelPlace {
            trace: self.trace,
            parent: self.otel_parent(),
            random: self.is_random(),
        });
        let pair = match opik {
            Some(place) => Some(OpikIds {
                trace: place.trace,
                parent: Some(self.own),
            }),
            None => self.inbound.opik,
        };
        let own = OwnIds {
            id: self.own,
            opik,
            otel,
        };
        self.identity(pair, Some(self.renewed(receives)), Ok(own))
    }

    fn identity(
        &self,
        opik: Option<OpikIds>,
        otel: Option<OtelOut<'a>>,
        own: Result<OwnIds, Unrecorded>,
    ) -> Identity<'a> {
        Identity {
            opik,
            otel,
            sampling: self.sampling,
            own: own.ok(),
            unrecorded: own.err(),
        }
    }

    /// Our span's id where OpenTelemetry receives it or nothing came; the caller's otherwise.
    #[inline]
    fn renewed(&self, receives: Systems) -> OtelOut<'a> {
        let came = if receives.otel {
            None
        } else {
            self.came(self.sampling)
        };
        came.unwrap_or_else(|| self.fresh())
    }

    fn came(&self, sampling: Sampling) -> Option<OtelOut<'a>> {
        self.inbound
            .otel
            .map(|ids| self.context(ids.span, sampling, Ot::Keep))
    }

    fn fresh(&self) -> OtelOut<'a> {
        self.context(self.own.as_span(), self.sampling, self.ot)
    }

    fn context(&self, span: SpanId, sampling: Sampling, ot: Ot) -> OtelOut<'a> {
        OtelOut {
            ids: OtelIds {
                trace: self.trace,
                span,
            },
            sampling,
            random: self.is_random(),
            state: self.inbound.state.clone(),
            ot,
        }
    }

    /// Random bits are vouched for by whoever made them: an Opik caller's are not ours (law 2).
    const fn is_random(&self) -> bool {
        self.inbound.random || self.inbound.otel.is_none() && self.inbound.opik.is_none()
    }

    /// Laws 1 to 3: the trace of our span in Opik, and who writes its row.
    fn opik_place(&self) -> OpikPlace {
        let (trace, row) = match (self.inbound.opik, self.inbound.otel) {
            (Some(OpikIds { trace, parent }), _) => {
                return OpikPlace {
                    trace,
                    parent,
                    row: TraceRow::NotOurs,
                };
            }
            (None, None) => (self.minted, TraceRow::Ours),
            (None, Some(otel)) => match self.dated(otel.trace) {
                Some(trace) => (trace, TraceRow::OursAt(Time::from_millis(trace.millis()))),
                None => (OpikId::derive(self.now, otel.trace), TraceRow::Ours),
            },
        };
        // A foreign parent has no row in Opik, and Opik hides a span whose parent is absent.
        OpikPlace {
            trace,
            parent: None,
            row,
        }
    }

    /// A trace id that Opik can take as it is: a UUID of version 7 of the last day (law 3a). The next gateway would refuse
    /// one that lies further in the future than any caller's may (law 11), so such a one is derived from.
    fn dated(&self, trace: TraceId) -> Option<OpikId> {
        let now = self.now.millis();
        let window = now.saturating_sub(DAY_MS)..=now.saturating_add(FUTURE_MS);
        OpikId::from_bits(trace.bits()).filter(|trace| window.contains(&trace.millis()))
    }

    /// The parent of our span in OpenTelemetry: the caller's, in whichever system it came (law 2).
    fn otel_parent(&self) -> Option<SpanId> {
        match (self.inbound.otel, self.inbound.opik) {
            (Some(otel), _) => Some(otel.span),
            (None, opik) => opik.and_then(|ids| ids.parent).map(OpikId::as_span),
        }
    }
}

/// The parent's decision, or our own at a root, and what that makes of the `ot` member.
fn sample(inbound: &Inbound<'_>, sampler: Sampler, trace: TraceId) -> (Sampling, Ot) {
    let ot = inbound
        .state
        .as_ref()
        .map(TraceState::ot)
        .unwrap_or_default();
    let randomness = ot.randomness.unwrap_or_else(|| randomness(trace));
    match inbound.sampling.decided() {
        // A threshold that contradicts the flag is not what decided it.
        Some(sampled) => (
            inbound.sampling,
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

fn halves(entropy: &Entropy) -> [[u8; 10]; 2] {
    match entropy.as_chunks() {
        ([for_trace, for_span], _) => [*for_trace, *for_span],
        _ => [[0; 10]; 2], // not reached: there are twice ten
    }
}

/// How old a trace id may be for Opik to take it as it is.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
