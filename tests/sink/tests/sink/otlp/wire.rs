//! Faults that only protobuf can have.

use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use super::bodies::{PROTOBUF, message, protobuf, refused, request, send, told};
use crate::client::sink;

type Change = fn(&mut Span);

#[test]
fn protobuf_can_hold_ids_of_any_length() {
    let sink = sink();
    let changes: [(Change, &str); 7] = [
        (
            |span| span.trace_id.truncate(15),
            "spans[0].traceId: must be 16 bytes",
        ),
        (
            |span| span.trace_id.push(1),
            "spans[0].traceId: must be 16 bytes",
        ),
        (
            |span| span.span_id.truncate(4),
            "spans[0].spanId: must be 8 bytes",
        ),
        (
            |span| span.span_id.extend([0; 8]),
            "spans[0].spanId: must be 8 bytes",
        ),
        (
            |span| span.parent_span_id.truncate(7),
            "spans[0].parentSpanId: must be 8 bytes",
        ),
        (
            |span| span.links[0].trace_id.truncate(15),
            "links[0].traceId: must be 16 bytes",
        ),
        (
            |span| span.links[0].span_id.push(1),
            "links[0].spanId: must be 8 bytes",
        ),
    ];
    for (change, reason) in changes {
        let mut body = message(&request());
        change(&mut body.resource_spans[0].scope_spans[0].spans[0]);
        refused(&sink, &protobuf(&sink, &body), reason, reason);
    }
}

/// A field of `number` with the wire type of bytes.
fn bytes(number: u8, inside: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut length = inside.len();
    while length > 0x7f {
        out.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    out.push(u8::try_from(length).unwrap());
    [out, inside.to_vec()].concat()
}

/// The example with these bytes after the fields of its first span.
fn with_span(more: &[u8]) -> Vec<u8> {
    let mut body = message(&request());
    let scope = &mut body.resource_spans[0].scope_spans[0];
    let first = bytes(
        2,
        &[scope.spans.remove(0).encode_to_vec(), more.to_vec()].concat(),
    );
    let scope = bytes(2, &[first, scope.encode_to_vec()].concat());
    let resource = body.resource_spans[0]
        .resource
        .take()
        .unwrap()
        .encode_to_vec();
    bytes(1, &[bytes(1, &resource), scope].concat())
}

/// A span's attribute whose value has these bytes.
fn key_value(value: &[u8]) -> Vec<u8> {
    bytes(9, &[bytes(1, b"k"), bytes(2, value)].concat())
}

#[test]
fn valid_protobuf_is_accepted() {
    let good = send(&sink(), "/v1/traces", PROTOBUF, &with_span(&[]));
    assert_eq!(good.status, 200, "{}", told(&good));
}

#[test]
fn protobuf_is_checked_to_the_last_field() {
    let sink = sink();
    let whole = message(&request()).encode_to_vec();
    let deep = (0..200).fold(bytes(1, b"x"), |inside, _| bytes(5, &bytes(1, &inside)));
    let span = "resourceSpans[0].scopeSpans[0].spans[0]";
    for (body, reason) in [
        (whole[..whole.len() - 1].to_vec(), "is cut short".to_owned()),
        (b"{}".to_vec(), "unknown here".to_owned()),
        (vec![0xff; 12], "is cut short, or no protobuf".to_owned()),
        (
            [whole.clone(), bytes(2, b"")].concat(),
            "holds a field 2, which is unknown here".to_owned(),
        ),
        (
            with_span(&[0x98, 0x01, 0x00]),
            format!("{span}: holds a field 19, which is unknown here"),
        ),
        (
            with_span(&bytes(5, b"name")),
            format!("{span}.name: occurs twice"),
        ),
        (
            with_span(&[6 << 3, 2]),
            format!("{span}.kind: occurs twice"),
        ),
        (
            with_span(&[10 << 3 | 1, 0, 0, 0, 0, 0, 0, 0, 0]),
            format!("{span}.droppedAttributesCount: has the wire type 1"),
        ),
        (
            with_span(&[9 << 3 | 2, 9, 1]),
            format!("{span}.attributes[6]: is cut short"),
        ),
        (
            with_span(&bytes(9, &bytes(1, &[0xff, 0xfe]))),
            format!("{span}.attributes[6].key: is not UTF-8"),
        ),
        (
            with_span(&key_value(&bytes(1, &[0xc3, 0x28]))),
            "attributes[6].value.stringValue: is not UTF-8".to_owned(),
        ),
        (
            with_span(&bytes(11, &bytes(2, &[0xed, 0xa0, 0x80]))),
            "events[1].name: is not UTF-8".to_owned(),
        ),
        (
            with_span(&key_value(&[bytes(1, b"a"), vec![2 << 3, 1]].concat())),
            "attributes[6].value: holds more than one value".to_owned(),
        ),
        (
            with_span(&key_value(&[8 << 3, 1])),
            "attributes[6].value: holds a field 8, which is unknown".to_owned(),
        ),
        (
            with_span(&key_value(&deep)),
            "is nested too deep".to_owned(),
        ),
    ] {
        let response = send(&sink, "/v1/traces", PROTOBUF, &body);
        refused(&sink, &response, &reason, &reason);
    }
}
