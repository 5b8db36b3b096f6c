//! Faults of rules.

use super::Row;

#[rustfmt::skip]
pub const FAULTS: &[Row] = &[
    (
        "an unknown key, and what was meant",
        r#"{"rule": {"mising": "reject"}}"#,
        &[
            r#"rule: unknown key "mising", did you mean "missing"?"#,
        ],
    ),
    (
        "a key given twice would win silently",
        r#"{"rule": {"missing": "reject", "missing": "mint"}}"#,
        &[
            "rule.missing: is given twice",
        ],
    ),
    (
        "a wrong type",
        r#"{"rule": {"record": "yes"}}"#,
        &[
            "rule.record: expected true or false, found text",
        ],
    ),
    (
        "a header that is kept is one that would be removed",
        r#"{"rule": {"keep_headers": ["traceparent", "sentry-*", "X-Datadog-*", "x-instana-t", "*", "newrelic\n"]}}"#,
        &[
            r#"rule.keep_headers[0]: "traceparent" is not a trace header of another vendor, like sentry-trace"#,
            r#"rule.keep_headers[1]: "sentry-*" is not a trace header of another vendor, like sentry-trace"#,
            r#"rule.keep_headers[4]: "*" is not a trace header of another vendor, like sentry-trace"#,
            r#"rule.keep_headers[5]: "newrelic\n" is not a token of HTTP"#,
        ],
    ),
    (
        "null is no value",
        r#"{"rule": null}"#,
        &[
            "rule: expected an object, found null",
        ],
    ),
    (
        "several faults at once, in the document's order",
        r#"{"rule": {"inbound": "jion", "sample": 2}, "span": {"headers": ["cookie"]}, "export": {"attempts": 0}}"#,
        &[
            r#"rule.inbound: unknown value "jion", expected join, link, restart or off"#,
            "rule.sample: 2 is not within 0 and 1",
            r#"span.headers[0]: "cookie" is a header of secrets, which are never recorded"#,
            "export.attempts: 0 is not a whole number from 1 to 100",
        ],
    ),
    (
        "a number out of its bounds",
        r#"{"rule": {"sample": -0.5}}"#,
        &[
            "rule.sample: is not within 0 and 1",
        ],
    ),
    (
        "a required format that is never read",
        r#"{"rule": {"missing": "reject", "require": ["opik", "b3"]}}"#,
        &[
            "rule.require[1]: b3 is not in formats.extract, so it can never be there",
        ],
    ),
    (
        "a requirement that nothing meets",
        r#"{"rule": {"missing": "reject", "require": []}}"#,
        &[
            "rule.require: is empty: nothing would be enough",
        ],
    ),
    (
        "every request would be rejected",
        r#"{"rule": {"missing": "reject", "inbound": "restart"}}"#,
        &[
            "rule.missing: would reject every request: `inbound: link` and `restart` remove the ids of every client. Use `inbound: join`",
        ],
    ),
    (
        "nothing is left that could be invalid or in conflict",
        r#"{"rule": {"inbound": "link", "invalid": "reject", "conflict": "reject"}}"#,
        &[
            "rule.invalid: has no effect: `inbound: link` and `restart` ignore the trace headers of clients. Use `inbound: join`",
            "rule.conflict: has no effect: `inbound: link` and `restart` ignore the trace headers of clients. Use `inbound: join`",
        ],
    ),
    (
        "off and enforcing in one rule",
        r#"{"rule": {"inbound": "off", "missing": "reject", "upstream": "strip", "invalid": "reject", "conflict": "reject", "expose": true}}"#,
        &[
            "rule.missing: has no effect with `inbound: off`. Remove one of them",
            "rule.upstream: has no effect with `inbound: off`. Remove one of them",
            "rule.invalid: has no effect with `inbound: off`. Remove one of them",
            "rule.conflict: has no effect with `inbound: off`. Remove one of them",
            "rule.expose: has no effect with `inbound: off`. Remove one of them",
        ],
    ),
    (
        "untrusted without trust",
        r#"{"rule": {"untrusted": "reject"}}"#,
        &[
            "rule.untrusted: has no effect without trust",
        ],
    ),
    (
        "trust without a condition",
        r#"{"rule": {"trust": {}}}"#,
        &[
            "rule.trust: has no condition, so nobody could be trusted",
        ],
    ),
    (
        "a network with bits behind its prefix",
        r#"{"rule": {"trust": {"cidr": ["10.0.0.1/8", "10.0.0.0/33", "office"]}}}"#,
        &[
            r#"rule.trust.cidr[0]: "10.0.0.1/8" has bits set behind its prefix"#,
            r#"rule.trust.cidr[1]: "10.0.0.0/33" has a prefix longer than its address"#,
            r#"rule.trust.cidr[2]: "office" is not a network like 10.0.0.0/8 or 2001:db8::/32"#,
        ],
    ),
    (
        "a pattern for everybody",
        r#"{"rule": {"trust": {"san": ["*", "a*b*c"]}}}"#,
        &[
            r#"rule.trust.san[0]: "*" would trust every certificate"#,
            r#"rule.trust.san[1]: "a*b*c" may hold one * only"#,
        ],
    ),
    (
        "a proof that is no header of its own",
        r#"{"rule": {"trust": {"header": {"name": "Traceparent", "equals_env": "GATE_SECRET"}}}}"#,
        &[
            r#"rule.trust.header.name: "Traceparent" is a trace header"#,
        ],
    ),
    (
        "a proof without a secret",
        r#"{"rule": {"trust": {"header": {"name": "x-internal"}}}}"#,
        &[
            r#"rule.trust.header: lacks "equals_env""#,
        ],
    ),
    (
        "a secret that is not set",
        r#"{"rule": {"trust": {"header": {"name": "x-internal", "equals_env": "UNSET"}}}}"#,
        &[
            "rule.trust.header.equals_env: the variable UNSET is not set or is empty",
        ],
    ),
    (
        "a secret that is empty",
        r#"{"rule": {"trust": {"header": {"name": "x-internal", "equals_env": "EMPTY"}}}}"#,
        &[
            "rule.trust.header.equals_env: the variable EMPTY is not set or is empty",
        ],
    ),
    (
        "the name of a rule",
        r#"{"rules": {"no spaces": {}}}"#,
        &[
            r#"rules: the name "no spaces" is not 1 to 64 letters, digits, _ and -"#,
        ],
    ),
    (
        "a fault inside a named rule",
        r#"{"rules": {"strict": {"missing": "rejct"}}}"#,
        &[
            r#"rules.strict.missing: unknown value "rejct", expected mint, reject or pass"#,
        ],
    ),
    (
        "a blank project",
        r#"{"rule": {"project": "  "}}"#,
        &[
            r#"rule.project: "  " is empty"#,
        ],
    ),
    (
        "a long value is cut in the message",
        r#"{"rule": {"missing": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}"#,
        &[
            r#"rule.missing: unknown value "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"…, expected mint, reject or pass"#,
        ],
    ),
    (
        "the nearest key is asked for",
        r#"{"rule": {"recrod": true, "tag": [], "conflicts": "prefer", "x": 1}}"#,
        &[
            r#"rule: unknown key "recrod", did you mean "record"?"#,
            r#"rule: unknown key "tag", did you mean "tags"?"#,
            r#"rule: unknown key "conflicts", did you mean "conflict"?"#,
            r#"rule: unknown key "x""#,
        ],
    ),
    (
        "an alias of which a part is never read",
        r#"{"rule": {"require": ["composite"]}}"#,
        &[
            "rule.require[0]: jaeger is not in formats.extract, so it can never be there",
        ],
    ),
    (
        "a named rule over a route: told once, however many routes it closes",
        r#"{"routes": [{"match": {"path": "/a"}, "inbound": "link"}, {"match": {"path": "/b"}, "inbound": "link"}, {"match": {"path": "/c"}, "inbound": "restart"}], "rules": {"strict": {"missing": "reject"}}}"#,
        &[
            "rules.strict.missing: would reject every request: `inbound: link` and `restart` remove the ids of every client. Use `inbound: join`",
        ],
    ),
    (
        "strangers would be told that they sent nothing",
        r#"{"rule": {"missing": "reject", "trust": {"cidr": ["10.0.0.0/8"]}}}"#,
        &[
            "rule.missing: would reject untrusted clients because their ids were removed. Write `untrusted: reject`",
        ],
    ),
    (
        "the same, said in so many words",
        r#"{"rule": {"missing": "reject", "trust": {"cidr": ["10.0.0.0/8"]}, "untrusted": "restart"}}"#,
        &[
            "rule.untrusted: would reject untrusted clients because their ids were removed. Write `untrusted: reject`",
        ],
    ),
    (
        "a faulty trust is a trust",
        r#"{"rule": {"trust": 5, "untrusted": "reject"}}"#,
        &[
            "rule.trust: expected an object, found a number",
        ],
    ),
    (
        "a word about names where no name counts",
        r#"{"rule": {"trust": {"cidr": ["10.0.0.0/8"], "san_unverified": true}}, "rules": {"a": {"trust": {"cidr": ["10.0.0.0/8"], "san_unverified": false}}}}"#,
        &[
            "rule.trust.san_unverified: has no effect without san",
        ],
    ),
    (
        "lists without entries are no conditions",
        r#"{"rule": {"trust": {"cidr": [], "san": []}}}"#,
        &[
            "rule.trust: has no condition, so nobody could be trusted",
        ],
    ),
    (
        "a proof that the request cannot do without",
        r#"{"rule": {"trust": {"header": {"name": "Host", "equals_env": "GATE_SECRET"}}}}"#,
        &[
            r#"rule.trust.header.name: "Host" belongs to HTTP itself"#,
        ],
    ),
    (
        "a proof among Jaeger's baggage",
        r#"{"rule": {"trust": {"header": {"name": "uberctx-proof", "equals_env": "GATE_SECRET"}}}}"#,
        &[
            r#"rule.trust.header.name: "uberctx-proof" is a trace header"#,
        ],
    ),
    (
        "a proof that is a pseudo-header",
        r#"{"rule": {"trust": {"header": {"name": ":path", "equals_env": "GATE_SECRET"}}}}"#,
        &[
            r#"rule.trust.header.name: ":path" is a pseudo-header"#,
        ],
    ),
    (
        "the secret where its variable should be named",
        r#"{"rule": {"trust": {"header": {"name": "x-internal", "equals_env": "open-sesame"}}}}"#,
        &[
            "rule.trust.header.equals_env: is not the name of a variable, like OPIK_API_KEY",
        ],
    ),
    (
        "a secret with the end of its line",
        r#"{"rule": {"trust": {"header": {"name": "x-internal", "equals_env": "LINE"}}}}"#,
        &[
            "rule.trust.header.equals_env: the variable LINE holds a character that no header can carry",
        ],
    ),
    (
        "a tag given twice would cost the batch",
        r#"{"rule": {"tags": ["edge", "eu", "edge"]}}"#,
        &[
            "rule.tags[2]: is given twice",
        ],
    ),
    (
        "a parent inside of messages that nobody reads",
        r#"{"rule": {"mcp_parent": "meta"}}"#,
        &[
            "rule.mcp_parent: meta needs `genai: metadata` and `genai_api: mcp`",
        ],
    ),
    (
        "or of another API",
        r#"{"routes": [{"match": {"path": "/a"}, "genai": "metadata", "genai_api": "openai_chat", "mcp_parent": "meta"}, {"match": {"path": "/b"}, "genai": "metadata", "mcp_parent": "meta"}]}"#,
        &[
            "routes[0].mcp_parent: meta needs `genai: metadata` and `genai_api: mcp`",
            "routes[1].mcp_parent: meta needs `genai: metadata` and `genai_api: mcp`",
        ],
    ),
    (
        "a named rule over routes of which one is of another API",
        r#"{"rule": {"genai": "metadata", "genai_api": "mcp"}, "routes": [{"match": {"path": "/a"}, "genai_api": "groq"}, {"match": {"path": "/b"}}], "rules": {"tools": {"mcp_parent": "meta"}}}"#,
        &[
            "rules.tools.mcp_parent: meta needs `genai: metadata` and `genai_api: mcp`",
        ],
    ),
    (
        "what is overruled on purpose is no fault, nor is what a lower layer says",
        r#"{"rule": {"genai": "metadata", "genai_api": "mcp"}, "routes": [{"match": {"path": "/a"}, "mcp_parent": "meta"}, {"match": {"path": "/b"}, "mcp_parent": "headers"}], "rules": {"off": {"genai": "off"}, "away": {"inbound": "off"}}}"#,
        &[],
    ),
    (
        "a word that is faulty is complained about once",
        r#"{"rule": {"genai": "metadat", "genai_api": "mcp", "mcp_parent": "meta"}, "routes": [{"match": {"path": "/a"}, "mcp_parent": "body"}]}"#,
        &[
            r#"rule.genai: unknown value "metadat", expected off or metadata"#,
            r#"routes[0].mcp_parent: unknown value "body", expected headers or meta"#,
        ],
    ),
    (
        "a parent that is forgotten, or not looked at",
        r#"{"rule": {"genai": "metadata", "genai_api": "mcp"}, "routes": [{"match": {"path": "/a"}, "inbound": "restart", "mcp_parent": "meta"}, {"match": {"path": "/b"}, "inbound": "off", "mcp_parent": "meta"}]}"#,
        &[
            "routes[0].mcp_parent: has no effect: `inbound: restart` ignores the ids of clients",
            "routes[1].mcp_parent: has no effect with `inbound: off`. Remove one of them",
        ],
    ),
    (
        "a parent in a format that is not believed",
        r#"{"formats": {"extract": ["opik", "b3"]}, "rule": {"genai": "metadata", "genai_api": "mcp", "mcp_parent": "meta"}}"#,
        &[
            "rule.mcp_parent: meta would not be believed, because w3c is not in formats.extract",
        ],
    ),
];
