//! The door: headers in, edits and an open span out.
//!
//! extract (`arrival`) → judge (`policy`) → resolve and mint (`identity`) → inject (`departure`). The numbers of laws
//! in comments are those of [`laws`](crate::laws).

mod bodies;
mod continuation;
mod offer;

use alloc::boxed::Box;
use alloc::string::String;

pub use continuation::Continuation;
pub(crate) use continuation::Onward;

use crate::arrival::Arrival;
use crate::config::Config;
use crate::context::{Entropy, OtelIds, Time};
use crate::departure;
use crate::format::Seen;
use crate::genai::Exchange;
use crate::headers::{Edits, Headers};
use crate::identity::{Fate, Identity};
use crate::policy::{Genai, Place, Proof, Refusal, Rule, Stance, Verdict};
use crate::request::Request;
use crate::span::{OpenSpan, Opening};
use crate::words::words;

/// What becomes of a request.
#[derive(Debug)]
pub enum Admission<'a> {
    /// It goes on, with these changes.
    Pass(Pass<'a>),
    /// It goes no further, and makes no upstream call.
    Refuse(Refusal),
}

/// A request that goes on.
#[derive(Debug)]
pub struct Pass<'a> {
    /// The changes to its headers.
    pub edits: Edits<'a>,
    /// The gateway's own span, if one is recorded.
    pub span: Option<Box<OpenSpan>>,
    /// Why none is.
    pub unrecorded: Option<Unrecorded>,
    /// What was done with the caller's ids.
    pub decision: Decision,
    /// The trace id for the response, if the rule exposes it.
    pub exposed: Option<String>,
    /// What the next pass continues, if the host sends the request through the gateway again. With a span, that knows it.
    pub continuation: Option<Box<Continuation>>,
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
    }
}

/// What the way to the backends is like at this moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Export {
    /// A span will be delivered to these systems.
    Accepting(Receives),
    /// There is no room for another span.
    QueueFull,
    /// The backend has refused us and is not to be asked for a while.
    Stopped,
}

/// The systems in which a span of ours arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Receives {
    /// Opik.
    pub opik: bool,
    /// OpenTelemetry.
    pub otel: bool,
}

/// A configured gateway.
#[derive(Debug)]
pub struct Gate {
    config: Config,
}

impl Gate {
    /// A gateway with this configuration.
    #[must_use]
    pub const fn new(config: Config) -> Self {
        Self { config }
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Decides about one request. `export` is the outbox's word on whether a span would be delivered now.
    pub fn admit<'a>(
        &'a self,
        request: &Request<'a>,
        export: Export,
        now: Time,
        entropy: &Entropy,
    ) -> Admission<'a> {
        self.admit_ahead(request, None, export, now, entropy)
    }

    /// The same for a request of which as much was read as was needed. Its span began when that did, and reads on from there.
    pub fn admit_ahead<'a>(
        &'a self,
        request: &Request<'a>,
        mut read: Option<Box<Exchange>>,
        export: Export,
        now: Time,
        entropy: &Entropy,
    ) -> Admission<'a> {
        let now = read.as_ref().map_or(now, |read| read.began());
        self.judge(request, &mut read, export, now, entropy)
            .map_or_else(Admission::Refuse, Admission::Pass)
    }

    fn judge<'a>(
        &'a self,
        request: &Request<'a>,
        ahead: &mut Option<Box<Exchange>>,
        export: Export,
        now: Time,
        entropy: &Entropy,
    ) -> Result<Pass<'a>, Refusal> {
        let config = &self.config;
        let place = config.rules.place(request).ok_or(Refusal::Config)?;
        let rule = config.rules.rule(place);
        let proof = config.rules.proof(&rule, request, &config.proofs);
        let Some(stance) = rule.stance(proof)? else {
            return Ok(Pass::untouched(
                request.headers,
                &config.proofs,
                proof,
                request.continues,
            ));
        };

        let mut seen = Seen::nothing(config.formats.spelling, now);
        seen.look(request.headers);
        let mut came = Arrival::nothing();
        came.read(&seen, &config.formats.extract);
        let continued = request.continues.filter(|earlier| earlier.has_ids());
        if let Some(earlier) = continued {
            came.resume(earlier);
        }
        let http = ahead
            .as_ref()
            .and_then(|ahead| came.take_parent(ahead.parent()?, &seen, &config.formats.extract));
        let nothing;
        let arrival = if stance == Stance::Join || continued.is_some() {
            &came
        } else {
            nothing = Arrival::nothing();
            &nothing
        };
        let is_preflight = request.is_preflight();
        // One request, one judgement (law 17).
        let (verdict, decision) = if let Some(earlier) = continued {
            (Verdict::Join, earlier.onward.decision)
        } else {
            let verdict = rule.verdict(arrival, is_preflight)?;
            (verdict, decision(stance, &came, verdict))
        };
        let fate = fate(&rule, export, is_preflight);
        let identity = Identity::resolve(arrival, verdict, fate, rule.sample, now, entropy);
        let judged = Judged {
            place,
            rule,
            stance,
            onward: Onward {
                proof,
                random: identity.otel.as_ref().is_some_and(|otel| otel.random),
                sampling: identity.sampling,
                decision,
            },
            seen: &seen,
            came: &came,
            arrival,
            http,
            is_continued: continued.is_some(),
            identity: &identity,
        };
        Ok(self.let_pass(request, ahead, &judged, now))
    }

    #[inline]
    fn let_pass<'a>(
        &'a self,
        request: &Request<'a>,
        ahead: &mut Option<Box<Exchange>>,
        judged: &Judged<'_, 'a>,
        now: Time,
    ) -> Pass<'a> {
        let Judged {
            rule,
            stance,
            arrival,
            identity,
            onward,
            ..
        } = judged;
        let is_read = rule.genai == Genai::Metadata;
        let mut span = identity.own.map(|own| {
            // What is restarted is forgotten.
            let known = if *stance == Stance::Restart {
                arrival
            } else {
                judged.came
            };
            let opening = Opening {
                own,
                place: judged.place,
                onward: *onward,
                arrival: known,
                linked: *stance == Stance::Link && !judged.is_continued,
                state: &identity.state(),
                is_read,
                now,
            };
            OpenSpan::begin(request, &self.config.span, &opening)
        });
        let spelt = span.as_ref().and_then(|span| span.dashed());
        let proofs = &self.config.proofs;
        let mut edits =
            departure::write(judged.seen, arrival, identity, rule, *stance, proofs, spelt);
        if let Some(span) = span.as_deref_mut().filter(|_| is_read) {
            bodies::read(request, ahead, rule, span, &mut edits);
            span.remember(judged.http.filter(|_| *stance != Stance::Restart));
        }
        let continuation = match span {
            Some(_) => None,
            None => Continuation::unrecorded(identity, *onward),
        };
        Pass {
            edits,
            span,
            unrecorded: identity.unrecorded,
            decision: onward.decision,
            exposed: rule.expose.then(|| identity.exposed()).flatten(),
            continuation,
        }
    }
}

