//! The only place that knows trust, require and reject.
//!
//! The order of judgement: off, trust, preflight, validity of each family (done by the formats), require and missing,
//! invalid, conflict. What is left is a verdict, which `identity` turns into ids.

mod layer;
mod needs;
mod proof;
mod rejection;
mod routes;
mod rule_keys;
mod trust;

pub use layer::{
    ConflictAction, Genai, InboundAction, InvalidAction, Layer, McpParent, MissingAction,
    ResponseEncoding, Rule, UntrustedAction, UpstreamAction,
};
pub use needs::Needs;
pub use rejection::{Reason, Rejection};
pub(crate) use routes::LONGEST_HOST;
pub use routes::{Match, Route, RuleIndex, Rules};
pub(crate) use rule_keys::rule_keys;
pub use trust::{Cidr, Pattern, SharedSecret, Trust};

use crate::inbound::Inbound;
use crate::request::Proof;

/// How the ids of a caller are treated, once it is known whether the caller is trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum IdAction {
    /// They are continued.
    Join,
    /// They are removed, and recorded on a span of a new trace.
    Link,
    /// They are removed and forgotten.
    Restart,
}

/// What the rule says about a request that it lets through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// Ids came in and are continued.
    Join,
    /// Nothing usable came in: new ids are made.
    Mint,
    /// Nothing came in and nothing is added.
    Pass,
}

impl Rule<'_> {
    /// Judges the caller. `None` means that the rule leaves the request alone.
    pub(crate) fn id_action(&self, proof: Proof) -> Result<Option<IdAction>, Rejection> {
        let configured = match self.inbound {
            InboundAction::Off => return Ok(None),
            InboundAction::Join => IdAction::Join,
            InboundAction::Link => IdAction::Link,
            InboundAction::Restart => IdAction::Restart,
        };
        let trusted = self.trust.is_none() || proof.holds;
        Ok(Some(match (trusted, self.untrusted) {
            (true, _) => configured,
            (false, UntrustedAction::Reject) => return Err(Rejection::Untrusted),
            // A rule that forgets everybody's ids does not remember those of strangers.
            (false, UntrustedAction::Link) if configured != IdAction::Restart => IdAction::Link,
            (false, _) => IdAction::Restart,
        }))
    }

    /// What happens when no usable ids came in. A browser's preflight cannot carry any, so `missing` does not apply to it:
    /// new ids are made only for a span of ours.
    const fn missing(&self, is_preflight: bool) -> MissingAction {
        match (is_preflight, self.record_preflight) {
            (false, _) => self.missing,
            (true, true) => MissingAction::Mint,
            (true, false) => MissingAction::Pass,
        }
    }

    /// Judges what the caller sent.
    pub(crate) fn verdict(
        &self,
        inbound: &Inbound<'_>,
        is_preflight: bool,
    ) -> Result<Verdict, Rejection> {
        let missing = self.missing(is_preflight);
        let required = inbound.valid.and(self.require);
        if missing == MissingAction::Reject && required.is_empty() {
            let in_place_of_it = inbound
                .faults()
                .find(|(format, _)| self.require.contains(format));
            let only = inbound.faults().next().filter(|_| inbound.valid.is_empty());
            return Err(match in_place_of_it.or(only) {
                Some((_, fault)) => Rejection::Invalid(fault),
                None => Rejection::Missing(self.require),
            });
        }
        let fault = inbound.faults().next();
        if let (InvalidAction::Reject, Some((_, fault))) = (self.invalid, fault) {
            return Err(Rejection::Invalid(fault));
        }
        if let (ConflictAction::Reject, Some(conflict)) = (self.conflict, inbound.conflict) {
            return Err(Rejection::Conflict(conflict));
        }
        Ok(match (inbound.has_ids(), missing, fault) {
            (true, ..) => Verdict::Join,
            (false, MissingAction::Pass, None) => Verdict::Pass,
            // What was refused is not what was never sent: a caller with bad ids gets good ones.
            (false, ..) => Verdict::Mint,
        })
    }
}
