//! Stories of any kind.

use gatespan::{End, EndKind, Word};
use proptest::prelude::*;

use super::stage::Story;

/// A story with texts of its own.
#[derive(Clone, Debug)]
pub struct Told {
    method: Vec<u8>,
    path: Vec<u8>,
    host: Vec<u8>,
    route: Option<Vec<u8>>,
    headers: Vec<(&'static str, Vec<u8>)>,
    end: End,
    nanos: u64,
}

impl Told {
    /// Hands it over as a story.
    pub fn told<R>(&self, take: impl FnOnce(&Story<'_>) -> R) -> R {
        let headers = self.headers.iter();
        let headers: Vec<(&[u8], &[u8])> = headers
            .map(|(name, value)| (name.as_bytes(), &**value))
            .collect();
        take(&Story {
            method: &self.method,
            path: &self.path,
            host: &self.host,
            route: self.route.as_deref(),
            headers: &headers,
            end: self.end,
            events: &[],
            nanos: self.nanos,
        })
    }
}

/// Plain texts, texts that need escaping, and bytes that are no text.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        2 => "[a-z/.]{0,20}".prop_map(String::into_bytes),
        2 => ".{0,40}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..300),
        1 => prop::collection::vec(prop_oneof![Just(b'"'), Just(b'\\'), 0_u8..0x20, Just(0xff)], 0..60),
        // Long enough for lengths of two digits, and to be cut.
        1 => "[a-zé🦀]{100,2500}".prop_map(String::into_bytes),
    ]
}

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0";

fn header() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let fixed = |name, value: &str| {
        let value = value.as_bytes().to_vec();
        Just((name, value))
    };
    prop_oneof![
        fixed("traceparent", &format!("{PARENT}1")),
        fixed("traceparent", &format!("{PARENT}3")),
        fixed(
            "traceparent",
            "00-019cae0bb9f27d088b6127e4a1c05f93-b0c791d62f4e8a1d-01"
        ),
        fixed("tracestate", "a=b,ot=th:8;rv:40000000000000"),
        fixed("opik_trace_id", "019cae0b-b9f2-7d08-8b61-27e4a1c05f93"),
        fixed(
            "opik_parent_span_id",
            "019cae0b-b9f3-7a5e-b0c7-91d62f4e8a1d"
        ),
        fixed("x-session", "conv-7"),
        bytes().prop_map(|value| ("x-session", value)),
        bytes().prop_map(|value| ("tracestate", value)),
        bytes().prop_map(|value| ("user-agent", value)),
        bytes().prop_map(|value| ("x-any", value)),
        bytes().prop_map(|value| ("b3", value)),
    ]
}

fn end() -> impl Strategy<Value = End> {
    let sizes = prop_oneof![Just(0), any::<u64>(), Just(u64::MAX)];
    (
        prop::option::of(100_u16..600),
        prop::option::of(prop_oneof![0_u32..17, any::<u32>()]),
        prop::sample::select(EndKind::MEANINGS),
        prop::option::of(sizes.clone()),
        prop::option::of(sizes),
    )
        .prop_map(
            |(status, grpc_status, kind, request_bytes, response_bytes)| End {
                status,
                grpc_status,
                kind,
                request_bytes,
                response_bytes,
            },
        )
}

pub fn story() -> impl Strategy<Value = Told> {
    let method = prop_oneof![3 => Just(b"GET".to_vec()), 1 => bytes()];
    (
        (method, bytes(), bytes(), prop::option::of(bytes())),
        prop::collection::vec(header(), 0..6),
        end(),
        prop_oneof![Just(0), 0..10_u64.pow(12)],
    )
        .prop_map(|((method, path, host, route), headers, end, nanos)| Told {
            method,
            path,
            host,
            route,
            headers,
            end,
            nanos,
        })
}

pub fn stories() -> impl Strategy<Value = Vec<Told>> {
    prop::collection::vec(story(), 1..7)
}

/// The rest of a document that records all that there is to be recorded; callers are linked to, or joined.
pub fn recording(inbound: &str) -> String {
    format!(
        r#", "formats": {{"extract": ["opik", "w3c", "b3"]}},
        "rule": {{"inbound": "{inbound}", "tags": ["edge", "q\"\\\u00e9"]}},
        "span": {{"headers": ["user-agent", "x-any"], "thread": "x-session", "query": ["q"], "name": "{{method}} {{path}} {{host}}{{route}}"}}"#
    )
}
