//! How a stream ended, in Envoy's words and in ours. A status of 200 does not mean that the answer arrived: the flags say.

use gatespan::{End, EndKind};

use crate::host;

/// Envoy's response flags and what they mean for a span, the most telling first.
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

/// Envoy's details of a response and what they mean for a span, where no flag says it.
const DETAILS: [(&[u8], EndKind); 4] = [
    (b"internal_redirect", EndKind::Redirected),
    (b"max_duration_timeout", EndKind::Timeout),
    (b"request_overall_timeout", EndKind::Timeout),
    (b"request_header_timeout", EndKind::Timeout),
];

const SWITCHING_PROTOCOLS: u16 = 101;
const REQUEST_TIMEOUT: u16 = 408;
const GATEWAY_TIMEOUT: u16 = 504;

/// What went by of a stream.
pub(crate) struct Passed {
    /// The status of a gRPC call.
    pub(crate) grpc_status: Option<u32>,
    /// Whether the request went by to its end.
    pub(crate) is_requested: bool,
    pub(crate) request_bytes: u64,
    pub(crate) response_bytes: u64,
    /// Whether the answer went by to its end.
    pub(crate) is_answered: bool,
}

/// Asks the host how the stream ended.
pub(crate) fn of_stream(passed: &Passed) -> End {
    let status = host::number("response\0code").and_then(|code| u16::try_from(code).ok());
    let flags = host::number("response\0flags").unwrap_or_default();
    let details = || host::property("response\0code_details");
    let kind = kind(flags, details, status, passed);
    End {
        status: status.filter(|status| *status != 0),
        grpc_status: passed.grpc_status,
        kind,
        request_bytes: Some(passed.request_bytes),
        response_bytes: Some(passed.response_bytes),
    }
}

/// Whether the request of a stream goes on in another one.
pub(crate) fn is_redirected() -> bool {
    let details = host::property("response\0code_details");
    by_details(details.as_deref(), None, false) == EndKind::Redirected
}

/// What ended a stream. Its details are asked for only where no flag says it.
fn kind(
    flags: u64,
    details: impl FnOnce() -> Option<Vec<u8>>,
    status: Option<u16>,
    passed: &Passed,
) -> EndKind {
    let kind = by_flags(flags, status)
        .unwrap_or_else(|| by_details(details().as_deref(), status, passed.is_answered));
    match kind {
        EndKind::Timeout => timeout(status, passed.is_requested),
        kind => kind,
    }
}

/// The other flags tell what was done to a request on its way, a delay or a retry, and not how it ended.
fn by_flags(flags: u64, status: Option<u16>) -> Option<EndKind> {
    if flags == 0 {
        return None;
    }
    let (_, kind) = FLAGS.iter().find(|(flag, _)| flags & flag != 0)?;
    Some(match (kind, status) {
        // So Envoy tells of an upgraded connection that was closed, whichever side did.
        (EndKind::UpstreamReset, Some(SWITCHING_PROTOCOLS)) => EndKind::Complete,
        (kind, _) => *kind,
    })
}

/// How a stream ended of which no flag tells, by Envoy's details of its answer. Those of a stream that a caller of HTTP/2
/// takes back are as if all were well, or none.
fn by_details(details: Option<&[u8]>, status: Option<u16>, is_answered: bool) -> EndKind {
    match (details, status) {
        (Some(b"via_upstream"), Some(SWITCHING_PROTOCOLS)) => EndKind::Complete,
        (Some(b"via_upstream"), _) if is_answered => EndKind::Complete,
        (Some(b"via_upstream"), _) | (None, None) => EndKind::DownstreamReset,
        (details, _) => {
            let known = DETAILS.iter().find(|(known, _)| Some(*known) == details);
            known.map_or(EndKind::LocalReply, |(_, kind)| *kind)
        }
    }
}

/// Who took too long. Envoy ends a request with 408 if the client has not sent all of it, and with 504 if the client has. In
/// the middle of a response, and in one to a gRPC client, the status does not say it. Then what went by does.
const fn timeout(status: Option<u16>, is_requested: bool) -> EndKind {
    match status {
        Some(REQUEST_TIMEOUT) => EndKind::ClientTimeout,
        Some(GATEWAY_TIMEOUT) => EndKind::Timeout,
        _ if is_requested => EndKind::Timeout,
        _ => EndKind::ClientTimeout,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_tell_more_than_the_status() {
        for (flags, status, kind, why) in [
            (
                16_384,
                Some(200),
                EndKind::DownstreamReset,
                "the caller left inside an event stream",
            ),
            (
                8_388_608,
                Some(200),
                EndKind::UpstreamReset,
                "the answer was cut off",
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
                "the upstream broke off before it answered",
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
            (32_768, "retries were spent, and the last answer passed"),
            (512, "the request was delayed on purpose"),
            (2_048, "another filter limits the rate"),
        ] {
            assert_eq!(by_flags(flags, None), None, "{why}");
        }
    }

    #[test]
    fn details_tell_where_no_flag_does() {
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

    /// All timeouts of Envoy 1.40 that end a stream: flags, details, status, whether the request went by to its end. A timeout
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
        // A filter before ours has kept the request to itself.
        (1 << 16, "stream_idle_timeout", 504, false, EndKind::Timeout),
    ];

    #[test]
    fn timeout_is_the_clients_until_the_request_is_all_there() {
        for (flags, details, status, is_requested, wanted) in TIMEOUTS {
            let passed = Passed {
                grpc_status: None,
                is_requested: *is_requested,
                request_bytes: 0,
                response_bytes: 0,
                is_answered: *status >= 400,
            };
            let details = || Some(details.as_bytes().to_vec());
            let found = kind(*flags, details, Some(*status), &passed);
            assert_eq!(found, *wanted, "{flags} {status} {is_requested}");
        }
    }
}
