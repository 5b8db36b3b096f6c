//! A parent that stands in the message and not in the headers (SEP-414): it is the caller's, by all the laws, and the
//! headers tell of the way there.

use std::collections::BTreeMap;

use gatespan::Peer;
use gatespan::format::System;
use gatespan::{
    Availability, End, EndKind, Gate, Headers, Ids, OpenSpan, OtelIds, OwnIds, Pair, Rejection,
    Request, Sampling, SpanId, TraceId,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::apply::{self, Owned};
use crate::caller::{caller, consistent_caller};
use crate::{NOW, config, document, extracted, read};

const T: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const Q: &str = "00f067aa0ba902b7";
const M: &str = "0af7651916cd43dd8448eb211c80319c";
const N: &str = "b7ad6b7169203331";

/// What a gateway made of a message.
#[derive(PartialEq, Debug)]
struct Outcome {
    /// How many pieces were shown before it was decided.
    read: usize,
    upstream: Owned,
    own: Option<OwnIds>,
    links: Vec<OtelIds>,
    told: BTreeMap<String, String>,
}

impl Outcome {
    fn says(&self, name: &str) -> Option<&str> {
        self.told.get(name).map(String::as_str)
    }

    fn record(&mut self, mut open: Box<OpenSpan>, gate: &Gate, pieces: &[&[u8]]) {
        for piece in pieces {
            open.observe_request(piece);
        }
        let end = End {
            status: Some(200),
            grpc_status: None,
            kind: EndKind::Complete,
            request_bytes: None,
            response_bytes: None,
        };
        let span = gate.close(open, end, NOW);
        self.own = Some(span.own());
        span.links(&mut |ids| self.links.push(ids));
        span.attributes(&mut |told| {
            self.told
                .insert(told.key.to_string(), told.value.to_string());
        });
        if let Some(method) = span.findings().and_then(|findings| findings.method()) {
            let method = String::from_utf8(method.to_vec()).unwrap();
            self.told.insert("method".into(), method);
        }
    }
}

fn asked<'a>(pairs: &'a [Pair<'a>]) -> Request<'a> {
    Request {
        method: b"POST",
        scheme: b"https",
        path: b"/mcp",
        host: b"localhost",
        headers: Headers::new(pairs),
        peer: Peer {
            address: "10.0.0.1".parse().ok(),
            ..Peer::default()
        },
        route: None,
        rule: None,
        continues: None,
        has_body: false,
    }
}

/// What a gateway decides, and behind how many pieces.
fn admitted<'a>(
    gate: &'a Gate,
    request: &Request<'a>,
    pieces: &[&[u8]],
    entropy: &[u8; 20],
) -> (Result<gatespan::Pass<'a>, Rejection>, usize) {
    let export = Availability::Accepting(gate.config().receives());
    let mut read = 0;
    let admission = match gate.reader_ahead(request, NOW) {
        Some(mut exchange) => {
            for piece in pieces {
                if !exchange.awaits_parent() {
                    break;
                }
                exchange.request_chunk(piece);
                read += 1;
            }
            gate.decide(request, Some(exchange), export, NOW, || Some(*entropy))
        }
        None => gate.decide(request, None, export, NOW, || Some(*entropy)),
    };
    (admission, read)
}

/// Admits a message in pieces, as hosts do.
fn pass(
    document: &Value,
    came: &Owned,
    pieces: &[&[u8]],
    entropy: [u8; 20],
) -> Result<Outcome, Rejection> {
    let gate = Gate::new(config(document));
    let mut pairs: Vec<(&[u8], &[u8])> = vec![(b"content-type", b"application/json")];
    pairs.extend(came.iter().map(|(n, v)| (n.as_slice(), v.as_slice())));
    let request = asked(&pairs);
    let (admission, read) = admitted(&gate, &request, pieces, &entropy);
    let pass = admission?;
    let upstream = apply::apply(came, &pass.edits);
    let mut outcome = Outcome {
        read,
        upstream,
        own: None,
        links: Vec::new(),
        told: BTreeMap::new(),
    };
    if let Some(open) = pass.span {
        outcome.record(open, &gate, &pieces[read..]);
    }
    Ok(outcome)
}

fn message(parent: &str) -> String {
    format!(
        r#"{{"id":1,"method":"tools/call","params":{{"_meta":{{"traceparent":"{parent}"}},"name":"t"}}}}"#
    )
}

/// The same document, whose rule reads messages.
fn reading(mut document: Value) -> Value {
    let rule = document["rule"].as_object_mut();
    let mut rule = rule.map(core::mem::take).unwrap_or_default();
    let more = json!({ "genai": "metadata", "genai_api": "mcp", "mcp_parent": "meta" });
    rule.extend(more.as_object().unwrap().clone());
    document["rule"] = rule.into();
    let extract = document["formats"]["extract"].as_array_mut();
    if let Some(extract) = extract.filter(|extract| !extract.contains(&json!("w3c"))) {
        extract.push(json!("w3c"));
    }
    document
}

fn otlp(rule: &Value) -> Value {
    let backend = json!({ "kind": "otlp", "url": "http://otel.test", "cluster": "otel" });
    reading(
        json!({ "backend": backend, "rule": rule, "formats": { "extract": ["opik", "w3c", "b3"] } }),
    )
}

fn headers(lines: &[(&str, &str)]) -> Owned {
    let owned = |(name, value): &(&str, &str)| (name.as_bytes().into(), value.as_bytes().into());
    lines.iter().map(owned).collect()
}

fn of_headers() -> Owned {
    headers(&[("traceparent", &format!("00-{T}-{Q}-01"))])
}

fn ids(trace: &str, span: &str) -> OtelIds {
    OtelIds {
        trace: TraceId::from_bits(u128::from_str_radix(trace, 16).unwrap()).unwrap(),
        span: SpanId::from_bits(u64::from_str_radix(span, 16).unwrap()).unwrap(),
    }
}

#[test]
fn the_message_names_the_parent_and_the_headers_are_linked_to() {
    let mut came = of_headers();
    came.extend(headers(&[
        ("tracestate", "a=1"),
        ("b3", &format!("{T}-{Q}-1")),
    ]));
    let body = message(&format!("00-{M}-{N}-01"));
    let found = pass(&otlp(&json!({})), &came, &[body.as_bytes()], [7; 20]).unwrap();
    let own = found.own.unwrap();
    let place = own.otel.unwrap();
    assert_eq!(
        (place.trace, place.parent),
        (ids(M, N).trace, Some(ids(M, N).span))
    );
    assert_eq!(found.links, [ids(T, Q)]);
    assert_eq!(found.says("gatespan.client.http_trace_id"), Some(T));
    assert_eq!(found.says("gatespan.client.http_span_id"), Some(Q));
    assert_eq!(found.says("gatespan.decision"), Some("joined"));
    assert_eq!(found.says("gatespan.conflict"), None, "it is none");
    assert_eq!(found.says("method"), Some("tools/call"));
    let span = String::from_utf8(own.id.as_span().hex().to_vec()).unwrap();
    let sent = headers(&[
        ("b3", &format!("{M}-{span}-1")),
        ("traceparent", &format!("00-{M}-{span}-01")),
    ]);
    let mut upstream = found.upstream;
    upstream.sort();
    assert_eq!(upstream, sent, "and the tracestate was that of other ids");
}

/// An application that reports to Opik says so in headers, which a message has no words for: both count (law 4).
#[test]
fn opiks_parent_stays_that_of_the_headers() {
    let (u, p) = (crate::opik_id([1; 10]), crate::opik_id([2; 10]));
    let text = |id: gatespan::OpikId| String::from_utf8(id.dashed().to_vec()).unwrap();
    let came = headers(&[
        ("opik_trace_id", &text(u)),
        ("opik_parent_span_id", &text(p)),
    ]);
    let opik = json!({ "kind": "opik", "url": "http://opik.test", "cluster": "opik" });
    let mut document = otlp(&json!({}));
    document["backends"] = json!([opik, document["backend"].take()]);
    document.as_object_mut().unwrap().remove("backend");
    let body = message(&format!("00-{M}-{N}-01"));
    let found = pass(&document, &came, &[body.as_bytes()], [7; 20]).unwrap();
    let own = found.own.unwrap();
    let (in_opik, in_otel) = (own.opik.unwrap(), own.otel.unwrap());
    assert_eq!((in_opik.trace, in_opik.parent), (u, Some(p)));
    assert_eq!(
        (in_otel.trace, in_otel.parent),
        (ids(M, N).trace, Some(ids(M, N).span))
    );
    assert_eq!(found.links, []);
    assert_eq!(found.says("gatespan.client.trace_id"), Some(M));
}

#[test]
fn headers_that_say_the_same_are_no_link_and_keep_their_state() {
    let mut came = of_headers();
    came.extend(headers(&[("tracestate", "a=1")]));
    let body = message(&format!("00-{T}-{Q}-00"));
    let found = pass(&otlp(&json!({})), &came, &[body.as_bytes()], [7; 20]).unwrap();
    assert_eq!(found.own, None, "the message's flag says so");
    let body = message(&format!("00-{T}-{Q}-03"));
    let found = pass(&otlp(&json!({})), &came, &[body.as_bytes()], [7; 20]).unwrap();
    assert_eq!(found.links, []);
    assert!(found.own.unwrap().otel.unwrap().random);
    assert!(
        found
            .upstream
            .contains(&headers(&[("tracestate", "a=1")])[0])
    );
}

#[test]
fn a_deny_of_a_format_that_is_not_believed_counts_here_too() {
    let mut document = otlp(&json!({}));
    let body = message(&format!("00-{M}-{N}-01"));
    for (extract, is_recorded) in [(json!(["w3c", "b3"]), true), (json!(["w3c"]), false)] {
        document["formats"]["extract"] = extract;
        let found = pass(
            &document,
            &headers(&[("b3", "0")]),
            &[body.as_bytes()],
            [7; 20],
        );
        assert_eq!(found.unwrap().own.is_some(), is_recorded, "law 13");
    }
}

#[test]
fn the_stance_of_the_rule_is_that_of_the_message() {
    let body = message(&format!("00-{M}-{N}-01"));
    let strangers =
        |untrusted| json!({ "trust": { "cidr": ["192.0.2.0/24"] }, "untrusted": untrusted });
    for (rule, read, links, decision) in [
        (
            json!({ "inbound": "link" }),
            1,
            vec![ids(M, N), ids(T, Q)],
            "linked",
        ),
        (strangers("link"), 1, vec![ids(M, N), ids(T, Q)], "linked"),
        (strangers("restart"), 0, vec![], "restarted"),
        (
            json!({ "trust": { "cidr": ["10.0.0.0/8"] } }),
            1,
            vec![ids(T, Q)],
            "joined",
        ),
    ] {
        let found = pass(&otlp(&rule), &of_headers(), &[body.as_bytes()], [7; 20]).unwrap();
        assert_eq!((found.read, &found.links), (read, &links), "{rule}");
        assert_eq!(found.says("gatespan.decision"), Some(decision), "{rule}");
        let upstream = format!("{:?}", apply_texts(&found.upstream));
        assert_eq!(
            upstream.contains(M),
            decision == "joined",
            "{rule}: {upstream}"
        );
        assert!(!upstream.contains(T), "{rule}: {upstream}");
    }
    let refused = pass(
        &otlp(&strangers("reject")),
        &of_headers(),
        &[body.as_bytes()],
        [7; 20],
    );
    assert!(matches!(refused, Err(Rejection::Untrusted)));
}

fn apply_texts(headers: &Owned) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    headers
        .iter()
        .map(|(n, v)| text(n) + ": " + &text(v))
        .collect()
}

