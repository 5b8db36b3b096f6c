//! Documents: what is accepted, what is refused, and in which words.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::std_instead_of_alloc,
    missing_docs,
    unreachable_pub,
    reason = "a test says what is wrong by panicking"
)]

#[path = "config/complete.rs"]
mod complete;
#[path = "config/headers.rs"]
mod headers;
#[path = "config/structs.rs"]
mod structs;
#[path = "config/faults/mod.rs"]
mod table;
#[path = "config/urls.rs"]
mod urls;
#[path = "config/warnings.rs"]
mod warnings;
#[path = "config/yaml.rs"]
mod yaml;

use gatespan::config::{Host, Tree};
use gatespan::format::FORMATS;
use gatespan::format::Spelling;
use gatespan::policy::{MissingAction, Rule, RuleIndex};
use gatespan::{Config, Headers, Request};
use proptest::prelude::*;

const SECRET: &str = "open-sesame";

fn env(name: &str) -> Option<String> {
    match name {
        "GATE_SECRET" => Some(SECRET.to_owned()),
        "OPIK_API_KEY" => Some("hunter2".to_owned()),
        "LINE" => Some(format!("{SECRET}\n")),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

fn faults(document: &str, host: Host) -> Vec<String> {
    match Config::parse(document, host, &env) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

/// The default rule of a document.
fn rule(config: &Config) -> Rule<'_> {
    let request = Request {
        method: b"GET",
        scheme: b"https",
        path: b"/",
        host: b"",
        headers: Headers::new(&[]),
        peer: gatespan::Peer::default(),
        route: None,
        rule: None,
        continues: None,
        has_body: false,
    };
    config.rules.rule(config.rules.find(&request).unwrap())
}

#[test]
fn every_fault_is_said_with_its_place() {
    let mut wrong = String::new();
    let formats: Vec<&str> = FORMATS.iter().map(|format| format.name).collect();
    let formats = formats.join(", ");
    for (why, document, wanted) in table::faults() {
        let found = faults(document, Host::Envoy);
        let wanted: Vec<String> = wanted
            .iter()
            .map(|line| line.replace("FORMATS", &formats))
            .collect();
        if found != wanted {
            wrong += &format!("{why}: {document}\nwanted {wanted:#?}\nfound {found:#?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn what_the_readme_shows_is_accepted() {
    let readme = include_str!("../README.md");
    let blocks = readme
        .split("```json\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap());
    let documents: Vec<&str> = blocks.filter(|block| block.contains("\"rule\"")).collect();
    assert!(!documents.is_empty());
    for document in documents {
        assert_eq!(
            faults(document, Host::Envoy),
            Vec::<String>::new(),
            "{document}"
        );
    }
}

#[test]
fn an_empty_document_has_every_default() {
    for document in ["", " \n", "{}"] {
        let config = Config::parse(document, Host::Envoy, &env).unwrap();
        assert_eq!(config.service, "gatespan");
        assert_eq!(
            format!("{:?}", config.formats.extract),
            "[opik, opik_baggage, w3c]"
        );
        assert_eq!(
            config
                .formats
                .inject
                .iter()
                .map(|format| format.name)
                .collect::<Vec<_>>(),
            ["opik", "w3c"]
        );
        assert_eq!(config.formats.spelling, Spelling::Both);
        assert_eq!(config.response_header, "x-gatespan-trace-id");
        assert_eq!(config.span.query, ["alt", "api-version", "stream", "beta"]);
        assert!(config.backends.is_empty() && config.span.headers.is_empty());
        let export = format!("{:?}", config.export);
        assert_eq!(
            export,
            "Settings { batch_spans: 200, batch_bytes: 1000000, interval_ms: 1000, queue_bytes: 4194304, \
             timeout_ms: 5000, attempts: 6, backoff_ms: 500, backoff_max_ms: 30000 }"
        );
        let rule = format!("{:?}", rule(&config));
        assert!(
            rule.contains("inbound: Join")
                && rule.contains("missing: Mint")
                && rule.contains("record: true")
        );
    }
}

#[test]
fn composite_is_spelt_out_in_the_order_of_its_precedence() {
    let document =
        r#"{"formats": {"extract": ["w3c", "composite", "opik"], "inject": ["tracecontext"]}}"#;
    let config = Config::parse(document, Host::Envoy, &env).unwrap();
    assert_eq!(
        format!("{:?}", config.formats.extract),
        "[w3c, jaeger, b3, b3multi, opik]"
    );
    assert_eq!(
        config
            .formats
            .inject
            .iter()
            .map(|format| format.name)
            .collect::<Vec<_>>(),
        ["w3c"]
    );
}

/// A `Struct` may begin like white space, and unknown fields of protobuf may be skipped: a text that was taken for a
/// message of nothing but those would be an empty document, and nothing would be enforced.
#[test]
fn json_is_never_taken_for_a_struct() {
    let document = r#"{"rule":{"missing":"reject","require":["opik"]}"#;
    for white in ["", " ", "\n", "\t", "\r", "   ", "\n ", " \n", "\t ", " \t"] {
        for padding in 0..600 {
            let text = format!("{white}{document}{}}}", " ".repeat(padding));
            let config = Config::from_bytes(text.as_bytes(), Host::Envoy, &env).unwrap();
            let rule = config.rules.rule(RuleIndex::default());
            assert_eq!(
                rule.missing,
                MissingAction::Reject,
                "{white:?} and {padding}"
            );
        }
    }
}

#[test]
fn a_struct_says_the_same_as_json() {
    let json = r#"{"service": "s", "rule": {"sample": 0.5, "record": false, "tags": ["a", "b"]}, "export": {"attempts": 3}}"#;
    let document: serde_json::Value = serde_json::from_str(json).unwrap();
    let bytes = structs::object(&document);
    let of_struct = Config::from_bytes(&bytes, Host::Envoy, &env).unwrap();
    let of_json = Config::from_bytes(json.as_bytes(), Host::Envoy, &env).unwrap();
    assert_eq!(format!("{of_struct:?}"), format!("{of_json:?}"));
    let indented = format!("\n{json}");
    assert!(
        Config::from_bytes(indented.as_bytes(), Host::Envoy, &env).is_ok(),
        "JSON may begin with a new line"
    );
    assert!(
        Config::from_bytes(b"", Host::Envoy, &env).is_ok(),
        "no configuration is an empty one"
    );
    let faults = Config::from_bytes(
        &structs::object(&serde_json::json!({"rule": {"sample": 2}})),
        Host::Envoy,
        &env,
    );
    assert_eq!(
        faults.unwrap_err()[0].to_string(),
        "rule.sample: 2 is not within 0 and 1"
    );
    for cut in 0..bytes.len() {
        let _ = Config::from_bytes(&bytes[..cut], Host::Envoy, &env);
    }
    assert!(Config::from_bytes(b"\xff\xfe", Host::Envoy, &env).is_err());
}

#[test]
fn numbers_may_arrive_as_doubles() {
    let document =
        r#"{"export": {"batch_spans": 100.0, "interval_ms": 2e3}, "rule": {"sample": 1}}"#;
    let config = Config::parse(document, Host::Envoy, &env).unwrap();
    assert_eq!(
        (config.export.batch_spans, config.export.interval_ms),
        (100, 2_000)
    );
}

#[test]
fn what_a_host_needs_is_asked_of_that_host_alone() {
    let no_cluster = r#"{"backend": {"kind": "opik", "url": "http://a.test"}}"#;
    assert_eq!(
        faults(no_cluster, Host::Envoy),
        [r#"backend: lacks "cluster""#]
    );
    assert_eq!(faults(no_cluster, Host::Worker), Vec::<String>::new());
    let queue = r#"{"backend": {"kind": "opik", "url": "http://a.test", "via": "queue"}}"#;
    assert_eq!(faults(queue, Host::Worker), Vec::<String>::new());
}

#[test]
fn an_exemption_under_an_enforcing_default_is_meant() {
    let document = r#"{"rule": {"missing": "reject", "upstream": "strip"},
        "routes": [{"match": {"path": "/healthz"}, "inbound": "off"}], "rules": {"strict": {"invalid": "reject"}}}"#;
    assert_eq!(faults(document, Host::Envoy), Vec::<String>::new());
}

#[test]
fn secrets_are_in_no_message_and_no_debug_output() {
    let secrets = ["hunter2", SECRET];
    for (why, document, _) in table::faults() {
        for line in faults(document, Host::Envoy) {
            assert!(
                !secrets.iter().any(|secret| line.contains(secret)),
                "{why}: {line}"
            );
        }
    }
    let config = Config::parse(include_str!("config/complete.json"), Host::Envoy, &env).unwrap();
    let given = r#"{"backend": {"kind": "otlp", "url": "http://a.test", "cluster": "a", "api_key": "hunter2", "headers": {"x-key": "open-sesame"}}}"#;
    let given = Config::parse(given, Host::Envoy, &env).unwrap();
    assert_eq!(given.backends[0].headers[0].1.reveal(), SECRET);
    let shown = format!("{config:?}{given:?}");
    assert!(!secrets.iter().any(|secret| shown.contains(secret)));
    assert_eq!(
        config.backends[0]
            .api_key
            .as_ref()
            .map(|key| key.reveal().to_owned())
            .as_deref(),
        Some("hunter2")
    );
}

#[test]
fn the_schema_is_that_of_the_table() {
    let committed = include_str!("../envoy/gatespan.schema.json");
    assert!(
        committed == gatespan::config::schema(),
        "envoy/gatespan.schema.json is stale: run `make schema`"
    );
    let schema: serde_json::Value = serde_json::from_str(committed).expect("it is JSON");
    assert_eq!(
        schema["properties"]["rule"]["properties"]["missing"]["enum"],
        serde_json::json!(["mint", "reject", "pass"])
    );
    assert_eq!(schema["additionalProperties"], false);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is written, reading it ends with a configuration or with faults.
    #[test]
    fn no_document_makes_it_panic(tree in tree()) {
        for host in [Host::Envoy, Host::Worker] {
            if let Err(faults) = Config::read(&tree, host, &env) {
                prop_assert!(!faults.is_empty());
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[\\{\\}\\[\\]\",:a-z0-9 ]{0,60}") {
        let _ = Config::parse(&text, Host::Envoy, &env);
    }
}

/// Every rule meets every route, so this must not take the product of their numbers.
#[test]
fn many_routes_under_many_rules_are_read_at_once() {
    let routes: Vec<String> = (0..5_000)
        .map(|n| format!(r#"{{"match": {{"path": "/{n}"}}, "inbound": "link"}}"#))
        .collect();
    let rules: Vec<String> = (0..500)
        .map(|n| format!(r#""r{n}": {{"missing": "reject"}}"#))
        .collect();
    let document = format!(
        r#"{{"routes": [{}], "rules": {{{}}}}}"#,
        routes.join(","),
        rules.join(",")
    );
    assert_eq!(faults(&document, Host::Envoy).len(), rules.len());
}

/// Documents made of known keys and words in wrong places.
fn tree() -> impl Strategy<Value = Tree> {
    let words = || {
        prop::sample::select(vec![
            "rule",
            "routes",
            "rules",
            "match",
            "path",
            "host",
            "header",
            "name",
            "value",
            "trust",
            "cidr",
            "formats",
            "extract",
            "inject",
            "opik",
            "w3c",
            "composite",
            "missing",
            "reject",
            "inbound",
            "off",
            "backend",
            "kind",
            "url",
            "export",
            "span",
            "10.0.0.0/8",
            "/a",
            "GATE_SECRET",
            "é",
            "",
        ])
        .prop_map(str::to_owned)
    };
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Flag),
        any::<f64>().prop_map(Tree::Number),
        Just(Tree::Number(f64::NAN)),
        words().prop_map(Tree::Text),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Tree::List),
            prop::collection::vec((words(), inner), 0..6).prop_map(Tree::Object),
        ]
    })
}
