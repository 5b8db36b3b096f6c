//! Internal redirects: Envoy ends a stream and begins another one for the same request. What the first leaves for the second
//! is in Envoy's filter state, so it ends with the request, and no client can write it.

use gatespan::Continuation;

use crate::host::{self, Level, state};
use crate::shared::Shared;

/// The header that Envoy puts on a request that it redirects. A client may send it too: it is a reason to look, and no more.
pub(crate) const ORIGINAL_URL: &str = "x-envoy-original-url";

/// Tells Envoy about it, once for each configuration.
pub(crate) fn declare() {
    if let Err(failed) = state::keep(NAME) {
        let status = failed.0;
        let line =
            format!("gatespan: Envoy keeps nothing over internal redirects: status {status}");
        host::log(Level::Warn, &line);
    }
}

/// Leaves this for the next stream of the request.
pub(crate) fn leave(shared: &Shared, continuation: &Continuation) {
    let mut bytes = shared.mark.to_vec();
    bytes.extend(continuation.to_bytes());
    if let Err(failed) = state::set(NAME, &bytes) {
        let status = failed.0;
        let line = format!(
            "gatespan: Envoy does not keep what a redirected request continues: status {status}"
        );
        host::log(Level::Error, &line);
    } else {
        shared.has_left.set(true);
    }
}

/// What an earlier stream of this request has left.
pub(crate) fn find(shared: &Shared) -> Option<Continuation> {
    let bytes = host::property(NAME)?;
    let (mark, bytes) = bytes.split_first_chunk()?;
    // Without random bytes all configurations have one mark.
    let is_ours = *mark == shared.mark && shared.mark != [0; 8];
    Continuation::from_bytes(bytes, is_ours)
}

/// A property without dots.
const NAME: &str = "gatespan_pass";
