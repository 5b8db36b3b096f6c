//! The request headers that a host has to pass.

use gatespan::Config;
use gatespan::config::Host;
use gatespan::format::FORMATS;

use crate::env;

#[test]
fn configuration_lists_the_headers_that_are_read() {
    let document = r#"{
        "rule": { "trust": { "header": { "name": "X-Proof", "equals_env": "GATE_SECRET" } } },
        "routes": [ { "match": { "header": { "name": "X-Tenant", "value": "a" } } } ],
        "span": { "headers": ["User-Agent"], "thread": "X-Session" }
    }"#;
    let config = Config::parse(document, Host::Worker, &env).unwrap();
    let headers = config.headers();
    let of_formats = FORMATS.iter().flat_map(|format| format.headers);
    let expected = of_formats.map(|header| header.name).chain([
        "content-type",
        "origin",
        "access-control-request-method",
        "x-datadog-*",
        "sentry-trace",
        "x-amzn-trace-id",
        "x-cloud-trace-context",
        "grpc-trace-bin",
        "x-ot-span-context",
        "newrelic",
        "elastic-apm-traceparent",
        "x-instana-*",
        "x-tenant",
        "x-proof",
        "user-agent",
        "x-session",
    ]);
    assert_eq!(headers, expected.collect::<Vec<_>>());
}

#[test]
fn headers_of_other_vendors_are_read_only_where_a_rule_can_remove_them() {
    for (keys, removes) in [
        (r#""tags": []"#, false),
        (
            r#""inbound": "join", "upstream": "send", "keep_headers": ["newrelic"]"#,
            false,
        ),
        (r#""inbound": "off""#, false),
        (r#""inbound": "link""#, true),
        (r#""inbound": "restart""#, true),
        (r#""upstream": "strip""#, true),
        (r#""trust": {"cidr": ["10.0.0.0/8"]}"#, true),
    ] {
        for document in [
            format!(r#"{{"rule": {{{keys}}}}}"#),
            format!(r#"{{"rules": {{"one": {{{keys}}}}}}}"#),
            format!(r#"{{"routes": [{{"match": {{"path": "/a"}}, {keys}}}]}}"#),
        ] {
            let config = Config::parse(&document, Host::Envoy, &env).expect(&document);
            let found = config.headers().contains(&"sentry-trace");
            assert_eq!(found, removes, "{document}");
        }
    }
}
