//! Requests that wait for their body.

use gatespan::outbox::Outcome;
use gatespan::{Admission, Decision, End, EndKind, Headers, Held, Pair, Request, Time};

use super::world::World;
use super::{OPIK, TRACEPARENT, metric, world};

const HEADERS: [Pair<'static>; 3] = [
    (b"content-type", b"application/json"),
    (b"accept", b"application/json, text/event-stream"),
    TRACEPARENT,
];
const MESSAGE: &[u8] = br#"{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
    "name": "search", "_meta": {"traceparent": "00-11111111111111111111111111111111-2222222222222222-01"}}}"#;

fn mcp() -> World {
    world(&OPIK.replacen(
        '{',
        r#"{"rule": {"genai": "metadata", "mcp_parent": "meta", "genai_api": "mcp"}, "#,
        1,
    ))
}

fn call<'a>() -> Request<'a> {
    Request {
        has_body: true,
        ..Request::new(b"POST", b"/mcp", Headers::new(&HEADERS))
    }
}

fn hold(world: &mut World) -> Held {
    world.refill();
    match world.gateway.admit(&call(), world.now) {
        Admission::ReadBody(held) => held,
        other => panic!("not held: {other:?}"),
    }
}

/// The trace id that goes upstream.
fn trace_of(admission: Admission<'_>) -> String {
    let Admission::Forward(forward) = admission else {
        panic!("not forwarded");
    };
    assert_eq!(forward.decision, Decision::Joined);
    format!("{:?}", forward.stream.own().unwrap().opik.unwrap().trace)
}

#[test]
fn held_request_joins_the_parent_of_its_body() {
    let mut world = mcp();
    let mut held = hold(&mut world);
    let (first, second) = MESSAGE.split_at(60);
    assert!(held.request_chunk(first), "the parent is not there yet");
    assert!(!held.request_chunk(second), "now it is");
    let by_body = trace_of(world.gateway.admit_held(held, &call(), world.now));

    let mut world = mcp();
    let held = hold(&mut world);
    let by_headers = trace_of(world.gateway.admit_held(held, &call(), world.now));
    assert_ne!(by_body, by_headers);
}

#[test]
fn request_without_a_body_is_not_held() {
    let mut world = mcp();
    let request = Request {
        has_body: false,
        ..call()
    };
    let stream = world.stream(&request);
    assert!(stream.is_recorded());
}

#[test]
fn request_is_held_for_five_seconds_at_most() {
    let mut world = mcp();
    let held = hold(&mut world);
    let begun = world.now;
    assert_eq!(held.deadline(), Time(begun.0 + 5_000_000_000));
    world.wait(4_999);
    assert!(!held.is_overdue(world.now));
    world.wait(1);
    assert!(held.is_overdue(world.now));
    let Admission::Forward(forward) = world.gateway.admit_held(held, &call(), world.now) else {
        panic!("not forwarded");
    };
    let stream = forward.stream;
    let end = End::new(EndKind::Complete, 200);
    world.gateway.close(stream, end, world.now);
    world.wait(1_000);
    // The span begins when the request arrived.
    let row = world.gateway.poll(world.now).unwrap().id;
    world.gateway.settle(row, Outcome::status(204), world.now);
    let body = world.gateway.poll(world.now).unwrap().body.to_vec();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(
        body["spans"][0]["start_time"],
        "2026-03-02T10:15:30.125000Z"
    );
    assert_eq!(body["spans"][0]["end_time"], "2026-03-02T10:15:35.125000Z");
}

#[test]
fn held_request_that_ends_early_is_recorded() {
    let mut world = mcp();
    let held = hold(&mut world);
    let stream = world.gateway.admit_late(Some(held), &call(), world.now);
    let end = End::new(EndKind::DownstreamReset, 0);
    world.gateway.close(stream.unwrap(), end, world.now);
    assert_eq!(metric(&world.gateway, "spans.recorded"), 1);
}
