//! How a request ended, and whether that is a failure.

use gatespan::{End, EndKind};
use serde_json::json;

use super::sent::{DOCUMENT, span, told};
use super::stage::{END, STORY, Story};

#[test]
fn a_failure_says_what_failed_in_three_fields() {
    for (kind, status, grpc, class, message) in [
        (EndKind::Complete, Some(503), None, "503", "answered 503"),
        (EndKind::LocalReply, Some(500), None, "500", "answered 500"),
        (
            EndKind::UpstreamReset,
            Some(200),
            None,
            "upstream_reset",
            "upstream broke off",
        ),
        (
            EndKind::UpstreamUnavailable,
            Some(503),
            None,
            "upstream_unavailable",
            "upstream unavailable",
        ),
        (
            EndKind::Timeout,
            None,
            None,
            "timeout",
            "upstream took too long",
        ),
        (
            EndKind::Complete,
            Some(200),
            Some(14),
            "14",
            "answered gRPC status 14",
        ),
    ] {
        let end = End {
            kind,
            status,
            grpc_status: grpc,
            ..END
        };
        let headers: &[(&[u8], &[u8])] = match grpc {
            Some(_) => &[(b"content-type", b"application/grpc")],
            None => &[],
        };
        let written = told(
            DOCUMENT,
            &Story {
                end,
                headers,
                ..STORY
            },
        );
        let info = json!({
            "exception_type": class,
            "message": message,
            "traceback": format!("gateway: {message}"),
        });
        for item in written.rows.iter().chain(&written.spans) {
            assert_eq!(item["error_info"], info, "{kind:?}");
            assert_eq!(item["metadata"]["error.type"], class);
        }
    }
}

#[test]
fn a_mistake_of_the_caller_is_no_failure() {
    for (kind, status) in [
        (EndKind::Complete, Some(404)),
        (EndKind::NoRoute, Some(404)),
        (EndKind::Malformed, Some(400)),
        (EndKind::DownstreamReset, None),
    ] {
        let end = End {
            kind,
            status,
            ..END
        };
        let span = span(DOCUMENT, &Story { end, ..STORY });
        assert!(span.get("error_info").is_none(), "{kind:?}");
    }
}
