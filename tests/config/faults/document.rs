//! Faults of the document itself, and of what holds for all requests.

use super::Row;

#[rustfmt::skip]
pub const FAULTS: &[Row] = &[
    (
        "JSON has types, and nothing turns them into others",
        r#"{"rule": {"sample": "0.1", "inbound": false, "genai": false}, "export": {"attempts": "3"}}"#,
        &[
            "rule.sample: expected a number, found text",
            "rule.inbound: expected join, link, restart or off, found true or false",
            "rule.genai: expected off or metadata, found true or false",
            "export.attempts: expected a whole number, found text",
        ],
    ),
    (
        "text that is not JSON",
        r#"{"rule": }"#,
        &[
            "document: is not JSON: expected value at line 1 column 10",
        ],
    ),
    (
        "a document that is no object",
        "[]",
        &[
            "document: expected an object, found a list",
        ],
    ),
    (
        "an unknown key far from any",
        r#"{"colour": "red"}"#,
        &[
            r#"document: unknown key "colour""#,
        ],
    ),
    (
        "a list where an object is expected",
        r#"{"span": []}"#,
        &[
            "span: expected an object, found a list",
        ],
    ),
    (
        "an unknown format",
        r#"{"formats": {"extract": ["opik", "zipkin"]}}"#,
        &[
            r#"formats.extract[1]: unknown value "zipkin", expected FORMATS, composite or tracecontext"#,
        ],
    ),
    (
        "nobody would be believed",
        r#"{"formats": {"extract": []}}"#,
        &[
            "formats.extract: is empty. Name at least one format",
        ],
    ),
    (
        "a format given twice",
        r#"{"formats": {"inject": ["w3c", "opik", "w3c"]}}"#,
        &[
            r#"formats.inject[2]: "w3c" is given twice"#,
        ],
    ),
    (
        "an unknown spelling",
        r#"{"formats": {"opik_spelling": "camel"}}"#,
        &[
            r#"formats.opik_spelling: unknown value "camel", expected underscore, dash or both"#,
        ],
    ),
    (
        "a proof that would be recorded",
        r#"{"rule": {"trust": {"header": {"name": "X-Internal", "equals_env": "GATE_SECRET"}}}, "span": {"headers": ["accept", "x-internal"]}}"#,
        &[
            "span.headers[1]: is the secret of a trust.header, which is never recorded",
        ],
    ),
    (
        "the same, as the name of a thread",
        r#"{"routes": [{"match": {"path": "/a"}, "trust": {"header": {"name": "x-internal", "equals_env": "GATE_SECRET"}}}], "span": {"thread": "x-internal"}}"#,
        &[
            "span.thread: is the secret of a trust.header, which is never recorded",
        ],
    ),
    (
        "secrets are never recorded",
        r#"{"span": {"headers": ["Authorization", "x-api-key", "x-amz-security-token"], "thread": "cookie"}}"#,
        &[
            r#"span.headers[0]: "Authorization" is a header of secrets, which are never recorded"#,
            r#"span.headers[1]: "x-api-key" is a header of secrets, which are never recorded"#,
            r#"span.headers[2]: "x-amz-security-token" is a header of secrets, which are never recorded"#,
            r#"span.thread: "cookie" is a header of secrets, which are never recorded"#,
        ],
    ),
    (
        "more headers than a span holds",
        r#"{"span": {"headers": ["a","b","c","d","e","f","g","h","i","j","k","l","m","n","o","p","q"]}}"#,
        &[
            "span.headers: holds 17 entries, 16 are allowed",
        ],
    ),
    (
        "a header name that is none",
        r#"{"span": {"headers": ["x tenant", ":path", ""]}}"#,
        &[
            r#"span.headers[0]: "x tenant" is not a token of HTTP"#,
            r#"span.headers[1]: ":path" is a pseudo-header"#,
            r#"span.headers[2]: "" is not a token of HTTP"#,
        ],
    ),
    (
        "a template with an unknown part",
        r#"{"span": {"name": "{method} {user}"}}"#,
        &[
            r#"span.name: "{method} {user}" may hold {method}, {path}, {host} and {route} only"#,
        ],
    ),
    (
        "a template without an end",
        r#"{"span": {"name": "{method"}}"#,
        &[
            r#"span.name: "{method" has a { without its }"#,
        ],
    ),
    (
        "a response header that is a trace header",
        r#"{"response": {"header": "traceparent"}}"#,
        &[
            r#"response.header: "traceparent" is a trace header"#,
        ],
    ),
    (
        "a response header that ends messages",
        r#"{"response": {"header": "Content-Length"}}"#,
        &[
            r#"response.header: "Content-Length" belongs to HTTP itself"#,
        ],
    ),
    (
        "the root is null",
        "null",
        &[
            "document: expected an object, found null",
        ],
    ),
    (
        "a document cut short",
        r#"{"service": "x""#,
        &[
            "document: is not JSON: EOF while parsing an object at line 1 column 15",
        ],
    ),
    (
        "faults of values and of combinations come in the order of the document",
        r#"{"span": {"headers": ["x-internal"]}, "rule": {"mising": "reject", "expose": true, "inbound": "off", "sample": 7, "trust": {"header": {"name": "x-internal", "equals_env": "UNSET"}}}, "formats": {"extract": []}}"#,
        &[
            "span.headers[0]: is the secret of a trust.header, which is never recorded",
            r#"rule: unknown key "mising", did you mean "missing"?"#,
            "rule.expose: has no effect with `inbound: off`. Remove one of them",
            "rule.sample: 7 is not within 0 and 1",
            "rule.trust: has no effect with `inbound: off`. Remove one of them",
            "rule.trust.header.equals_env: the variable UNSET is not set or is empty",
            "formats.extract: is empty. Name at least one format",
        ],
    ),
    (
        "a key that would break the line",
        r#"{"a\nb": 1}"#,
        &[
            r#"document: unknown key "a\nb""#,
        ],
    ),
    (
        "an alias given twice",
        r#"{"formats": {"extract": ["composite", "composite"]}}"#,
        &[
            r#"formats.extract[1]: "composite" is given twice"#,
        ],
    ),
    (
        "with an unknown format to extract, nothing is said about require",
        r#"{"formats": {"extract": ["w3d"]}, "rule": {"require": ["w3c"]}}"#,
        &[
            r#"formats.extract[0]: unknown value "w3d", expected FORMATS, composite or tracecontext"#,
        ],
    ),
    (
        "a header recorded twice",
        r#"{"span": {"headers": ["accept", "Accept"]}}"#,
        &[
            r#"span.headers[1]: "accept" is given twice"#,
        ],
    ),
    (
        "a response header in upper case",
        r#"{"response": {"header": "X-Trace"}}"#,
        &[
            r#"response.header: "X-Trace" is not in lower case"#,
        ],
    ),
    (
        "a response header of the connection",
        r#"{"response": {"header": "transfer-encoding"}}"#,
        &[
            r#"response.header: "transfer-encoding" belongs to HTTP itself"#,
        ],
    ),
    (
        "ids of a stranger by a way around the rule",
        r#"{"span": {"headers": ["x-tenant", "TraceParent", "uberctx-user"], "thread": "opik_thread_id"}}"#,
        &[
            r#"span.headers[1]: "TraceParent" is a trace header"#,
            r#"span.headers[2]: "uberctx-user" is a trace header"#,
            r#"span.thread: "opik_thread_id" is a trace header"#,
        ],
    ),
];
