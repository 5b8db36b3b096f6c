//! How a request ended, and what of that is an error of ours.

use gatespan::{Availability, End, EndKind, Time, Word};

use super::{Asked, NOW, OK, ask, gate, value};

/// The end, its status and the gRPC status; the type of the error, and why.
type Row = (
    EndKind,
    Option<u16>,
    Option<u32>,
    Option<&'static str>,
    &'static str,
);

#[rustfmt::skip] // one row a line
const ENDS: &[Row] = &[
    (EndKind::Complete, Some(200), None, None, "all is well"),
    (EndKind::Complete, None, None, None, "nothing was answered"),
    (EndKind::Complete, Some(399), None, None, "a redirection"),
    (EndKind::Complete, Some(400), None, None, "the caller's own mistake"),
    (EndKind::Complete, Some(499), None, None, "the caller's as well"),
    (EndKind::Complete, Some(500), None, Some("500"), "ours"),
    (EndKind::Complete, Some(599), None, Some("599"), "ours as well"),
    (EndKind::DownstreamReset, None, None, None, "the caller may leave"),
    (EndKind::DownstreamReset, Some(200), None, None, "in the middle too"),
    (EndKind::UpstreamReset, Some(200), None, Some("upstream_reset"), "200 was said too early"),
    (EndKind::UpstreamReset, Some(503), None, Some("upstream_reset"), "the reason says more than the status"),
    (EndKind::UpstreamUnavailable, Some(503), None, Some("upstream_unavailable"), "nobody there"),
    (EndKind::Timeout, Some(504), Some(4), Some("timeout"), "too late"),
    (EndKind::ClientTimeout, Some(408), None, None, "the client did not send all of its request"),
    (EndKind::ClientTimeout, Some(200), Some(2), None, "as a gRPC client is told of it"),
    (EndKind::LocalReply, Some(403), None, None, "a rejection of the gateway is the caller's mistake"),
    (EndKind::LocalReply, Some(503), None, Some("503"), "a failure of the gateway is not"),
    (EndKind::NoRoute, Some(404), None, None, "the caller asked for nothing"),
    (EndKind::Malformed, Some(400), None, None, "the caller said nothing"),
    (EndKind::Complete, Some(500), Some(13), Some("500"), "HTTP failed first"),
];

#[test]
fn an_error_is_never_the_callers_mistake() {
    let gate = gate("");
    for (kind, status, grpc_status, wanted, why) in ENDS {
        let end = End {
            kind: *kind,
            status: *status,
            grpc_status: *grpc_status,
            ..OK
        };
        let found = ask(&gate, &Asked::read("GET / h").request(), end, |span| {
            assert_eq!(span.end(), end);
            let error = value(span, "error.type");
            assert_eq!(error.is_some(), span.error().is_some());
            error
        });
        assert_eq!(
            found.as_deref(),
            *wanted,
            "{} {status:?}: {why}",
            kind.word()
        );
    }
}

#[test]
fn grpc_statuses_that_servers_are_to_blame_for() {
    let gate = gate("");
    for status in 0..=17 {
        let end = End {
            grpc_status: Some(status),
            ..OK
        };
        let found = ask(
            &gate,
            &Asked::read("POST /a.B/C h").request(),
            end,
            |span| span.error().is_some(),
        );
        assert_eq!(found, [2, 4, 12, 13, 14, 15].contains(&status), "{status}");
    }
}

#[test]
fn nothing_ends_before_it_began() {
    let gate = gate("");
    let earlier = Time(NOW.0 - 1);
    for (now, ended) in [
        (earlier, NOW),
        (NOW, NOW),
        (Time(NOW.0 + 1), Time(NOW.0 + 1)),
    ] {
        let export = Availability::Accepting(gate.config().receives());
        let asked = Asked::read("GET / h");
        let Ok(pass) = gate.decide(&asked.request(), None, export, NOW, || Some([1; 20])) else {
            panic!("refused")
        };
        let open = pass.span.unwrap();
        assert_eq!(open.started(), NOW);
        let span = gate.close(open, OK, now);
        assert_eq!((span.started(), span.ended()), (NOW, ended));
    }
}
