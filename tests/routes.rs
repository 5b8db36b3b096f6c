//! Which rule a request falls under, and who is trusted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    unreachable_pub,
    reason = "a test says what is wrong by panicking"
)]

#[path = "span/asked.rs"]
mod asked;

use asked::Asked;
use gatespan::config::Host;
use gatespan::{Availability, Config, Gate, Rejection, Time, Word};
use proptest::prelude::*;

fn config(document: &str) -> Config {
    let env = |name: &str| (name == "GATE_SECRET").then(|| "open-sesame".to_owned());
    Config::parse(document, Host::Envoy, &env).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// A document with these conditions as its routes, in their order; the project says which one was taken.
fn routed(conditions: &[&str]) -> Config {
    let routes: Vec<String> = conditions
        .iter()
        .enumerate()
        .map(|(index, condition)| format!(r#"{{"match": {condition}, "project": "{index}"}}"#))
        .collect();
    config(&format!(r#"{{"routes": [{}]}}"#, routes.join(",")))
}

fn taken(config: &Config, request: &str) -> Option<usize> {
    let asked = Asked::read(request);
    let place = config.rules.find(&asked.request())?;
    config
        .rules
        .rule(place)
        .project
        .map(|project| project.parse().unwrap())
}

#[rustfmt::skip] // one row a line
const CONDITIONS: &[(&str, &str, bool, &str)] = &[
    (r#"{"path": "/v1/chat"}"#, "GET /v1/chat a.test", true, "the path"),
    (r#"{"path": "/v1/chat"}"#, "GET /v1/chat?stream=1 a.test", true, "without its query"),
    (r#"{"path": "/v1/chat"}"#, "GET /v1/chat#x a.test", true, "without its fragment"),
    (r#"{"path": "/v1/chat"}"#, "GET http://u:p@b.test/v1/chat?x a.test", true, "the path of an absolute target"),
    (r#"{"path": "/"}"#, "GET http://b.test a.test", true, "which may have none"),
    (r#"{"path": "/v1/chat"}"#, "GET /v1/chat/ a.test", false, "the whole path"),
    (r#"{"path": "/v1/chat"}"#, "GET /v1/Chat a.test", false, "paths have a case"),
    (r#"{"path_prefix": "/v1/"}"#, "GET /v1/chat a.test", true, "a beginning"),
    (r#"{"path_prefix": "/v1/"}"#, "GET /v1/ a.test", true, "and nothing behind it"),
    (r#"{"path_prefix": "/v1/"}"#, "GET /v1 a.test", false, "less than the beginning"),
    (r#"{"path_prefix": "/v1/"}"#, "GET /?/v1/ a.test", false, "not in the query"),
    (r#"{"host": "a.test"}"#, "GET / a.test", true, "the host"),
    (r#"{"host": "A.Test"}"#, "GET / a.test", true, "hosts have no case in a document"),
    (r#"{"host": "a.test"}"#, "GET / A.TEST", true, "nor in a request"),
    (r#"{"host": "a.test"}"#, "GET / a.test:8080", true, "without its port"),
    (r#"{"host": "a.test"}"#, "GET / a.test.", true, "a full name"),
    (r#"{"host": "a.test"}"#, "GET / a.test.:8080", true, "a full name and a port"),
    (r#"{"host": "a.test."}"#, "GET / a.test", true, "a full name in the document"),
    (r#"{"host": "a.test"}"#, "GET / user:pw@a.test", true, "without the user"),
    (r#"{"host": "a.test"}"#, "GET / b.a.test", false, "no subdomain"),
    (r#"{"host": "a.test"}"#, "GET / a.test@b.test", false, "a user is no host"),
    (r#"{"host": "[2001:db8::1]"}"#, "GET / [2001:DB8::1]", true, "an address in brackets"),
    (r#"{"host": "[2001:db8::1]"}"#, "GET / [2001:db8::1]:8080", true, "its port"),
    (r#"{"host": "[2001:db8::1]"}"#, "GET / [2001:db8::2]", false, "another address"),
    (r#"{"host": "*.a.test"}"#, "GET / b.A.test.:80", true, "a subdomain"),
    (r#"{"host": "*.a.test."}"#, "GET / c.b.a.test", true, "of any depth"),
    (r#"{"host": "*.a.test"}"#, "GET / a.test", false, "not the domain itself"),
    (r#"{"host": "*.a.test"}"#, "GET / .a.test", false, "nor an empty name below it"),
    (r#"{"host": "*.a.test"}"#, "GET / ba.test", false, "nor one that ends alike"),
    (r#"{"methods": ["GET", "POST"]}"#, "POST / a.test", true, "one of the methods"),
    (r#"{"methods": ["GET", "POST"]}"#, "PUT / a.test", false, "none of them"),
    (r#"{"methods": ["GET"]}"#, "get / a.test", false, "methods have a case"),
    (r#"{"header": {"name": "X-Tenant", "value": "a"}}"#, "GET / a.test\nx-tenant: a", true, "a header"),
    (r#"{"header": {"name": "x-tenant", "value": "a"}}"#, "GET / a.test\nX-TENANT: b\nx-Tenant: a", true, "any copy of it"),
    (r#"{"header": {"name": "x-tenant", "value": "a"}}"#, "GET / a.test\nx-tenant: ab", false, "the whole value"),
    (r#"{"header": {"name": "x-tenant", "value": "a"}}"#, "GET / a.test\nx-other: a", false, "another header"),
    (r#"{"route": "chat"}"#, "GET / a.test\n:route: chat", true, "the host's own route"),
    (r#"{"route": "chat"}"#, "GET / a.test\n:route: chat2", false, "another"),
    (r#"{"route": "chat"}"#, "GET / a.test", false, "none"),
    (r#"{"path": "/a", "route": "chat"}"#, "GET /a a.test\n:route: other", false, "filed by its path, and the route does not hold"),
    (r#"{"path": "/a", "host": "a.test"}"#, "GET /a b.test", false, "filed by its host"),
    (r#"{"path": "/a", "host": "*.test"}"#, "GET /a a.example", false, "not filed by its host"),
    (r#"{"path_prefix": "/a", "host": "a.test", "methods": ["GET"], "header": {"name": "x", "value": "y"}, "route": "r"}"#, "GET /ab a.test\nx: y\n:route: r", true, "all of them"),
    (r#"{"path_prefix": "/a", "host": "a.test", "methods": ["GET"], "header": {"name": "x", "value": "y"}, "route": "r"}"#, "GET /b a.test\nx: y\n:route: r", false, "all but one"),
    (r#"{"path_prefix": "/a", "host": "a.test", "methods": ["GET"], "header": {"name": "x", "value": "y"}, "route": "r"}"#, "PUT /ab a.test\nx: y\n:route: r", false, "all but another"),
    (r#"{"path_prefix": "/a", "host": "a.test", "methods": ["GET"], "header": {"name": "x", "value": "y"}, "route": "r"}"#, "GET /ab a.test\nx: z\n:route: r", false, "all but the header"),
];

#[test]
fn a_route_is_taken_when_all_its_conditions_hold() {
    let wrong: Vec<String> = CONDITIONS
        .iter()
        .filter(|(condition, request, holds, _)| {
            taken(&routed(&[condition]), request).is_some() != *holds
        })
        .map(|(condition, request, holds, why)| {
            format!("{condition}\n  {request}\n  should be {holds}: {why}")
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// However the routes are filed, a request takes the first in the document that it would take if it were alone.
    #[test]
    fn the_first_route_wins(
        conditions in prop::sample::subsequence(distinct(), 1..=20).prop_shuffle(),
        request in prop::sample::select(CONDITIONS.iter().map(|row| row.1).collect::<Vec<_>>()),
    ) {
        let alone = |condition: &&str| taken(&routed(&[condition]), request).is_some();
        prop_assert_eq!(taken(&routed(&conditions), request), conditions.iter().position(alone));
    }
}

/// Conditions that can stand in one document.
fn distinct() -> Vec<&'static str> {
    let mut conditions: Vec<&str> = vec![
        r#"{"path_prefix": "/"}"#,
        r#"{"path_prefix": "/v1/ch"}"#,
        r#"{"host": "a.test", "path_prefix": "/"}"#,
        r#"{"host": "a.test", "path": "/v1/chat"}"#,
        r#"{"host": "a.test", "route": "chat"}"#,
        r#"{"path_prefix": "/", "route": "chat"}"#,
    ];
    let spelt_twice = |condition: &str| {
        condition.contains("Test") || condition.contains("test.\"") || condition.contains("X-T")
    };
    conditions.extend(
        CONDITIONS
            .iter()
            .map(|row| row.0)
            .filter(|condition| !spelt_twice(condition)),
    );
    conditions.sort_unstable();
    conditions.dedup();
    conditions
}

#[test]
fn each_key_comes_from_the_uppermost_layer_that_has_it() {
    let config = config(
        r#"{"rule": {"project": "default", "tags": ["default"], "sample": 0.5},
            "routes": [{"match": {"path": "/a"}, "project": "route", "expose": true}],
            "rules": {"a": {"project": "a"}, "b": {"tags": ["b"]}, "c": {}}}"#,
    );
    for (request, wanted) in [
        ("GET / h", "default default false"),
        ("GET /a h", "route default true"),
        ("GET / h\n:rule: a", "a default false"),
        ("GET /a h\n:rule: a", "a default true"),
        ("GET /a h\n:rule: b", "route b true"),
        ("GET /a h\n:rule: c", "route default true"),
        ("GET / h\n:rule: c", "default default false"),
    ] {
        let asked = Asked::read(request);
        let place = config.rules.find(&asked.request()).unwrap();
        let rule = config.rules.rule(place);
        let found = format!(
            "{} {} {}",
            rule.project.unwrap(),
            rule.tags.join(","),
            rule.expose
        );
        assert_eq!(found, wanted, "{request}");
    }
}

#[test]
fn a_rule_that_does_not_exist_refuses() {
    let gate = Gate::new(config(r#"{"rules": {"a": {}, "b": {}, "d": {}}}"#));
    for name in ["c", "A", "", "aa", "e"] {
        let text = format!("GET / h\n:rule: {name}");
        let asked = Asked::read(&text);
        let export = Availability::Accepting(gate.config().receives());
        let admission = gate.decide(&asked.request(), None, export, Time(0), || Some([0; 20]));
        assert!(matches!(admission, Err(Rejection::Config)), "{name}");
    }
}

#[test]
fn any_one_condition_of_trust_is_enough() {
    let gate = Gate::new(config(
        r#"{"rule": {"trust": {"cidr": ["10.0.0.0/8"], "san": ["spiffe://acme/*", "client.acme.test"],
            "header": {"name": "x-internal", "equals_env": "GATE_SECRET"}}}}"#,
    ));
    for (known, decision, why) in [
        ("accept: */*", "linked", "nothing is known of the caller"),
        (":peer: 10.1.2.3", "joined", "its network"),
        (":peer: 203.0.113.9", "linked", "another"),
        (
            ":verified: true\n:san: spiffe://acme/ns/a",
            "joined",
            "a name in its certificate",
        ),
        (
            ":san: spiffe://acme/ns/a",
            "linked",
            "a name in a certificate that nobody has verified",
        ),
        (":verified: true", "linked", "a certificate without names"),
        (
            ":verified: true\n:san: client.acme.test",
            "joined",
            "another name",
        ),
        (
            ":verified: true\n:san: spiffe://evil/a\n:san: client.acme.test",
            "joined",
            "the second name",
        ),
        (
            ":verified: true\n:san: spiffe://evil/a",
            "linked",
            "a stranger's name",
        ),
        ("x-internal: open-sesame", "joined", "a secret"),
        (
            "x-internal: open\nX-Internal: open-sesame",
            "joined",
            "in any copy",
        ),
        ("x-internal: open", "linked", "a part of it"),
        (
            ":peer: 203.0.113.9\n:verified: true\n:san: spiffe://acme/a",
            "joined",
            "one of two",
        ),
    ] {
        let text = format!(
            "GET / h\n{known}\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        );
        let asked = Asked::read(&text);
        let export = Availability::Accepting(gate.config().receives());
        let Ok(pass) = gate.decide(&asked.request(), None, export, Time(0), || Some([0; 20]))
        else {
            panic!("{known} was refused")
        };
        assert_eq!(pass.decision.word(), decision, "{why}");
    }
}
