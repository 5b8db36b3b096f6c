//! What the words of an answer say about a batch that was accepted.

use gatespan::outbox::Dropped;
use proptest::prelude::*;

use super::stage::{BACKENDS, LILYPAD, OPIK, OTLP, OTLP_JSON, OTLP_OPIK, Stage, calls};

/// How many of three spans are counted as refused for an answer.
fn missing(backend: &str, code: u16, answer: &[u8]) -> u64 {
    let mut stage = Stage::with(backend, r#"{"batch_spans": 3}"#);
    (0..3).for_each(|index| stage.joined(&index.to_string()));
    let sent = stage.sent();
    stage.reply(&sent, code, answer);
    let counters = stage.counters();
    let missing = stage.dropped(Dropped::Refused);
    assert_eq!(counters.exported, 3 - missing);
    assert_eq!(
        counters.calls,
        calls(1, 0, 0, 0),
        "it was accepted all the same"
    );
    assert_eq!((counters.queued, stage.poll()), (0, None));
    missing
}

#[test]
fn an_answer_is_read_where_it_says_something() {
    for (backend, reads) in [
        (OPIK, false),
        (OTLP, true),
        (OTLP_JSON, true),
        (OTLP_OPIK, false),
        (LILYPAD, true),
    ] {
        let mut stage = Stage::with(backend, r#"{"batch_spans": 1}"#);
        stage.joined("0");
        assert_eq!(stage.sent().reads_response, reads, "{backend}");
    }
}

/// An answer in protocol buffers: `partial_success`, in which these bytes stand.
fn partial(inside: &[&[u8]]) -> Vec<u8> {
    let inside = inside.concat();
    [&[0x0a, inside.len() as u8], &inside[..]].concat()
}

#[test]
fn partial_success_in_protocol_buffers() {
    const TWO: &[u8] = &[0x08, 2];
    const MESSAGE: &[u8] = &[0x12, 3, b'w', b'h', b'y'];
    const MINUS_ONE: &[u8] = &[0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1];
    const MANY: &[u8] = &[0x08, 255, 255, 255, 255, 255, 255, 255, 255, 127];
    let unknown: &[u8] = &[0x1d, 1, 2, 3, 4, 0x20, 5];
    for (answer, wanted, why) in [
        (partial(&[TWO]), 2, "as it is"),
        (partial(&[TWO, MESSAGE]), 2, "with a word of why"),
        (partial(&[MESSAGE, TWO]), 2, "in another order"),
        (partial(&[unknown, TWO]), 2, "behind what nobody knows"),
        ([unknown, &partial(&[TWO])].concat(), 2, "likewise, outside"),
        (
            partial(&[&[0x08, 0x82, 0x80, 0]]),
            2,
            "with zeros behind the last digit",
        ),
        (partial(&[&[0x08, 9]]), 3, "more than were sent"),
        (partial(&[MANY]), 3, "more than a host of 32 bits can count"),
        (partial(&[MINUS_ONE]), 0, "less than none"),
        (partial(&[MESSAGE]), 0, "a warning alone"),
        (partial(&[]), 0, "nothing rejected"),
        (Vec::new(), 0, "nothing at all"),
        (
            partial(&[TWO, MESSAGE])[..5].to_vec(),
            2,
            "cut off behind the number",
        ),
        (partial(&[&[0x08, 0x82]]), 0, "cut off in the number"),
        (
            partial(&[MESSAGE, TWO])[..4].to_vec(),
            0,
            "cut off before the number",
        ),
        (
            b"{\"partialSuccess\":{\"rejectedSpans\":2}}".to_vec(),
            0,
            "in JSON",
        ),
        (b"<html>OK</html>".to_vec(), 0, "somebody else's"),
    ] {
        assert_eq!(missing(OTLP, 200, &answer), wanted, "{why}");
    }
}

#[test]
fn partial_success_in_json() {
    for (answer, wanted) in [
        (
            r#"{"partialSuccess":{"rejectedSpans":"2","errorMessage":"why"}}"#,
            2,
        ),
        (
            r#"{"partialSuccess": {"errorMessage": "why", "rejectedSpans": 2}}"#,
            2,
        ),
        (
            r#"{"partialSuccess":{"errorMessage":"rejectedSpans","rejectedSpans":"1"}}"#,
            1,
        ),
        (
            r#"{"partialSuccess":{"errorMessage":"\"rejectedSpans\":1"}}"#,
            0,
        ),
        (r#"{"partialSuccess":{"rejectedSpans":"9"}}"#, 3),
        (
            r#"{"partialSuccess":{"rejectedSpans":"9223372036854775807"}}"#,
            3,
        ),
        (r#"{"partialSuccess":{"rejectedSpans":"-1"}}"#, 0),
        (r#"{"partialSuccess":{"rejectedSpans":null}}"#, 0),
        (r#"{"partialSuccess":{"rejectedSpans":"2"#, 0),
        (r#"{"partialSuccess":{}}"#, 0),
        ("{}", 0),
        ("", 0),
    ] {
        assert_eq!(
            missing(OTLP_JSON, 200, answer.as_bytes()),
            wanted,
            "{answer}"
        );
    }
}

#[test]
fn lilypad_says_how_many_it_has_stored_when_it_has_stored_them() {
    for (answer, wanted) in [
        (
            r#"{"trace_status":"processed","span_count":3,"message":"","trace_ids":[]}"#,
            0,
        ),
        (r#"{"trace_status":"processed","span_count":1}"#, 2),
        (r#"{"span_count": 0, "trace_status": "processed"}"#, 3),
        // A root whose children we have not sent is counted with them.
        (r#"{"trace_status":"processed","span_count":7}"#, 0),
        // It does not know yet.
        (r#"{"trace_status":"queued","span_count":0}"#, 0),
        (
            r#"{"trace_status":"queued","span_count":1,"message":"processed"}"#,
            0,
        ),
        (r#"{"trace_status":"processed"}"#, 0),
        (r#"{"trace_status":"processed","span_count":null}"#, 0),
        (r#"{"trace_status":"processed","span_count":"#, 0),
        (r#"{"span_count":0}"#, 0),
        ("", 0),
    ] {
        assert_eq!(missing(LILYPAD, 200, answer.as_bytes()), wanted, "{answer}");
    }
}

#[test]
fn an_answer_is_no_word_about_rows() {
    // Of the calls of a batch the last one brings the spans; those before it have no spans to miss.
    let mut stage = Stage::with(OTLP_OPIK, r#"{"batch_spans": 3}"#);
    stage.mint(3);
    for _ in 0..2 {
        let sent = stage.sent();
        stage.reply(&sent, 200, &partial(&[&[0x08, 2]]));
    }
    assert_eq!(
        stage.counters().exported,
        3,
        "Opik's receiver knows no partial success"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn any_answer_leaves_counters_that_add_up(
        backend in prop::sample::select(BACKENDS.as_slice()),
        answer in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            prop::collection::vec(prop::sample::select(vec![0x08_u8, 0x0a, 0x12, 0x80, 0xff, 2, 0]), 0..20),
            r#"\{?("partialSuccess":\{)?"(rejectedSpans|span_count|trace_status)" ?:? ?"?(processed|-?[0-9]{0,25})"?\}?"#.prop_map(String::into_bytes),
        ],
    ) {
        missing(backend, 200, &answer);
    }
}
