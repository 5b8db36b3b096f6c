//! How a stream ended. A status of 200 does not mean that the response arrived: Envoy's flags and details tell.

use alloc::vec::Vec;

use gatespan::{End, EndKind};

/// Envoy's response flags and what they mean for a span. The first one that is set counts.
const FLAGS: [(u64, EndKind); 18] = [
    (1 << 18, EndKind::Malformed),           // downstream protocol error
    (1 << 17, EndKind::Malformed),           // invalid Envoy headers
    (1 << 14, EndKind::DownstreamReset),     // downstream connection termination
    (1 << 28, EndKind::DownstreamReset),     // downstream remote reset
    (1 << 2, EndKind::Timeout),              // upstream request timeout
    (1 << 16, EndKind::Timeout),             // stream idle timeout
    (1 << 19, EndKind::Timeout),             // upstream stream lived too long
    (1 << 22, EndKind::Timeout),             // stream lived too long
    (1 << 8, EndKind::NoRoute),              // no route
    (1 << 24, EndKind::NoRoute),             // the route's cluster is missing
    (1 << 5, EndKind::UpstreamUnavailable),  // connection failure
    (1 << 1, EndKind::UpstreamUnavailable),  // no healthy upstream
    (1 << 7, EndKind::UpstreamUnavailable),  // circuit breaker
    (1 << 26, EndKind::UpstreamUnavailable), // name not resolved
    (1 << 6, EndKind::UpstreamReset),        // connection termination
    (1 << 4, EndKind::UpstreamReset),        // remote reset
    (1 << 23, EndKind::UpstreamReset),       // upstream protocol error
    (1 << 3, EndKind::UpstreamReset),        // local reset
];

/// Envoy's response code details and what they mean for a span, where no flag is set.
const DETAILS: [(&[u8], EndKind); 4] = [
    (b"internal_redirect", EndKind::Redirected),
    (b"max_duration_timeout", EndKind::Timeout),
    (b"request_overall_timeout", EndKind::Timeout),
    (b"request_header_timeout", EndKind::Timeout),
];

const SWITCHING_PROTOCOLS: u16 = 101;
const REQUEST_TIMEOUT: u16 = 408;
const GATEWAY_TIMEOUT: u16 = 504;

/// How a stream ended, as Envoy and the chunks that passed tell it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamEnd {
    /// Envoy's response flags.
    pub flags: u64,
    /// The status of the response; none or 0 if there was none.
    pub status: Option<u16>,
    /// The status of a gRPC call.
    pub grpc_status: Option<u32>,
    /// Whether the whole request passed.
    pub is_request_complete: bool,
    /// Whether the whole response passed.
    pub is_response_complete: bool,
    /// The bytes of the request's body that passed.
    pub request_bytes: u64,
    /// The bytes of the response's body that passed.
    pub response_bytes: u64,
}

impl StreamEnd {
    /// The end of the span. `details` asks Envoy for its response code details, and is called only if no flag decides.
    pub fn end(self, details: impl FnOnce() -> Option<Vec<u8>>) -> End {
        End {
            grpc_status: self.grpc_status,
            request_bytes: Some(self.request_bytes),
            response_bytes: Some(self.response_bytes),
            ..End::new(self.kind(details), self.status.unwrap_or_default())
        }
    }

    fn kind(self, details: impl FnOnce() -> Option<Vec<u8>>) -> EndKind {
        let kind = by_flags(self.flags, self.status).unwrap_or_else(|| {
            by_details(details().as_deref(), self.status, self.is_response_complete)
        });
        match kind {
            EndKind::Timeout => timeout(self.status, self.is_request_complete),
            kind => kind,
        }
    }
}

/// Whether these response code details mean that the request continues in another stream.
#[must_use]
pub fn is_redirect(details: Option<&[u8]>) -> bool {
    by_details(details, None, false) == EndKind::Redirected
}

/// The other flags tell what happened to a request (a delay, a retry), and not how it ended.
fn by_flags(flags: u64, status: Option<u16>) -> Option<EndKind> {
    if flags == 0 {
        return None;
    }
    let (_, kind) = FLAGS.iter().find(|(flag, _)| flags & flag != 0)?;
    Some(match (kind, status) {
        // An upgraded connection that was closed, by either side.
        (EndKind::UpstreamReset, Some(SWITCHING_PROTOCOLS)) => EndKind::Complete,
        (kind, _) => *kind,
    })
}

/// How a stream without a flag ended, by Envoy's details. A client of HTTP/2 that resets its stream leaves details as if all were well, or
/// none.
fn by_details(details: Option<&[u8]>, status: Option<u16>, is_response_complete: bool) -> EndKind {
    match (details, status) {
        (Some(b"via_upstream"), Some(SWITCHING_PROTOCOLS)) => EndKind::Complete,
        (Some(b"via_upstream"), _) if is_response_complete => EndKind::Complete,
        (Some(b"via_upstream"), _) | (None, None) => EndKind::DownstreamReset,
        (details, _) => {
            let known = DETAILS.iter().find(|(known, _)| Some(*known) == details);
            known.map_or(EndKind::LocalReply, |(_, kind)| *kind)
        }
    }
}

