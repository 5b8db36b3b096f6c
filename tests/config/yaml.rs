//! Values as people write them: what Envoy makes of YAML, and times.

use std::collections::BTreeSet;

use gatespan::Config;
use gatespan::config::Host;

use super::{env, structs};

/// What Envoy makes of YAML becomes what was written: documents as a Struct, and the same as JSON.
#[test]
fn a_struct_of_yaml_is_what_was_written() {
    for (of_yaml, json) in [
        (
            r#"{"rule": {"sample": "0.1"}}"#,
            r#"{"rule": {"sample": 0.1}}"#,
        ),
        (
            r#"{"rule": {"sample": ".25"}}"#,
            r#"{"rule": {"sample": 0.25}}"#,
        ),
        (
            r#"{"rule": {"sample": "+1e-3"}}"#,
            r#"{"rule": {"sample": 0.001}}"#,
        ),
        (
            r#"{"rule": {"inbound": false}}"#,
            r#"{"rule": {"inbound": "off"}}"#,
        ),
        (
            r#"{"routes": [{"match": {"path": "/a"}, "inbound": false, "genai": false}]}"#,
            r#"{"routes": [{"match": {"path": "/a"}, "inbound": "off", "genai": "off"}]}"#,
        ),
        (
            r#"{"rules": {"a": {"inbound": false, "sample": "0.5"}}}"#,
            r#"{"rules": {"a": {"inbound": "off", "sample": 0.5}}}"#,
        ),
        (
            r#"{"export": {"attempts": "3.0", "queue_bytes": "5000000", "timeout_ms": "2500.0", "interval_ms": "2s"}}"#,
            r#"{"export": {"attempts": 3, "queue_bytes": 5000000, "timeout_ms": 2500, "interval_ms": 2000}}"#,
        ),
    ] {
        let document = serde_json::from_str(of_yaml).unwrap();
        let of_struct = Config::from_bytes(&structs::object(&document), Host::Envoy, &env);
        let of_json = Config::parse(json, Host::Envoy, &env);
        assert_eq!(
            format!("{:?}", of_struct.unwrap()),
            format!("{:?}", of_json.unwrap())
        );
        assert!(
            of_yaml.contains("2s") || Config::parse(of_yaml, Host::Envoy, &env).is_err(),
            "JSON text is read strictly: {of_yaml}"
        );
    }
}

/// Whoever finds a number or a flag in place of a text has written the text without quotes.
#[test]
fn a_struct_whose_texts_are_none_says_what_to_quote() {
    let document = serde_json::json!({
        "service": 2,
        "rule": {"tags": ["a", 1], "project": false, "missing": false, "sample": true},
        "span": {"headers": [true]},
        "backend": {
            "kind": "otlp", "url": "http://a.test", "cluster": "a",
            "headers": {"x-a": 7}, "resource": {"version": 1, "on": true}, "api_key": 83749201,
        },
    });
    let faults = Config::from_bytes(&structs::object(&document), Host::Envoy, &env).unwrap_err();
    let faults: BTreeSet<String> = faults.iter().map(ToString::to_string).collect();
    let quoted =
        |place: &str, noun| format!("{place}: expected text, found {noun}: quote this value");
    let wanted = BTreeSet::from([
        quoted("service", "a number"),
        quoted("rule.tags[1]", "a number"),
        quoted("rule.project", "true or false"),
        "rule.missing: expected mint, reject or pass, found true or false".to_owned(),
        "rule.sample: expected a number, found true or false".to_owned(),
        quoted("span.headers[0]", "true or false"),
        quoted("backend.headers.x-a", "a number"),
        quoted("backend.resource.version", "a number"),
        quoted("backend.resource.on", "true or false"),
        quoted("backend.api_key", "a number"),
    ]);
    assert_eq!(faults, wanted);
}

#[test]
fn a_time_is_milliseconds_or_a_duration_in_every_host() {
    for (written, millis) in [
        ("250", 250),
        (r#""250ms""#, 250),
        (r#""5s""#, 5_000),
        (r#""0.25s""#, 250),
        (r#""1.001s""#, 1_001),
        (r#""2m""#, 120_000),
        (r#""0.5m""#, 30_000),
    ] {
        let document = format!(
            r#"{{"export": {{"interval_ms": {written}, "timeout_ms": {written},
                "backoff_ms": {written}, "backoff_max_ms": {written}}}}}"#
        );
        for host in [Host::Envoy, Host::Worker] {
            let export = Config::parse(&document, host, &env).unwrap().export;
            let times = [
                export.interval_ms,
                export.timeout_ms,
                export.backoff_ms,
                export.backoff_max_ms,
            ];
            assert_eq!(times, [millis; 4], "{written}");
        }
    }
}
