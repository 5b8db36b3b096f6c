//! The door: headers in, edits and an open span out.
//!
//! extract (`inbound`) → judge (`policy`) → resolve and mint (`identity`) → inject (`outbound`). The numbers of laws
//! in comments are those of [`laws`](crate::laws).

mod bodies;
mod offer;

use alloc::boxed::Box;
use alloc::string::String;

use crate::config::Config;
use crate::format::Seen;
use crate::genai::Exchange;
use crate::identity::{Identity, Recording, Systems, Unrecorded};
use crate::ids::{Entropy, OtelIds};
use crate::inbound::Inbound;
use crate::outbound;
use crate::policy::{Genai, IdAction, Rejection, Rule, RuleIndex, Verdict};
use crate::request::Proof;
use crate::request::{Continuation, Decision, Judgement, Request};
use crate::request::{Edits, Headers};
use crate::span::{End, OpenSpan, Opening, Span};
use crate::time::Time;

/// What becomes of a request.
#[derive(Debug)]
pub enum Admission<'a> {
    /// It goes on, with these changes.
    Pass(Pass<'a>),
    /// It goes no further, and makes no upstream call.
    Reject(Rejection),
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

/// What the way to the backends is like at this moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Export {
    /// A span will be delivered to these systems.
    Accepting(Systems),
    /// There is no room for another span.
    QueueFull,
    /// The backend has refused us and is not to be asked for a while.
    Stopped,
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

    /// Ends a span.
    #[must_use]
    pub fn close(&self, span: Box<OpenSpan>, end: End, now: Time) -> Span<'_> {
        let Config {
            rules,
            span: settings,
            service,
            ..
        } = &self.config;
        span.close(rules, settings, service, end, now)
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
            .map_or_else(Admission::Reject, Admission::Pass)
    }

    fn judge<'a>(
        &'a self,
        request: &Request<'a>,
        ahead: &mut Option<Box<Exchange>>,
        export: Export,
        now: Time,
        entropy: &Entropy,
    ) -> Result<Pass<'a>, Rejection> {
        let config = &self.config;
        let place = config.rules.find(request).ok_or(Rejection::Config)?;
        let rule = config.rules.rule(place);
        let proof = config.rules.proof(&rule, request, &config.proofs);
        let Some(id_action) = rule.id_action(proof)? else {
            return Ok(Pass::untouched(
                request.headers,
                &config.proofs,
                proof,
                request.continues,
            ));
        };

        let mut seen = Seen::nothing(config.formats.spelling, now);
        seen.look(request.headers);
        let mut came = Inbound::nothing();
        came.read(&seen, &config.formats.extract);
        let continued = request.continues.filter(|earlier| earlier.has_ids());
        if let Some(earlier) = continued {
            came.resume(earlier);
        }
        let http = ahead
            .as_ref()
            .and_then(|ahead| came.take_parent(ahead.parent()?, &seen, &config.formats.extract));
        let nothing;
        let inbound = if id_action == IdAction::Join || continued.is_some() {
            &came
        } else {
            nothing = Inbound::nothing();
            &nothing
        };
        let is_preflight = request.is_preflight();
        // One request, one judgement (law 17).
        let (verdict, decision) = if let Some(earlier) = continued {
            (Verdict::Join, earlier.judgement.decision)
        } else {
            let verdict = rule.verdict(inbound, is_preflight)?;
            (verdict, decision(id_action, &came, verdict))
        };
        let recording = recording(&rule, export, is_preflight);
        let identity = Identity::resolve(inbound, verdict, recording, rule.sample, now, entropy);
        let judged = Judged {
            place,
            rule,
            id_action,
            judgement: Judgement {
                proof,
                random: identity.otel.as_ref().is_some_and(|otel| otel.random),
                sampling: identity.sampling,
                decision,
            },
            seen: &seen,
            came: &came,
            inbound,
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
            id_action,
            inbound,
            identity,
            judgement,
            ..
        } = judged;
        let is_read = rule.genai == Genai::Metadata;
        let mut span = identity.own.map(|own| {
            // What is restarted is forgotten.
            let known = if *id_action == IdAction::Restart {
                inbound
            } else {
                judged.came
            };
            let opening = Opening {
                own,
                place: judged.place,
                judgement: *judgement,
                inbound: known,
                linked: *id_action == IdAction::Link && !judged.is_continued,
                state: &identity.state(),
                is_read,
                now,
            };
            OpenSpan::begin(request, &self.config.span, &opening)
        });
        let spelt = span.as_ref().and_then(|span| span.dashed());
        let proofs = &self.config.proofs;
        let mut edits = outbound::write(
            judged.seen,
            inbound,
            identity,
            rule,
            *id_action,
            proofs,
            spelt,
        );
        if let Some(span) = span.as_deref_mut().filter(|_| is_read) {
            bodies::read(request, ahead, rule, span, &mut edits);
            span.remember(judged.http.filter(|_| *id_action != IdAction::Restart));
        }
        let continuation = match span {
            Some(_) => None,
            None => unrecorded(identity, *judgement),
        };
        Pass {
            edits,
            span,
            unrecorded: identity.unrecorded,
            decision: judgement.decision,
            exposed: rule.expose.then(|| identity.exposed()).flatten(),
            continuation,
        }
    }
}

/// What is decided about a request that goes on.
struct Judged<'j, 'a> {
    place: RuleIndex,
    rule: Rule<'a>,
    id_action: IdAction,
    judgement: Judgement,
    seen: &'j Seen<'a>,
    /// What the request has.
    came: &'j Inbound<'a>,
    /// What of it is continued.
    inbound: &'j Inbound<'a>,
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
        outbound::remove_proofs(headers, proofs, &mut edits);
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
fn recording(rule: &Rule<'_>, export: Export, is_preflight: bool) -> Recording {
    match export {
        _ if !rule.record => Recording::Forward(Unrecorded::Rule),
        Export::Accepting(receives) if receives == Systems::default() => {
            Recording::Forward(Unrecorded::Rule)
        }
        _ if is_preflight && !rule.record_preflight => Recording::Forward(Unrecorded::Preflight),
        Export::Accepting(receives) => Recording::Record(receives),
        Export::QueueFull => Recording::Forward(Unrecorded::QueueFull),
        Export::Stopped => Recording::Forward(Unrecorded::ExportStopped),
    }
}

fn decision(id_action: IdAction, came: &Inbound<'_>, verdict: Verdict) -> Decision {
    match (id_action, verdict) {
        (_, Verdict::Pass) => Decision::Passed,
        (IdAction::Join, Verdict::Join) => Decision::Joined,
        (IdAction::Link, _) if came.has_ids() => Decision::Linked,
        (IdAction::Link | IdAction::Restart, _) if came.is_something() => Decision::Restarted,
        (IdAction::Join, Verdict::Mint) if came.faults().next().is_some() => Decision::Restarted,
        _ => Decision::Minted,
    }
}

/// What the next pass of a request without a span of ours continues.
#[inline]
fn unrecorded(identity: &Identity<'_>, judgement: Judgement) -> Option<Box<Continuation>> {
    if identity.opik.is_none() && identity.otel.is_none() && judgement.proof == Proof::default() {
        return None;
    }
    Some(Box::new(Continuation {
        opik: identity.opik,
        otel: identity.otel.as_ref().map(|otel| otel.ids),
        state: identity.state().into_owned(),
        judgement,
    }))
}
