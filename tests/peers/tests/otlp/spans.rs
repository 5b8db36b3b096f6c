//! Whole spans, one for each way in which a span comes about.

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::Span;

use super::expected::{List, Says, Text, attribute, hex, in_order, link, minted, sorted};
use super::stage::{STORY, Story};
use super::told::{span, told};

const T: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const S: &str = "00f067aa0ba902b7";
const W3C: (&[u8], &[u8]) = (
    b"traceparent",
    b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
);
const OPIK: [(&[u8], &[u8]); 2] = [
    (b"opik_trace_id", b"019cae0b-b9f2-7d08-8b61-27e4a1c05f93"),
    (
        b"opik_parent_span_id",
        b"019cae0b-b9f3-7a5e-b0c7-91d62f4e8a1d",
    ),
];

/// The span of the story with these headers.
fn with(more: &str, headers: &[(&[u8], &[u8])]) -> Span {
    in_order(span(more, &Story { headers, ..STORY }))
}

fn joined(further: &[(&str, Says<'_>)]) -> Span {
    let decision = [("gatespan.decision", Text("joined"))];
    Span {
        trace_id: hex(T),
        parent_span_id: hex(S),
        flags: 0x301,
        ..minted(&[&decision, further].concat())
    }
}

#[test]
fn a_minted_trace_has_a_root() {
    assert_eq!(with("", &[]), minted(&[]));
}

#[test]
fn a_joined_trace_has_its_remote_parent() {
    assert_eq!(with("", &[W3C]), joined(&[]));
    let random = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03";
    let wanted = Span {
        flags: 0x303,
        ..joined(&[])
    };
    assert_eq!(with("", &[(b"traceparent", random)]), wanted);
}

#[test]
fn the_state_is_that_which_goes_upstream() {
    for (came, written) in [
        (
            "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
            "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7",
        ),
        (
            "ot=th:8;rv:c0000000000000,a=b",
            "ot=th:8;rv:c0000000000000,a=b",
        ),
        // A threshold that contradicts the flag is not what decided it.
        ("a=b,ot=th:8;rv:40000000000000", "ot=rv:40000000000000,a=b"),
        ("", ""),
        ("garbage", ""),
    ] {
        let headers = [W3C, (b"tracestate", came.as_bytes())];
        let mut found = with("", &headers);
        found
            .attributes
            .retain(|attribute| attribute.key != "gatespan.fault");
        let wanted = Span {
            trace_state: written.to_owned(),
            ..joined(&[])
        };
        assert_eq!(found, wanted, "{came}");
    }
}

#[test]
fn a_root_that_was_kept_by_chance_says_by_which() {
    let wanted = Span {
        trace_state: "ot=th:4".to_owned(),
        ..minted(&[])
    };
    assert_eq!(with(r#", "rule": {"sample": 0.75}"#, &[]), wanted);
}

#[test]
fn a_caller_of_opik_is_the_parent_as_well() {
    let wanted = Span {
        trace_id: hex("019cae0bb9f27d088b6127e4a1c05f93"),
        parent_span_id: hex("b0c791d62f4e8a1d"),
        flags: 0x301,
        ..joined(&[
            (
                "gatespan.client.opik_trace_id",
                Text("019cae0b-b9f2-7d08-8b61-27e4a1c05f93"),
            ),
            (
                "gatespan.client.opik_parent_span_id",
                Text("019cae0b-b9f3-7a5e-b0c7-91d62f4e8a1d"),
            ),
        ])
    };
    assert_eq!(with("", &OPIK), wanted);
    let at_the_top = with("", &OPIK[..1]);
    assert_eq!(at_the_top.parent_span_id, Vec::<u8>::new());
    assert_eq!(
        at_the_top.flags, 0x101,
        "those bits are not ours to vouch for"
    );
}

const LINK: &str = r#", "rule": {"inbound": "link"}"#;

#[test]
fn a_stranger_is_linked_to() {
    let wanted = Span {
        links: vec![link(T, S)],
        ..minted(&[
            ("gatespan.decision", Text("linked")),
            ("gatespan.client.trace_id", Text(T)),
            ("gatespan.client.span_id", Text(S)),
        ])
    };
    let state = (b"tracestate".as_slice(), b"a=b".as_slice());
    assert_eq!(with(LINK, &[W3C, state]), wanted);
}

#[test]
fn a_stranger_of_opik_is_linked_to() {
    let wanted = Span {
        links: vec![link("019cae0bb9f27d088b6127e4a1c05f93", "b0c791d62f4e8a1d")],
        ..minted(&[
            ("gatespan.decision", Text("linked")),
            (
                "gatespan.client.opik_trace_id",
                Text("019cae0b-b9f2-7d08-8b61-27e4a1c05f93"),
            ),
            (
                "gatespan.client.opik_parent_span_id",
                Text("019cae0b-b9f3-7a5e-b0c7-91d62f4e8a1d"),
            ),
        ])
    };
    assert_eq!(with(LINK, &OPIK), wanted);
    // A link names a span, and there is none.
    assert_eq!(with(LINK, &OPIK[..1]).links, []);
}

#[test]
fn what_is_restarted_is_forgotten() {
    let wanted = minted(&[("gatespan.decision", Text("restarted"))]);
    let restart = r#", "rule": {"inbound": "restart"}"#;
    assert_eq!(with(restart, &[W3C, OPIK[0], OPIK[1]]), wanted);
}

#[test]
fn headers_tags_and_thread_are_told() {
    let more = r#", "span": {"headers": ["User-Agent", "x-plan"], "thread": "x-session"}, "rule": {"tags": ["edge", "eu \"west\""]}"#;
    let headers: [(&[u8], &[u8]); 3] = [
        (b"user-agent", b"curl/8"),
        (b"x-plan", b""),
        (b"x-session", b"conv-7"),
    ];
    let wanted = minted(&[
        // The conventions make a list of a header, which may come several times.
        ("http.request.header.user-agent", List(&["curl/8"])),
        ("http.request.header.x-plan", List(&[""])),
        ("gen_ai.conversation.id", Text("conv-7")),
        ("gatespan.tags", List(&["edge", "eu \"west\""])),
    ]);
    assert_eq!(with(more, &headers), wanted);
}

#[test]
fn what_was_refused_is_told() {
    let formats = r#", "formats": {"extract": ["w3c", "b3"]}"#;
    let found = with(formats, &[W3C, (b"b3", b"garbage")]);
    assert!(
        found
            .attributes
            .iter()
            .any(|one| one.key == "gatespan.fault")
    );
    assert_eq!(found.parent_span_id, hex(S));
}

#[test]
fn the_resource_is_the_gateway_and_what_it_was_told_to_be() {
    let service = r#", "service": "edge""#;
    for (resource, wanted) in [
        ("{}", vec![("service.name", "edge")]),
        (
            r#"{"deployment.environment.name": "prod", "quoted \"": "\\"}"#,
            vec![
                ("service.name", "edge"),
                ("deployment.environment.name", "prod"),
                ("quoted \"", "\\"),
            ],
        ),
        (
            r#"{"service.name": "other", "a": ""}"#,
            vec![("service.name", "other"), ("a", "")],
        ),
    ] {
        let of_backend = format!(r#", "resource": {resource}"#);
        let [call, _] = told(&of_backend, service, &[STORY]);
        let group = call.group();
        let wanted = wanted.iter().map(|(key, says)| attribute(key, Text(says)));
        let resource = group.resource.unwrap();
        let wanted = Resource {
            attributes: sorted(wanted.collect()),
            ..Resource::default()
        };
        let found = Resource {
            attributes: sorted(resource.attributes),
            ..resource
        };
        assert_eq!(found, wanted);
        let scope = InstrumentationScope {
            name: "gatespan".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        assert_eq!(group.scope_spans[0].scope, Some(scope));
        assert!(group.schema_url.is_empty() && group.scope_spans[0].schema_url.is_empty());
    }
}

#[test]
fn a_call_goes_to_the_path_of_the_protocol_with_what_it_was_told() {
    let of_backend = r#", "api_key": "k", "headers": {"X-Scope": "a"}"#;
    let calls = told(of_backend, "", &[STORY]);
    let types = calls.each_ref().map(|call| call.content_type);
    assert_eq!(types, ["application/x-protobuf", "application/json"]);
    for call in calls {
        assert_eq!(call.path, "/v1/traces");
        let headers: Vec<_> = call
            .headers
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        assert_eq!(headers, [("authorization", "Bearer k"), ("x-scope", "a")]);
    }
}
