//! Which requests are held for their body, and that the outcome does not depend on how it is cut.

use gatespan::format::System;
use gatespan::{Ids, Sampling};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::caller::{caller, consistent_caller};
use crate::message::{M, N, Outcome, Q, T, headers, ids, message, of_headers, otlp, pass, reading};
use crate::{document, extracted, read};

#[test]
fn no_other_request_is_held() {
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
