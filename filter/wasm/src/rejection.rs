//! The response to a request that goes no further.

use gatespan::{Rejection, Rpc};

use crate::host::{self, Map};

/// Responds in the form that the client understands.
pub(crate) fn respond(rejection: Rejection, rpc: Option<Rpc>) {
    let grpc_status = i32::from(rejection.grpc_status());
    let details = rejection.code_details();
    let done = if rpc.is_some() {
        let headers = rejection.grpc_headers();
        let headers = headers.each_ref().map(|(name, value)| (*name, &**value));
        host::answer(OK, grpc_status, details, &headers, b"")
    } else {
        let headers = [(CONTENT_TYPE, Rejection::CONTENT_TYPE)];
        let body = rejection.body();
        host::answer(
            rejection.status(),
            grpc_status,
            details,
            &headers,
            body.as_bytes(),
        )
    };
    if let Err(failed) = done {
        let status = failed.0;
        let line = format!("gatespan: Envoy did not take our answer: status {status}");
        host::log(host::Level::Error, &line);
    }
}

/// Puts the media type on it, while it passes. Envoy removes the one of a response without a body.
pub(crate) fn name(rpc: Rpc) {
    // A header that cannot be set is Envoy's to complain about; the status is there all the same.
    let _ = host::set_header(Map::Response, CONTENT_TYPE, rpc.media().as_bytes());
}

const OK: u16 = 200;
const CONTENT_TYPE: &str = "content-type";
