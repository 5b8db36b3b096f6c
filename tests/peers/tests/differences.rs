//! Where gatespan and OpenTelemetry Rust read the same headers differently, and why.
#![allow(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::panic,
    reason = "a test"
)]

use gatespan_peers::peers::Peer;
use gatespan_peers::said::{Context, Lines, S, State, T, by_gatespan, written_by_gatespan};

/// Header lines with `T` and `S` for the ids, and what is made of them.
struct Difference {
    peer: Peer,
    headers: &'static [(&'static str, &'static str)],
    gatespan: &'static str,
    theirs: &'static str,
    why: &'static str,
}

const fn row(
    peer: Peer,
    headers: &'static [(&'static str, &'static str)],
    gatespan: &'static str,
    theirs: &'static str,
    why: &'static str,
) -> Difference {
    Difference {
        peer,
        headers,
        gatespan,
        theirs,
        why,
    }
}

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";
const VALID: (&str, &str) = (TRACEPARENT, "00-T-S-01");
const B3: &str = "b3";
const TRACE: (&str, &str) = ("x-b3-traceid", "T");
const SPAN: (&str, &str) = ("x-b3-spanid", "S");
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";
const UBER: &str = "uber-trace-id";

/// Why a whole class of rows differs.
const GRAMMAR: &str =
    "the grammar has fixed widths and no signs; a value outside of it was not written by a tracer";
const RUST_HEX: &str = "Rust's number parser takes a sign; no specification does";
const TERMINATOR: &str = "the peer overlooks a separator at the end; the grammar ends with a field";
const WHITE: &str = "white space around a value is no part of it (RFC 9110)";
const ALONE: &str = "a decision without ids binds as well: a denied caller must not be sampled";

