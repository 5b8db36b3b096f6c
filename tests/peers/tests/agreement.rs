//! On valid input gatespan and OpenTelemetry Rust agree: what one writes the other reads, and both read the same.
#![allow(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test"
)]

use gatespan::{End, EndKind};
use gatespan_peers::gateway::{NOW, OTLP, admit, edited, gate, pairs, request};
use gatespan_peers::peers::Peer;
use gatespan_peers::requests::COMPOSITE;
use gatespan_peers::said::{Context, Lines, Mark, Said, State, by_gatespan, canonical};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_traceparent_means_the_same_to_both(lines in w3c()) {
        let Said::Context(ours) = by_gatespan(Peer::W3c.formats(), &lines) else {
            panic!("valid: {lines:?}");
        };
        // The random bit is the one thing that the peer does not keep; it has a row among the differences.
        let ours = Context { random: false, ..ours };
        prop_assert_eq!(Said::Context(ours), Peer::W3c.reads(&lines));
    }

    #[test]
    fn a_single_b3_means_the_same_to_both(lines in b3(), reader in prop::sample::select(vec![Peer::B3, Peer::B3Multi])) {
        agree(reader, &lines)?;
    }

    #[test]
    fn several_b3_mean_the_same_to_both(lines in b3multi()) {
        agree(Peer::B3Multi, &lines)?;
    }

    #[test]
    fn an_uber_trace_id_means_the_same_to_both(lines in jaeger()) {
        agree(Peer::Jaeger, &lines)?;
    }

    #[test]
    fn what_a_peer_writes_gatespan_reads((peer, context) in written()) {
        let lines = peer.writes(Some(&context));
        prop_assert_eq!(by_gatespan(peer.formats(), &lines), Said::Context(context), "{:?}", lines);
    }

    #[test]
    fn what_gatespan_writes_every_peer_reads(lines in prop_oneof![w3c(), b3(), b3multi(), jaeger()]) {
        let gate = gate(COMPOSITE, OTLP);
        let pairs = pairs(&lines);
        let Ok(pass) = admit(&gate, &request(&pairs)) else {
            panic!("nothing refuses: {lines:?}");
        };
        let out = edited(&lines, &pass.edits);
        let Said::Context(sent) = canonical("w3c", &out) else {
            panic!("a traceparent is always written: {out:?}");
        };
        prop_assert_eq!(sent.state.sampled, pass.span.is_some());
        if let Some(span) = pass.span {
            let end = End { status: Some(200), grpc_status: None, kind: EndKind::Complete, request_bytes: None, response_bytes: None };
            let span = gate.close(span, end, NOW);
            let (came, own) = (span.client().otel.unwrap(), span.own());
            prop_assert_eq!(own.otel.unwrap().parent, Some(came.span));
            prop_assert_eq!((sent.trace, sent.span), (came.trace.bits(), own.id.as_span().bits()));
        }
        let b3 = out.iter().find(|(name, _)| name == "b3").unwrap();
        prop_assert_eq!(b3.1.split('-').count(), 3, "a parent beside a span id that it is not the parent of");
        prop_assert!(out.iter().all(|(name, _)| name != "x-b3-parentspanid"));
        for peer in Peer::ALL {
            let Said::Context(read) = peer.reads(&out) else {
                panic!("{peer:?} reads nothing in {out:?}");
            };
            prop_assert_eq!((read.trace, read.span), (sent.trace, sent.span), "{:?} in {:?}", peer, out);
            // To the peer a single B3 of debug is not sampled: it has a row among the differences.
            if !(peer == Peer::B3 || peer == Peer::B3Multi) || read.state.mark != Mark::Debug {
                prop_assert_eq!(read.state.sampled, sent.state.sampled, "{:?} in {:?}", peer, out);
            }
            if peer == Peer::W3c {
                prop_assert_eq!(read.tracestate, sent.tracestate.clone());
            }
        }
    }
}

fn agree(peer: Peer, lines: &Lines) -> Result<(), TestCaseError> {
    let ours = by_gatespan(peer.formats(), lines);
    prop_assert!(matches!(ours, Said::Context(_)), "valid: {:?}", lines);
    prop_assert_eq!(ours, peer.reads(lines), "{:?}", lines);
    Ok(())
}

/// Every version that may be, its tail, all flags, and a `tracestate` within both grammars.
fn w3c() -> impl Strategy<Value = Lines> {
    let tail = prop_oneof![Just(String::new()), "-[!-~]{0,20}"];
    let head = (any::<bool>(), 1..=0xfe_u8, tail).prop_map(|(first, version, tail)| {
        if first {
            (0, String::new())
        } else {
            (version, tail)
        }
    });
    (head, trace(), span(), any::<u8>(), tracestate()).prop_map(
        |((version, tail), trace, span, flags, state)| {
            let mut lines = vec![line(
                "traceparent",
                format!("{version:02x}-{trace:032x}-{span:016x}-{flags:02x}{tail}"),
            )];
            if !state.is_empty() {
                lines.push(line("tracestate", state));
            }
            lines
        },
    )
}

