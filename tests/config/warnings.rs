//! What is said at the start about a document without fault.

use gatespan::Config;
use gatespan::config::Host;

#[test]
fn a_doubt_about_a_backend_is_said_where_the_rules_let_it_come_to_that() {
    let lilypad = r#"{"kind": "lilypad", "url": "http://a.test", "cluster": "a",
        "project_id": "019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814"}"#;
    let otlp = r#"{"kind": "otlp", "url": "http://a.test", "cluster": "a"}"#;
    let second = lilypad.replacen('{', r#"{"name": "second", "#, 1);
    let link = r#", "rule": {"inbound": "link"}"#;
    let joined_below =
        r#", "rule": {"inbound": "link"}, "routes": [{"match": {"path": "/"}, "inbound": "join"}]"#;
    let joined_by_name =
        r#", "rule": {"inbound": "restart"}, "rules": {"inner": {"inbound": "join"}}"#;
    let never_joined = r#", "rule": {"inbound": "off"}, "routes": [{"match": {"path": "/"}, "inbound": "restart"}]"#;
    for (backends, more, wanted) in [
        (lilypad, "", vec!["lilypad"]),
        (lilypad, joined_below, vec!["lilypad"]),
        (lilypad, joined_by_name, vec!["lilypad"]),
        (lilypad, link, vec![]),
        (lilypad, never_joined, vec![]),
        (otlp, "", vec![]),
        (
            &format!("{otlp}, {second}, {lilypad}"),
            "",
            vec!["second", "lilypad"],
        ),
    ] {
        let document = format!(r#"{{"backends": [{backends}]{more}}}"#);
        let config = Config::parse(&document, Host::Envoy, &|_| None).unwrap();
        let wanted = wanted.iter().map(|name| {
            format!(
                "backend {name}: a server without a queue keeps no span whose parent comes in another call: \
                 callers that are joined are not seen there"
            )
        });
        let found: Vec<String> = config.warnings().collect();
        assert_eq!(found, wanted.collect::<Vec<_>>(), "{document}");
    }
}