#[rustfmt::skip]
static TABLE: &[Difference] = &[
    // W3C traceparent
    row(Peer::W3c, &[(TRACEPARENT, "00-T-S-01-")], "refused", "T S sampled", TERMINATOR),
    row(Peer::W3c, &[(TRACEPARENT, "0-T-S-01")], "refused", "T S sampled", GRAMMAR),
    row(Peer::W3c, &[(TRACEPARENT, "000-T-S-01")], "refused", "T S sampled", GRAMMAR),
    row(Peer::W3c, &[(TRACEPARENT, "+0-T-S-01")], "refused", "T S sampled", RUST_HEX),
    row(Peer::W3c, &[(TRACEPARENT, "CC-T-S-01")], "refused", "T S sampled", "hex of a traceparent is lower-case, the version's too"),
    row(Peer::W3c, &[(TRACEPARENT, "00-bf92f3577b34da6a3ce929d0e0e4736-S-01")], "refused", "0bf92f3577b34da6a3ce929d0e0e4736 S sampled", GRAMMAR),
    row(Peer::W3c, &[(TRACEPARENT, "00-+bf92f3577b34da6a3ce929d0e0e4736-S-01")], "refused", "0bf92f3577b34da6a3ce929d0e0e4736 S sampled", RUST_HEX),
    row(Peer::W3c, &[(TRACEPARENT, "00-0T-S-01")], "refused", "T S sampled", GRAMMAR),
    row(Peer::W3c, &[(TRACEPARENT, "00-T-b7-01")], "refused", "T 00000000000000b7 sampled", GRAMMAR),
    row(Peer::W3c, &[(TRACEPARENT, "00-T-S-1")], "refused", "T S sampled", GRAMMAR),
    row(Peer::W3c, &[(TRACEPARENT, "00-T-S-001")], "refused", "T S sampled", GRAMMAR),
    row(Peer::W3c, &[(TRACEPARENT, "00-T-S-+1")], "refused", "T S sampled", RUST_HEX),
    row(Peer::W3c, &[(TRACEPARENT, "01-T-S-1-later")], "refused", "T S sampled", GRAMMAR),
    row(Peer::W3c, &[(TRACEPARENT, "00-T-S-03")], "T S sampled random", "T S sampled", "Level 2 knows the random bit: a continued trace copies it"),
    row(Peer::W3c, &[VALID, VALID], "refused", "T S sampled", "two traceparents are none, even equal ones (W3C 3.2)"),
    row(Peer::W3c, &[VALID, (TRACEPARENT, "00-T-S-00")], "refused", "T S sampled", "two traceparents are none: the first is nobody's in particular"),
    // W3C tracestate
    row(Peer::W3c, &[VALID, (TRACESTATE, "a=1"), (TRACESTATE, "b=2")], "T S sampled [a=1,b=2]", "T S sampled [a=1]", "several headers are one list"),
    row(Peer::W3c, &[VALID, (TRACESTATE, "a=1, b=2")], "T S sampled [a=1,b=2]", "T S sampled", "white space around members is allowed"),
    row(Peer::W3c, &[VALID, (TRACESTATE, "a=1,,b=2")], "T S sampled [a=1,b=2]", "T S sampled", "empty members are allowed"),
    row(Peer::W3c, &[VALID, (TRACESTATE, "a=1,a=2")], "T S sampled [a=1]", "T S sampled [a=1,a=2]", "a key stands once: the first is the latest"),
    row(Peer::W3c, &[VALID, (TRACESTATE, MEMBERS_33)], "T S sampled", "T S sampled [33]", "32 members at most, or none"),
    row(Peer::W3c, &[VALID, (TRACESTATE, "a@@b=1")], "T S sampled [a@@b=1]", "T S sampled", "keys are those of Level 2, where @ is a character like others"),
    row(Peer::W3c, &[VALID, (TRACESTATE, "a@a-longer-system=1")], "T S sampled [a@a-longer-system=1]", "T S sampled", "keys are those of Level 2, where @ is a character like others"),
    row(Peer::W3c, &[VALID, (TRACESTATE, "=1")], "T S sampled", "T S sampled [=1]", "a key has at least one character"),
    row(Peer::W3c, &[VALID, (TRACESTATE, "a=")], "T S sampled", "T S sampled [a=]", "a value has at least one character"),
    row(Peer::W3c, &[VALID, (TRACESTATE, "a==1")], "T S sampled", "T S sampled [a=1]", "a value holds no equals sign, and is not ours to mend"),
    row(Peer::W3c, &[VALID, (TRACESTATE, "a=1\t2")], "T S sampled", "T S sampled [a=1\t2]", "a value holds no control character"),
    row(Peer::W3c, &[VALID, (TRACESTATE, "a=1 ")], "T S sampled [a=1]", "T S sampled [a=1 ]", "a value does not end in a space"),
    // B3, single header
    row(Peer::B3, &[(B3, "T-S-d")], "T S sampled debug", "T S unsampled debug", "debug means sampled"),
    row(Peer::B3, &[(B3, "0")], "no ids, unsampled", "nothing", ALONE),
    row(Peer::B3, &[(B3, "1")], "no ids, sampled", "nothing", ALONE),
    row(Peer::B3, &[(B3, "d")], "no ids, sampled debug", "nothing", ALONE),
    row(Peer::B3, &[(B3, "T-S-1-")], "refused", "T S sampled", TERMINATOR),
    row(Peer::B3, &[(B3, "T-S-")], "refused", "T S unsampled deferred", TERMINATOR),
    row(Peer::B3, &[(B3, "T-S-false")], "refused", "T S unsampled", "the words belong to the several headers"),
    row(Peer::B3Multi, &[(B3, "T-S-true")], "refused", "T S sampled", "the words belong to the several headers"),
    row(Peer::B3Multi, &[(B3, "T-S-d")], "T S sampled debug", "nothing", "what is read does not depend on what is written"),
    row(Peer::B3, &[(B3, " T-S-1 ")], "T S sampled", "nothing", WHITE),
    row(Peer::B3, &[(B3, "+bf92f3577b34da6a3ce929d0e0e4736-S-1")], "refused", "0bf92f3577b34da6a3ce929d0e0e4736 S sampled", RUST_HEX),
    row(Peer::B3, &[(B3, "T-+0f067aa0ba902b7-1")], "refused", "T S sampled", RUST_HEX),
    row(Peer::B3, &[(B3, "T-S-2"), TRACE, SPAN, (SAMPLED, "1")], "refused", "T S sampled", "a malformed single header spoils its family: it may be what was meant"),
    row(Peer::B3, &[(B3, "0"), TRACE, SPAN, (SAMPLED, "1")], "no ids, unsampled", "T S sampled", "the single header wins, also when it is a decision alone"),
    // B3, several headers
    row(Peer::B3Multi, &[(SAMPLED, "0")], "no ids, unsampled", "nothing", ALONE),
    row(Peer::B3Multi, &[(SAMPLED, "1")], "no ids, sampled", "nothing", ALONE),
    row(Peer::B3Multi, &[(FLAGS, "1")], "no ids, sampled debug", "nothing", ALONE),
    row(Peer::B3Multi, &[TRACE, SPAN, (SAMPLED, "1"), (FLAGS, "0")], "T S sampled", "T S unsampled", "flags of 0 say that it is no debug trace, and nothing else"),
    row(Peer::B3Multi, &[TRACE, SPAN, (FLAGS, "0")], "T S unsampled deferred", "T S unsampled", "flags of 0 say that it is no debug trace, and nothing else"),
    row(Peer::B3Multi, &[TRACE, SPAN, (SAMPLED, "2"), (FLAGS, "1")], "refused", "T S sampled debug", "one malformed header spoils the family"),
    row(Peer::B3Multi, &[TRACE, SPAN, (SAMPLED, "1"), ("x-b3-parentspanid", "parent")], "refused", "T S sampled", "one malformed header spoils the family"),
    row(Peer::B3, &[TRACE, SPAN, (SAMPLED, "d")], "refused", "T S unsampled debug", "d belongs to the single header"),
    row(Peer::B3, &[TRACE, SPAN, (SAMPLED, "true")], "T S sampled", "nothing", "what is read does not depend on what is written"),
    row(Peer::B3Multi, &[TRACE, SPAN, (SAMPLED, " 1")], "T S sampled", "nothing", WHITE),
    row(Peer::B3Multi, &[TRACE, ("x-b3-spanid", "+0f067aa0ba902b7"), (SAMPLED, "1")], "refused", "T S sampled", RUST_HEX),
    // Jaeger
    row(Peer::Jaeger, &[(UBER, "T:S:0:2")], "T S sampled debug", "T S unsampled", "debug means sampled"),
    row(Peer::Jaeger, &[(UBER, "T:S:0:0d")], "T S sampled", "nothing", "flags are hex; the peer reads them as a decimal number"),
    row(Peer::Jaeger, &[(UBER, "T:S:0:11")], "T S sampled", "T S sampled debug", "flags are hex; the peer reads them as a decimal number"),
    row(Peer::Jaeger, &[(UBER, "T:S:0:+1")], "refused", "T S sampled", RUST_HEX),
    row(Peer::Jaeger, &[(UBER, "T:S:0:1:")], "refused", "T S sampled", TERMINATOR),
    row(Peer::Jaeger, &[(UBER, "+bf92f3577b34da6a3ce929d0e0e4736:S:0:1")], "refused", "0bf92f3577b34da6a3ce929d0e0e4736 S sampled", RUST_HEX),
    row(Peer::Jaeger, &[(UBER, "T:+0f067aa0ba902b7:0:1")], "refused", "T S sampled", RUST_HEX),
    row(Peer::Jaeger, &[(UBER, "T:S:parent:1")], "refused", "T S sampled", "the parent is ignored, and still hex"),
    row(Peer::Jaeger, &[(UBER, "T:S:0S:1")], "refused", "T S sampled", "the parent is ignored, and still no longer than an id"),
    row(Peer::Jaeger, &[(UBER, "T%3aS%3a0%3a1")], "T S sampled", "nothing", "percent-encoding has no case"),
    row(Peer::Jaeger, &[(UBER, "T%3AS:0:1")], "T S sampled", "nothing", "each colon may be encoded or not"),
    row(Peer::Jaeger, &[(UBER, "T:S:0:%31")], "T S sampled", "nothing", "the value is URL-encoded as a whole; the peer knows encoded colons only"),
    row(Peer::Jaeger, &[(UBER, " T:S:0:1")], "T S sampled", "nothing", WHITE),
    row(Peer::Jaeger, &[(UBER, "T:S:0:1 ")], "T S sampled", "nothing", WHITE),
    row(Peer::Jaeger, &[(UBER, "T:S:0:1"), ("uberctx-user", "ann")], "T S sampled", "T S sampled [uberctx-user=ann]", "baggage is no tracestate"),
    row(Peer::Jaeger, &[(UBER, "T:S:0:1"), ("uberctx-user.name", "ann")], "T S sampled", "nothing", "a baggage header does not decide about the ids"),
    row(Peer::Jaeger, &[("jaeger-debug-id", "ann")], "no ids, sampled debug", "nothing", "it asks for a debug trace, and that is a decision"),
];

