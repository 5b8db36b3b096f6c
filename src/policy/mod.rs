//! The only place that knows trust, require and reject.
//!
//! The order of judgement: off, trust, preflight, validity of each family (done by the formats), require and missing,
//! invalid, conflict. What is left is a verdict, which `identity` turns into ids.

mod layer;
mod needs;
mod proof;
mod refusal;
mod routes;
mod trust;

pub use layer::{
    AnswerEncoding, Conflict, Genai, Inbound, Invalid, Layer, McpParent, Missing, Rule, Untrusted,
    Upstream,
};
pub use needs::Needs;
pub(crate) use proof::Proof;
pub use refusal::{Reason, Refusal};
pub(crate) use routes::LONGEST_HOST;
pub use routes::{Match, Place, Route, Rules};
pub use trust::{Cidr, Pattern, Peer, Secret, SharedSecret, Trust};

use crate::arrival::Arrival;

/// How the ids of a caller are treated, once it is known whether the caller is trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stance {
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
    pub(crate) fn stance(&self, proof: Proof) -> Result<Option<Stance>, Refusal> {
        let configured = match self.inbound {
            Inbound::Off => return Ok(None),
            Inbound::Join => Stance::Join,
            Inbound::Link => Stance::Link,
            Inbound::Restart => Stance::Restart,
        };
        let trusted = self.trust.is_none() || proof.holds;
        Ok(Some(match (trusted, self.untrusted) {
            (true, _) => configured,
            (false, Untrusted::Reject) => return Err(Refusal::Untrusted),
            // A rule that forgets everybody's ids does not remember those of strangers.
            (false, Untrusted::Link) if configured != Stance::Restart => Stance::Link,
            (false, _) => Stance::Restart,
        }))
    }

    /// What happens when no usable ids came in. A browser's preflight cannot carry any, so `missing` does not apply to it:
    /// new ids are made only for a span of ours.
    const fn missing(&self, is_preflight: bool) -> Missing {
        match (is_preflight, self.record_preflight) {
            (false, _) => self.missing,
            (true, true) => Missing::Mint,
            (true, false) => Missing::Pass,
        }
    }

    /// Judges what the caller sent.
    pub(crate) fn verdict(
        &self,
        arrival: &Arrival<'_>,
        is_preflight: bool,
    ) -> Result<Verdict, Refusal> {
        let missing = self.missing(is_preflight);
        let required = arrival.valid.and(self.require);
        if missing == Missing::Reject && required.is_empty() {
            let in_place_of_it = arrival
                .faults()
                .find(|(format, _)| self.require.contains(format));
            let only = arrival.faults().next().filter(|_| arrival.valid.is_empty());
            return Err(match in_place_of_it.or(only) {
                Some((_, fault)) => Refusal::Invalid(fault),
                None => Refusal::Missing(self.require),
            });
        }
        let fault = arrival.faults().next();
        if let (Invalid::Reject, Some((_, fault))) = (self.invalid, fault) {
            return Err(Refusal::Invalid(fault));
        }
        if let (Conflict::Reject, Some(clash)) = (self.conflict, arrival.clash) {
            return Err(Refusal::Conflict(clash));
        }
        Ok(match (arrival.has_ids(), missing, fault) {
            (true, ..) => Verdict::Join,
            (false, Missing::Pass, None) => Verdict::Pass,
            // What was refused is not what was never sent: a caller with bad ids gets good ones.
            (false, ..) => Verdict::Mint,
        })
    }
}
