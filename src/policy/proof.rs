//! What a client has proven. It goes on when the host sends the request through the gateway again, because the header that
//! proves trust is removed before a request goes upstream.

use alloc::string::String;

use super::{Rule, Rules, Trust};
use crate::request::{Proof, Request};

impl Rules {
    /// Looks at what a client shows, and at what it has shown to an earlier pass. `proofs` are the names of all headers that
    /// prove trust.
    pub(crate) fn proof(&self, rule: &Rule<'_>, request: &Request<'_>, proofs: &[String]) -> Proof {
        let earlier = request.continues.map(|earlier| earlier.judgement.proof);
        let earlier = earlier.unwrap_or_default();
        let holds = earlier.holds
            || rule.trust.is_some_and(|trust| {
                trust.holds(request.headers, &request.peer)
                    || (earlier.shown != 0 && earlier.shown & self.bit(trust) != 0)
            });
        let mut shown = earlier.shown;
        let is_there = |name: &String| request.headers.first(name.as_bytes()).is_some();
        if !holds && proofs.iter().any(is_there) {
            for trust in self.trusts() {
                if trust.is_shown(request.headers) {
                    shown |= self.bit(trust);
                }
            }
        }
        Proof { holds, shown }
    }

    /// The bit of a condition; none beyond the 64th.
    fn bit(&self, trust: &Trust) -> u64 {
        let place = self.trusts().position(|known| core::ptr::eq(known, trust));
        let shift = place.and_then(|place| u32::try_from(place).ok());
        shift
            .and_then(|shift| 1_u64.checked_shl(shift))
            .unwrap_or(0)
    }
}
