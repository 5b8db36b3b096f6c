//! A parent that stands in the message and not in the headers (SEP-414): it is the caller's, by all the laws, and the
//! headers tell of the way there.

use std::collections::BTreeMap;

use gatespan::Peer;
use gatespan::{
    Availability, End, EndKind, Gate, Headers, OpenSpan, OtelIds, OwnIds, Pair, Rejection, Request,
    SpanId, TraceId,
};
use serde_json::{Value, json};

use crate::apply::{self, Owned};
use crate::{NOW, config};

pub const T: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub const Q: &str = "00f067aa0ba902b7";
pub const M: &str = "0af7651916cd43dd8448eb211c80319c";
pub const N: &str = "b7ad6b7169203331";

/// What a gateway made of a message.
#[derive(PartialEq, Debug)]
pub struct Outcome {
    /// How many pieces were shown before it was decided.
    pub read: usize,
    pub upstream: Owned,
    pub own: Option<OwnIds>,
    pub links: Vec<OtelIds>,
    pub told: BTreeMap<String, String>,
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
pub fn pass(
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

pub fn message(parent: &str) -> String {
    format!(
        r#"{{"id":1,"method":"tools/call","params":{{"_meta":{{"traceparent":"{parent}"}},"name":"t"}}}}"#
    )
}

/// The same document, whose rule reads messages.
pub fn reading(mut document: Value) -> Value {
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

pub fn otlp(rule: &Value) -> Value {
    let backend = json!({ "kind": "otlp", "url": "http://otel.test", "cluster": "otel" });
    reading(
        json!({ "backend": backend, "rule": rule, "formats": { "extract": ["opik", "w3c", "b3"] } }),
    )
}

pub fn headers(lines: &[(&str, &str)]) -> Owned {
    let owned = |(name, value): &(&str, &str)| (name.as_bytes().into(), value.as_bytes().into());
    lines.iter().map(owned).collect()
}

pub fn of_headers() -> Owned {
    headers(&[("traceparent", &format!("00-{T}-{Q}-01"))])
}

pub fn ids(trace: &str, span: &str) -> OtelIds {
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