/// It is a `traceparent` like any other, so it is enough where one is required.
#[test]
fn what_is_required_may_stand_in_the_message() {
    let rule = json!({ "missing": "reject", "require": ["w3c"] });
    let body = message(&format!("00-{M}-{N}-01"));
    assert!(pass(&otlp(&rule), &vec![], &[body.as_bytes()], [7; 20]).is_ok());
    for parent in [
        "",
        "no",
        &format!("00-{M}-{N}-1"),
        &format!("00-{}-{N}-01", "0".repeat(32)),
    ] {
        let body = message(parent);
        let refused = pass(&otlp(&rule), &vec![], &[body.as_bytes()], [7; 20]);
        let Err(rejection @ Rejection::Missing(_)) = refused else {
            panic!("{parent}: {refused:?}")
        };
        assert_eq!(rejection.detail(), "missing: send traceparent");
    }
}

#[test]
fn nobody_else_is_held() {
    let body = message(&format!("00-{M}-{N}-01"));
    let count = |document: &Value, lines: &[(&str, &str)]| {
        let found = pass(document, &headers(lines), &[body.as_bytes()], [7; 20]);
        found.map(|found| found.read)
    };
    let meta = otlp(&json!({}));
    assert_eq!(count(&meta, &[]), Ok(1));
    for lines in [("content-encoding", "gzip"), ("expect", "100-continue")] {
        assert_eq!(count(&meta, &[lines]), Ok(0), "{lines:?}");
    }
    for rule in [
        json!({ "mcp_parent": "headers" }),
        json!({ "genai": "off" }),
        json!({ "genai_api": "openai_chat" }),
        json!({ "inbound": "off" }),
        json!({ "inbound": "restart" }),
    ] {
        let mut document = meta.clone();
        let mut route = json!({ "match": { "path": "/mcp" } });
        route
            .as_object_mut()
            .unwrap()
            .extend(rule.as_object().unwrap().clone());
        document["routes"] = json!([route]);
        assert_eq!(count(&document, &[]), Ok(0), "{rule}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the headers say: the trace is the message's, and every family that goes out says so.
    #[test]
    fn a_message_decides_the_trace(caller in caller(), document in document(), entropy: [u8; 20], is_sampled: bool) {
        let document = reading(document);
        let body = message(&format!("00-{M}-{N}-0{}", u8::from(is_sampled)));
        let outcome = pass(&document, &caller.headers(), &[body.as_bytes()], entropy).unwrap();
        let parent = ids(M, N);
        let place = outcome.own.and_then(|own| own.otel);
        prop_assert!(place.is_none_or(|place| (place.trace, place.parent) == (parent.trace, Some(parent.span))));
        let found = read(&outcome.upstream);
        let mut said = found.iter().filter(|(system, ..)| *system == System::Otel);
        if let Some(first) = said.next() {
            let (_, Ids::Otel(out), sampling) = first else { panic!("{first:?}") };
            prop_assert_eq!(out.trace, parent.trace);
            if let Some(own) = outcome.own {
                let expected = if place.is_some() { own.id.as_span() } else { parent.span };
                prop_assert_eq!(out.span, expected);
            }
            prop_assert!(is_sampled || *sampling == Sampling::Deny);
            prop_assert!(said.all(|other| other == first), "{:?}", outcome.upstream);
        }
    }

    /// The ids of the headers are a link, if they are others.
    #[test]
    fn what_the_headers_said_is_remembered(caller in consistent_caller(), document in document(), entropy: [u8; 20]) {
        let mut document = reading(document);
        document["rule"]["record"] = json!(true);
        let came = caller.headers();
        let body = message(&format!("00-{M}-{N}-01"));
        let outcome = pass(&document, &came, &[body.as_bytes()], entropy).unwrap();
        if outcome.own.is_some() {
            let of_headers = extracted(&document, &came).into_iter().find_map(|(_, ids, _)| match ids {
                Ids::Otel(ids) => Some(ids),
                _ => None,
            });
            prop_assert_eq!(outcome.links, Vec::from_iter(of_headers));
        }
    }

    /// Without a parent in the message everything is as without the message.
    #[test]
    fn without_a_parent_the_headers_count(caller in caller(), document in document(), entropy: [u8; 20]) {
        let plain = reading(document);
        let mut other = plain.clone();
        other["rule"]["mcp_parent"] = json!("headers");
        let listed = format!("[{}", message(&format!("00-{M}-{N}-01")));
        let unfinished = &listed[..listed.len() - 14];
        for body in [&message("00-zz")[..], &listed, unfinished, "{}", "[]", "{", ""] {
            let held = pass(&plain, &caller.headers(), &[body.as_bytes()], entropy).unwrap();
            let let_pass = pass(&other, &caller.headers(), &[body.as_bytes()], entropy).unwrap();
            prop_assert_eq!((held.read, let_pass.read), (1, 0));
            prop_assert_eq!(Outcome { read: 0, ..held }, let_pass);
        }
    }

    /// However a message is cut into pieces, wherever its parent stands, and whatever stands behind that.
    #[test]
    fn pieces_change_nothing(
        cuts in prop::collection::vec(0..20_000_usize, 0..6),
        filling in prop::sample::select(vec![0, 10, 16_200, IN_TIME, IN_TIME + 1, 16_384, 18_000]),
        behind in prop::sample::select(vec!["", AGAIN, ",]"]),
        entropy: [u8; 20],
    ) {
        let meta = format!(r#""_meta":{{"traceparent":"00-{M}-{N}-01"}}"#);
        let body = format!(r#"{{"method":"tools/call","params":{{"x":"{}",{meta}{behind}}}}}"#, "x".repeat(filling));
        let mut ends: Vec<usize> = cuts.into_iter().filter(|cut| *cut < body.len()).collect();
        ends.push(body.len());
        ends.sort_unstable();
        let mut start = 0;
        let pieces = ends.into_iter().map(|end| &body.as_bytes()[core::mem::replace(&mut start, end)..end]);
        let pieces: Vec<&[u8]> = pieces.collect();
        let whole = pass(&otlp(&json!({})), &of_headers(), &[body.as_bytes()], entropy).unwrap();
        let cut = pass(&otlp(&json!({})), &of_headers(), &pieces, entropy).unwrap();
        let parent = whole.own.unwrap().otel.unwrap().parent.unwrap();
        prop_assert_eq!(parent, if filling <= IN_TIME { ids(M, N).span } else { ids(T, Q).span });
        prop_assert_eq!(Outcome { read: 0, ..cut }, Outcome { read: 0, ..whole });
    }
}

/// So much may stand before a parent that ends with the last byte that is awaited.
const IN_TIME: usize = 16_384 - 120;
/// A second one, of which no part of an outcome may depend.
const AGAIN: &str =
    r#","_meta":{"traceparent":"00-11111111111111111111111111111111-1111111111111111-00"}"#;
