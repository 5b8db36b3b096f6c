//! How often one admission allocates. Counted on the test's own thread, so that the numbers are exact.
//!
//! The aim: the list of edits, the values in it that are too long to be kept in place, the open span and the one buffer of
//! its texts; nothing for each header, and nothing for each format.
#![allow(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "a test"
)]

use gatespan_peers::gateway::{admit, pairs, request};
use gatespan_peers::requests::{Case, cases, crowded};

const EDITS: &str = "the list of edits";
const TEXTS: &str = "the buffer of the open span's texts";
const SPAN: &str = "the open span, which would else be copied from hand to hand";

const ONWARD: &str = "what a second pass continues, where no span knows it";

/// What is allocated in each case, and what for. No value is among it: an id is kept in its edit.
const EXPECTED: [(&str, &[&str]); 7] = [
    ("(a) w3c, to otlp", &[EDITS, TEXTS, SPAN]),
    // It stays as it came, so no list of members is made.
    ("(a+) w3c with tracestate, to otlp", &[EDITS, TEXTS, SPAN]),
    // The traceparent stays as it came.
    ("(b) opik and w3c, to opik", &[EDITS, TEXTS, SPAN]),
    ("(b+) opik and w3c, to opik and otlp", &[EDITS, TEXTS, SPAN]),
    // Four formats are respelt, in the room of one list.
    ("(c) composite, to otlp", &[EDITS, TEXTS, SPAN]),
    // Nothing is recorded and the header is canonical: there is nothing to say.
    ("(d) w3c, headers only", &[ONWARD]),
    ("(e) nothing came, minted, to otlp", &[EDITS, TEXTS, SPAN]),
];

#[test]
fn an_admission_allocates_what_it_hands_over() {
    let cases = cases();
    assert_eq!(cases.len(), EXPECTED.len());
    for (case, (name, expected)) in cases.iter().zip(EXPECTED) {
        assert_eq!(case.name, name);
        assert_eq!(count(case), expected.len() as u64, "{name}: {expected:?}");
    }
}

#[test]
fn foreign_headers_cost_no_allocation() {
    for (case, (name, expected)) in cases().into_iter().zip(EXPECTED) {
        let case = crowded(case, 60);
        assert_eq!(case.lines.len(), 60);
        assert_eq!(count(&case), expected.len() as u64, "{name}");
    }
}

fn count(case: &Case) -> u64 {
    let pairs = pairs(&case.lines);
    let request = request(&pairs);
    let mut admission = None;
    let counted = allocation_counter::measure(|| {
        admission = Some(admit(&case.gate, &request));
    });
    drop(admission);
    counted.count_total
}
