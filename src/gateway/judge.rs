//! The decision about one request: headers in, edits and an open span out.
//!
//! extract (`inbound`) → judge (`policy`) → resolve and mint (`identity`) → inject (`outbound`). The numbers of laws in comments are
//! those of [`laws`](crate::laws).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;

use super::bodies;
use crate::config::Config;
use crate::format::Seen;
use crate::genai::Exchange;
use crate::identity::{Identity, Recording, Systems, Unrecorded};
use crate::ids::{Entropy, OtelIds};
use crate::inbound::Inbound;
use crate::outbound;
use crate::outbox::Availability;
use crate::policy::{Genai, IdAction, Rejection, Rule, RuleIndex, Verdict};
use crate::request::{Continuation, Decision, Edits, Headers, Judgement, Proof, Request};
use crate::span::{End, OpenSpan, Opening, Span};
use crate::time::Time;

/// A request that is forwarded.
#[derive(Debug)]
pub struct Pass<'a> {
    /// The changes to its headers.
    pub edits: Edits<'a>,
    /// The gateway's own span, if one is recorded.
    pub span: Option<Box<OpenSpan>>,
    /// Why none is recorded.
    pub unrecorded: Option<Unrecorded>,
    /// What was done with the client's ids.
    pub decision: Decision,
    /// The trace id for the response, if the rule exposes it.
    pub exposed: Option<String>,
    /// What the next pass of a request without a span continues, if the host redirects the request.
    pub continuation: Option<Box<Continuation>>,
}

/// Decides about requests by one configuration. It has no state: a [`Gateway`](super::Gateway) adds the queue, the random bytes and the
/// counters.
#[derive(Debug)]
pub struct Gate {
    config: Arc<Config>,
}

impl Gate {
    /// Decides by this configuration.
    #[must_use]
    pub fn new(config: impl Into<Arc<Config>>) -> Self {
        Self {
            config: config.into(),
        }
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
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
        } = &*self.config;
        span.close(rules, settings, service, end, now)
    }

    /// Decides about a request. `reader` has read the start of its body, if that was needed; then the span begins when the reader began.
    /// `entropy` is called if new ids are needed.
    ///
    /// # Errors
    /// If the request is rejected.
    pub fn decide<'a>(
        &'a self,
        request: &Request<'a>,
        mut reader: Option<Box<Exchange>>,
        availability: Availability,
        now: Time,
        entropy: impl FnOnce() -> Option<Entropy>,
    ) -> Result<Pass<'a>, Rejection> {
        let now = reader.as_ref().map_or(now, |reader| reader.began());
        self.judge(request, &mut reader, availability, now, entropy)
    }

    /// `ahead` is taken by the span that reads on.
    fn judge<'a>(
        &'a self,
        request: &Request<'a>,
        ahead: &mut Option<Box<Exchange>>,
        availability: Availability,
        now: Time,
        entropy: impl FnOnce() -> Option<Entropy>,
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
        let verdict = match continued {
            Some(_) => Verdict::Join,
            None => rule.verdict(inbound, is_preflight)?,
        };
        let recording = recording(&rule, availability, is_preflight);
        let entropy = entropy();
        let entropy = entropy.as_ref();
        let identity = Identity::resolve(inbound, verdict, recording, rule.sample, now, entropy);
        let judged = Judged {
            place,
            rule,
            id_action,
            judgement: Judgement {
                proof,
                random: identity.otel.as_ref().is_some_and(|otel| otel.random),
                sampling: identity.sampling,
                decision: match continued {
                    // One request, one judgement (law 17).
                    Some(earlier) => earlier.judgement.decision,
                    None => decision(id_action, &came, verdict, &identity),
                },
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
fn recording(rule: &Rule<'_>, availability: Availability, is_preflight: bool) -> Recording {
    match availability {
        _ if !rule.record => Recording::Forward(Unrecorded::Rule),
        Availability::Accepting(receives) if receives == Systems::default() => {
            Recording::Forward(Unrecorded::Rule)
        }
        _ if is_preflight && !rule.record_preflight => Recording::Forward(Unrecorded::Preflight),
        Availability::Accepting(receives) => Recording::Record(receives),
        Availability::QueueFull => Recording::Forward(Unrecorded::QueueFull),
        Availability::Stopped => Recording::Forward(Unrecorded::ExportStopped),
    }
}

fn decision(
    id_action: IdAction,
    came: &Inbound<'_>,
    verdict: Verdict,
    identity: &Identity<'_>,
) -> Decision {
    match (id_action, verdict) {
        (_, Verdict::Pass) => Decision::Passed,
        (IdAction::Join, Verdict::Join) => Decision::Joined,
        (IdAction::Link, _) if came.has_ids() => Decision::Linked,
        (IdAction::Link | IdAction::Restart, _) if came.is_something() => Decision::Restarted,
        (IdAction::Join, Verdict::Mint) if came.faults().next().is_some() => Decision::Restarted,
        _ if identity.unrecorded == Some(Unrecorded::NoEntropy) => Decision::Passed,
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
