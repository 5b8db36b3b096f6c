//! How a request ended.

use crate::words::words;

/// How a request ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct End {
    /// The HTTP status that the client got.
    pub status: Option<u16>,
    /// The gRPC status, only for gRPC calls.
    pub grpc_status: Option<u32>,
    /// What ended the request.
    pub kind: EndKind,
    /// Bytes of the request body.
    pub request_bytes: Option<u64>,
    /// Bytes of the response body.
    pub response_bytes: Option<u64>,
}

impl End {
    /// The end of a request with this HTTP status; 0 if the client got none. The other fields are empty; a host sets those that it knows.
    ///
    /// ```
    /// use gatespan::{End, EndKind};
    ///
    /// let end = End {
    ///     response_bytes: Some(512),
    ///     ..End::new(EndKind::Complete, 200)
    /// };
    /// assert_eq!(end.status, Some(200));
    /// ```
    #[must_use]
    pub const fn new(kind: EndKind, status: u16) -> Self {
        Self {
            status: if status == 0 { None } else { Some(status) },
            grpc_status: None,
            kind,
            request_bytes: None,
            response_bytes: None,
        }
    }
}

words! {
    /// What ended a request. A status of 200 does not mean that the response is complete.
    EndKind {
        /// The response was sent completely.
        Complete = "complete",
        /// The client closed the connection.
        DownstreamReset = "downstream_reset",
        /// The upstream closed the connection.
        UpstreamReset = "upstream_reset",
        /// The upstream could not be reached.
        UpstreamUnavailable = "upstream_unavailable",
        /// The upstream took too long.
        Timeout = "timeout",
        /// The client took too long to send its request. The word is the same as for `Timeout`, but it is no error.
        ClientTimeout = "timeout",
        /// The host redirected the request itself. The next pass has its own span, a child of this one.
        Redirected = "redirected",
        /// The gateway sent the response.
        LocalReply = "local_reply",
        /// The gateway has no route for the request.
        NoRoute = "no_route",
        /// The request was malformed.
        Malformed = "malformed",
    }
}