fn tracestate() -> impl Strategy<Value = String> {
    let member = ("[a-z][a-z0-9_*/-]{0,12}", "[ -+.-<>-~--]{0,12}[!-+.-<>-~]");
    prop::collection::btree_map(member.0, member.1, 0..=32).prop_map(|members| {
        let members = members
            .into_iter()
            .map(|(key, value)| format!("{key}={value}"));
        members.collect::<Vec<_>>().join(",")
    })
}

fn b3() -> impl Strategy<Value = Lines> {
    let state = prop_oneof![Just(String::new()), "-[01]", "-[01]-[0-9a-f]{16}"];
    (wide_or_short(), span(), state)
        .prop_map(|(trace, span, state)| vec![line("b3", format!("{trace}-{span:016x}{state}"))])
}

fn b3multi() -> impl Strategy<Value = Lines> {
    let state = prop_oneof![
        Just(None),
        prop::sample::select(vec!["0", "1", "true", "false"])
            .prop_map(|state| Some(("x-b3-sampled", state))),
        // Another value than 1 is ignored. 0 has a row among the differences.
        prop::sample::select(vec!["1", "", "01", "0x1", "d", "2"])
            .prop_map(|flags| Some(("x-b3-flags", flags))),
    ];
    let parent = prop::option::of("[0-9a-f]{16}");
    (wide_or_short(), span(), state, parent).prop_map(|(trace, span, state, parent)| {
        let mut lines = vec![
            line("x-b3-traceid", trace),
            line("x-b3-spanid", format!("{span:016x}")),
        ];
        lines.extend(state.map(|(name, value)| line(name, value.into())));
        lines.extend(parent.map(|parent| line("x-b3-parentspanid", parent)));
        lines
    })
}

/// Short ids, either case, either spelling of the colon, and the flags that are the same read as hex or as a decimal
/// number, debug alone aside.
fn jaeger() -> impl Strategy<Value = Lines> {
    (
        trace(),
        span(),
        "[0-9a-fA-F]{0,16}",
        "0?[0134579]",
        any::<[bool; 3]>(),
    )
        .prop_map(|(trace, span, parent, flags, [short, upper, encoded])| {
            let ids = match (short, upper) {
                (true, true) => format!("{trace:X}:{span:X}"),
                (true, false) => format!("{trace:x}:{span:x}"),
                (false, true) => format!("{trace:032X}:{span:016X}"),
                (false, false) => format!("{trace:032x}:{span:016x}"),
            };
            let value = format!("{ids}:{parent}:{flags}");
            let value = if encoded {
                value.replace(':', "%3A")
            } else {
                value
            };
            vec![line("uber-trace-id", value)]
        })
}

/// What a peer can be given to write: each keeps other marks.
fn written() -> impl Strategy<Value = (Peer, Context)> {
    let peer = prop::sample::select(Peer::ALL.to_vec());
    let mark = prop::sample::select(vec![Mark::Plain, Mark::Debug, Mark::Defer]);
    (peer, trace(), span(), any::<bool>(), mark, tracestate()).prop_map(
        |(peer, trace, span, sampled, mark, tracestate)| {
            let mark = match peer {
                Peer::W3c => Mark::Plain,
                Peer::Jaeger if mark == Mark::Defer => Mark::Plain,
                _ => mark,
            };
            let sampled = match mark {
                Mark::Plain => sampled,
                Mark::Debug => true,
                Mark::Defer => false,
            };
            let tracestate = if peer == Peer::W3c {
                tracestate
            } else {
                String::new()
            };
            let context = Context {
                trace,
                span,
                state: State { sampled, mark },
                random: false,
                tracestate,
            };
            (peer, context)
        },
    )
}

fn trace() -> impl Strategy<Value = u128> {
    // Ids with zeros in front are where padding shows.
    prop_oneof![1..=u128::MAX, 1..=u128::from(u64::MAX), 1..=255_u128]
}

fn span() -> impl Strategy<Value = u64> {
    prop_oneof![1..=u64::MAX, 1..=255_u64]
}

fn wide_or_short() -> impl Strategy<Value = String> {
    prop_oneof![
        trace().prop_map(|trace| format!("{trace:032x}")),
        span().prop_map(|low| format!("{low:016x}")),
    ]
}

fn line(name: &str, value: String) -> (String, String) {
    (name.into(), value)
}