const MEMBERS_33: &str = "k0=1,k1=1,k2=1,k3=1,k4=1,k5=1,k6=1,k7=1,k8=1,k9=1,k10=1,k11=1,k12=1,k13=1,k14=1,k15=1,k16=1,\
    k17=1,k18=1,k19=1,k20=1,k21=1,k22=1,k23=1,k24=1,k25=1,k26=1,k27=1,k28=1,k29=1,k30=1,k31=1,k32=1";

#[test]
fn every_difference_is_as_tabled() {
    let mut wrong = Vec::new();
    for row in TABLE {
        let lines = spelled(row.headers);
        let ours = by_gatespan(row.peer.formats(), &lines).to_string();
        let theirs = row.peer.reads(&lines).to_string().replace(MEMBERS_33, "33");
        if (ours.as_str(), theirs.as_str()) != (row.gatespan, row.theirs) {
            wrong.push(format!(
                "{:?} {:?}\n  gatespan says {ours:?}, the table {:?}\n  the peer says {theirs:?}, the table {:?}",
                row.peer, row.headers, row.gatespan, row.theirs
            ));
        }
        assert_ne!(
            row.gatespan, row.theirs,
            "no difference, no row: {:?}",
            row.headers
        );
        assert!(!row.why.is_empty(), "{:?}", row.headers);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is written for a context, or for none, where the two differ.
struct Written {
    peer: Peer,
    context: Option<State>,
    gatespan: &'static [&'static str],
    theirs: &'static [&'static str],
    why: &'static str,
}