/// Who took too long. Envoy responds with 408 if the client has not sent the whole request, and with 504 if it has. In the middle of a
/// response, and to a gRPC client, the status does not tell. Then the chunks that passed do.
const fn timeout(status: Option<u16>, is_request_complete: bool) -> EndKind {
    match status {
        Some(REQUEST_TIMEOUT) => EndKind::ClientTimeout,
        Some(GATEWAY_TIMEOUT) => EndKind::Timeout,
        _ if is_request_complete => EndKind::Timeout,
        _ => EndKind::ClientTimeout,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_decide_before_the_status() {
        for (flags, status, kind, why) in [
            (
                16_384,
                Some(200),
                EndKind::DownstreamReset,
                "the client left inside an event stream",
            ),
            (
                8_388_608,
                Some(200),
                EndKind::UpstreamReset,
                "the response was cut off",
            ),
            (
                32 | 32_768,
                Some(503),
                EndKind::UpstreamUnavailable,
                "retries were spent on a connection refused",
            ),
            (64, Some(101), EndKind::Complete, "a web socket was closed"),
            (
                64,
                Some(503),
                EndKind::UpstreamReset,
                "the upstream broke off before it responded",
            ),
            (4, Some(504), EndKind::Timeout, "the route's timeout"),
            (256, Some(404), EndKind::NoRoute, "no route"),
            (16_777_216, Some(503), EndKind::NoRoute, "no cluster"),
            (262_144, Some(400), EndKind::Malformed, "not HTTP"),
        ] {
            assert_eq!(by_flags(flags, status), Some(kind), "{why}");
        }
        for (flags, why) in [
            (0, "nothing to tell"),
            (32_768, "retries were spent, and the last response passed"),
            (512, "the request was delayed on purpose"),
            (2_048, "another filter limits the rate"),
        ] {
            assert_eq!(by_flags(flags, None), None, "{why}");
        }
    }

    #[test]
    fn details_decide_without_a_flag() {
        for (details, status, is_answered, kind) in [
            (Some("via_upstream"), Some(200), true, EndKind::Complete),
            (
                Some("via_upstream"),
                Some(200),
                false,
                EndKind::DownstreamReset,
            ),
            (Some("via_upstream"), Some(101), false, EndKind::Complete),
            (
                Some("direct_response"),
                Some(418),
                true,
                EndKind::LocalReply,
            ),
            (None, Some(403), true, EndKind::LocalReply),
            (None, None, false, EndKind::DownstreamReset),
        ] {
            let found = by_details(details.map(str::as_bytes), status, is_answered);
            assert_eq!(found, kind, "{details:?} {status:?} {is_answered}");
        }
    }

    /// All timeouts of Envoy 1.40 that end a stream: flags, details, status, whether the whole request passed. A timeout
    /// of the route or of a try begins when it has.
    #[rustfmt::skip] // one row a line
    const TIMEOUTS: &[(u64, &str, u16, bool, EndKind)] = &[
        (0, "request_header_timeout", 408, false, EndKind::ClientTimeout),
        (0, "request_overall_timeout", 408, false, EndKind::ClientTimeout),
        (1 << 16, "stream_idle_timeout", 408, false, EndKind::ClientTimeout),
        (1 << 16, "stream_idle_timeout", 504, true, EndKind::Timeout),
        (1 << 16, "stream_idle_timeout", 200, true, EndKind::Timeout),
        (1 << 16, "stream_idle_timeout", 200, false, EndKind::ClientTimeout),
        (1 << 16, "stream_idle_timeout", 101, false, EndKind::ClientTimeout),
        (0, "max_duration_timeout", 408, false, EndKind::ClientTimeout),
        (0, "max_duration_timeout", 504, true, EndKind::Timeout),
        (0, "max_duration_timeout", 200, true, EndKind::Timeout),
        (0, "max_duration_timeout", 200, false, EndKind::ClientTimeout),
        (1 << 19, "upstream_max_stream_duration_reached", 408, false, EndKind::ClientTimeout),
        (1 << 19, "upstream_max_stream_duration_reached", 504, true, EndKind::Timeout),
        (1 << 19, "upstream_max_stream_duration_reached", 200, true, EndKind::Timeout),
        (1 << 19, "upstream_max_stream_duration_reached", 200, false, EndKind::ClientTimeout),
        (1 << 2, "response_timeout", 504, true, EndKind::Timeout),
        (1 << 2, "response_timeout", 200, true, EndKind::Timeout),
        (1 << 2, "upstream_per_try_timeout", 504, true, EndKind::Timeout),
        (1 << 2, "upstream_per_try_idle_timeout", 504, true, EndKind::Timeout),
        (1 << 2, "upstream_per_try_idle_timeout", 200, true, EndKind::Timeout),
        // An earlier filter has not passed the request on.
        (1 << 16, "stream_idle_timeout", 504, false, EndKind::Timeout),
    ];

    #[test]
    fn timeout_is_the_clients_until_the_request_is_complete() {
        for (flags, details, status, is_requested, wanted) in TIMEOUTS {
            let end = StreamEnd {
                flags: *flags,
                status: Some(*status),
                grpc_status: None,
                is_request_complete: *is_requested,
                is_response_complete: *status >= 400,
                request_bytes: 0,
                response_bytes: 0,
            };
            let found = end.end(|| Some(details.as_bytes().to_vec())).kind;
            assert_eq!(found, *wanted, "{flags} {status} {is_requested}");
        }
    }
}
