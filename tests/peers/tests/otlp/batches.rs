//! Several spans in a body, and bodies that were cut in two: their lengths are written anew.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use super::stage::{STORY, Stage, Story};
use super::told::document;

const ENCODINGS: [&str; 2] = ["protobuf", "json"];

/// A stage with so many stories, each with a path of its own, in one batch.
fn filled(encoding: &str, count: usize) -> Stage {
    let mut stage = empty(encoding);
    for index in 0..count {
        // Their lengths differ, so that they have one digit, two and three.
        let path = format!("/{index}/{}", "x".repeat(index * 37 % 2_000));
        stage.tell(&Story {
            path: path.as_bytes(),
            ..STORY
        });
    }
    stage
}

fn empty(encoding: &str) -> Stage {
    let of_backend = format!(r#", "encoding": "{encoding}", "resource": {{"a": "é\""}}"#);
    let export =
        r#", "export": {"batch_spans": 1000, "batch_bytes": 20000000, "queue_bytes": 40000000}"#;
    Stage::new(&document(&of_backend, export))
}

fn number(span: &Span) -> usize {
    let name = span.name.strip_prefix("POST /").unwrap();
    name.split('/').next().unwrap().parse().unwrap()
}

#[test]
fn a_batch_is_one_resource_with_one_scope_and_all_its_spans() {
    for count in [1, 2, 7, 1_000] {
        let [protobuf, json] = ENCODINGS.map(|encoding| {
            let [call] = <[_; 1]>::try_from(filled(encoding, count).drain()).unwrap();
            call
        });
        let numbers: Vec<usize> = protobuf.spans().iter().map(number).collect();
        assert_eq!(numbers, (0..count).collect::<Vec<_>>());
        assert_eq!(protobuf.read(), json.read());
    }
}

#[test]
fn what_is_sent_again_in_halves_is_what_was_sent_before() {
    for encoding in ENCODINGS {
        for count in [2, 3, 33] {
            let mut stage = filled(encoding, count);
            let whole = stage.poll().unwrap();
            stage.answer(&whole, 400);
            let halves = stage.drain();
            assert_eq!(halves.len(), 2);
            let mut joined = halves[0].group();
            joined.scope_spans[0].spans.extend(halves[1].spans());
            assert_eq!(joined, whole.group(), "{encoding}");
        }
    }
}

#[test]
fn every_bad_span_is_found_in_bodies_that_are_whole() {
    for encoding in ENCODINGS {
        for code in [400, 413, 422] {
            let mut stage = filled(encoding, 20);
            let is_bad = |span: &Span| [0, 7, 8, 19].contains(&number(span));
            let mut stored: BTreeMap<usize, usize> = BTreeMap::new();
            while let Some(call) = stage.poll() {
                let spans = call.spans();
                assert!(call.group().resource.is_some() && !spans.is_empty());
                if spans.iter().any(is_bad) {
                    stage.answer(&call, code);
                    continue;
                }
                for span in &spans {
                    *stored.entry(number(span)).or_default() += 1;
                }
                stage.answer(&call, 200);
            }
            let wanted = (0..20).filter(|number| ![0, 7, 8, 19].contains(number));
            assert!(stored.into_iter().eq(wanted.map(|number| (number, 1))));
        }
    }
}

#[test]
fn lengths_are_right_to_the_byte() {
    // A reader that knows nothing of our zeros behind the last digit writes it shorter, and the same.
    let [call] = <[_; 1]>::try_from(filled("protobuf", 50).drain()).unwrap();
    let again = call.read().encode_to_vec();
    // Four lengths around the spans and one for each of them, of which each is at most three digits too long.
    assert!(again.len() < call.body.len() && call.body.len() <= again.len() + 3 * 54);
}