/// What is decided about a request that goes on.
struct Judged<'j, 'a> {
    place: Place,
    rule: Rule<'a>,
    stance: Stance,
    onward: Onward,
    seen: &'j Seen<'a>,
    /// What the request has.
    came: &'j Arrival<'a>,
    /// What of it is continued.
    arrival: &'j Arrival<'a>,
    /// The ids of its headers, where its message has others.
    http: Option<OtelIds>,
    /// Whether an earlier pass is continued.
    is_continued: bool,
    identity: &'j Identity<'a>,
}

impl<'a> Pass<'a> {
    /// With every header as it came, except a proof of trust (laws 15 and 16).
    fn untouched(
        headers: Headers<'a>,
        proofs: &'a [String],
        proof: Proof,
        earlier: Option<&Continuation>,
    ) -> Self {
        let mut edits = Edits::default();
        departure::remove_proofs(headers, proofs, &mut edits);
        Self {
            edits,
            span: None,
            unrecorded: Some(Unrecorded::Rule),
            decision: Decision::Passed,
            exposed: None,
            continuation: Continuation::untouched(proof, earlier),
        }
    }
}

/// Whether a span would be recorded and delivered (law 7), the sampling decision aside.
fn fate(rule: &Rule<'_>, export: Export, is_preflight: bool) -> Fate {
    match export {
        _ if !rule.record => Fate::Forward(Unrecorded::Rule),
        Export::Accepting(receives) if receives == Receives::default() => {
            Fate::Forward(Unrecorded::Rule)
        }
        _ if is_preflight && !rule.record_preflight => Fate::Forward(Unrecorded::Preflight),
        Export::Accepting(receives) => Fate::Record(receives),
        Export::QueueFull => Fate::Forward(Unrecorded::QueueFull),
        Export::Stopped => Fate::Forward(Unrecorded::ExportStopped),
    }
}

fn decision(stance: Stance, came: &Arrival<'_>, verdict: Verdict) -> Decision {
    match (stance, verdict) {
        (_, Verdict::Pass) => Decision::Passed,
        (Stance::Join, Verdict::Join) => Decision::Joined,
        (Stance::Link, _) if came.has_ids() => Decision::Linked,
        (Stance::Link | Stance::Restart, _) if came.is_something() => Decision::Restarted,
        (Stance::Join, Verdict::Mint) if came.faults().next().is_some() => Decision::Restarted,
        _ => Decision::Minted,
    }
}