#[rustfmt::skip]
static WRITTEN: &[Written] = &[
    Written {
        peer: Peer::W3c, context: Some(State::plain(true)),
        gatespan: &["traceparent: 00-T-S-01"],
        theirs: &["traceparent: 00-T-S-01", "tracestate: "],
        why: "an empty list is no header",
    },
    Written {
        peer: Peer::B3, context: Some(State::plain(true)),
        gatespan: &["b3: T-S-1"],
        theirs: &["b3: T-S-1", "x-b3-sampled: 1", "x-b3-spanid: S", "x-b3-traceid: T"],
        why: "what is not configured is not written; to the peer every encoding includes the unspecified one",
    },
    Written {
        peer: Peer::B3, context: None,
        gatespan: &[],
        theirs: &["b3: 0", "x-b3-sampled: 0"],
        why: "that nothing is known of a trace is no reason to deny it",
    },
    Written {
        peer: Peer::B3Multi, context: None,
        gatespan: &[],
        theirs: &["x-b3-sampled: 0"],
        why: "that nothing is known of a trace is no reason to deny it",
    },
    Written {
        peer: Peer::Jaeger, context: Some(State::plain(true)),
        gatespan: &["uber-trace-id: T:S:0:01"],
        theirs: &["uber-trace-id: T:S:0:1"],
        why: "two digits of flags, as other SDKs write them; every reader takes both",
    },
];

#[test]
fn every_difference_in_writing_is_as_tabled() {
    for row in WRITTEN {
        let context = row.context.map(|state| Context {
            trace: u128::from_str_radix(T, 16).unwrap(),
            span: u64::from_str_radix(S, 16).unwrap(),
            state,
            random: false,
            tracestate: String::new(),
        });
        let ours = written_by_gatespan(row.peer.format(), context.as_ref());
        let theirs = row.peer.writes(context.as_ref());
        assert_eq!(shown(&ours), row.gatespan, "{:?}: {}", row.peer, row.why);
        assert_eq!(shown(&theirs), row.theirs, "{:?}: {}", row.peer, row.why);
    }
}

fn shown(lines: &Lines) -> Vec<String> {
    let line = |(name, value): &(String, String)| {
        format!("{name}: {}", value.replace(T, "T").replace(S, "S"))
    };
    let mut lines: Vec<String> = lines.iter().map(line).collect();
    lines.sort();
    lines
}

/// `T` and `S` stand for the ids wherever no lower-case letter or digit of a word could be meant.
fn spelled(headers: &[(&str, &str)]) -> Lines {
    let value = |text: &str| text.replace('T', T).replace('S', S);
    headers
        .iter()
        .map(|(name, text)| ((*name).into(), value(text)))
        .collect()
}
