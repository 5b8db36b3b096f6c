//! How a request ended: what is an error, and what was counted.

use gatespan::{End, EndKind, Word as _};
use opentelemetry_proto::tonic::trace::v1::Span;

use super::expected::{ERROR, Text, Whole, attribute, in_order, minted};
use super::stage::{END, STORY, Story};
use super::told::span;

fn ended(end: End) -> Span {
    let headers: &[(&[u8], &[u8])] = match end.grpc_status {
        Some(_) => &[(b"content-type", b"application/grpc")],
        None => &[],
    };
    in_order(span(
        "",
        &Story {
            end,
            headers,
            ..STORY
        },
    ))
}

#[test]
fn a_failure_is_an_error_and_a_mistake_of_the_caller_is_none() {
    for (kind, status, error) in [
        (EndKind::Complete, Some(503), Some("503")),
        (EndKind::Complete, Some(500), Some("500")),
        (EndKind::UpstreamReset, Some(200), Some("upstream_reset")),
        (EndKind::Timeout, None, Some("timeout")),
        (EndKind::Complete, Some(404), None),
        (EndKind::Malformed, Some(400), None),
        (EndKind::DownstreamReset, None, None),
    ] {
        let end = End {
            kind,
            status,
            ..END
        };
        let mut wanted = minted(&[("gatespan.end", Text(kind.word()))]);
        wanted
            .attributes
            .retain(|one| one.key != "http.response.status_code");
        let code =
            status.map(|status| attribute("http.response.status_code", Whole(status.into())));
        let class = error.map(|class| attribute("error.type", Text(class)));
        wanted.attributes.extend(code.into_iter().chain(class));
        wanted.status = error.and(ERROR);
        assert_eq!(ended(end), in_order(wanted), "{kind:?} {status:?}");
    }
}

#[test]
fn grpc_has_a_status_of_its_own() {
    for (grpc, is_error) in [(14, true), (2, true), (3, false), (5, false), (0, false)] {
        let end = End {
            grpc_status: Some(grpc),
            ..END
        };
        let code = [("rpc.grpc.status_code", Whole(grpc.into()))];
        let class = grpc.to_string();
        let error: &[_] = if is_error {
            &[("error.type", Text(&class))]
        } else {
            &[]
        };
        let wanted = Span {
            status: is_error.then_some(ERROR).flatten(),
            ..minted(&[&code, error].concat())
        };
        assert_eq!(ended(end), wanted, "{grpc}");
    }
}

#[test]
fn numbers_keep_all_their_bits_and_have_a_sign() {
    for (bytes, told) in [
        (0, 0),
        (1 << 31, 1 << 31),
        (1 << 32, 1 << 32),
        (9_007_199_254_740_993, 9_007_199_254_740_993),
        (i64::MAX as u64, i64::MAX),
        // No body is so long; a reader of JSON would refuse all spans that stand beside it.
        (u64::MAX, i64::MAX),
    ] {
        let end = End {
            response_bytes: Some(bytes),
            ..END
        };
        assert_eq!(
            ended(end),
            minted(&[("http.response.body.size", Whole(told))])
        );
    }
}
