//! Documents with faults, and what is said about each: why, document, lines. In Envoy's place, where `GATE_SECRET` holds a
//! secret, `LINE` one with the end of its line, and `EMPTY` nothing. `FORMATS` stands for the names of all formats.

#[rustfmt::skip]
pub const FAULTS: &[(&str, &str, &[&str])] = &[
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
        "an unknown key, and what was meant",
        r#"{"rule": {"mising": "reject"}}"#,
        &[
            r#"rule: unknown key "mising", did you mean "missing"?"#,
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
        "an unknown word",
        r#"{"routes": [{"match": {"path": "/a"}}, {"match": {"path": "/b"}}, {"match": {"path": "/c"}, "missing": "mnt"}]}"#,
        &[
            r#"routes[2].missing: unknown value "mnt", expected mint, reject or pass"#,
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
        "null is no value",
        r#"{"rule": null}"#,
        &[
            "rule: expected an object, found null",
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
        "an object where a list is expected",
        r#"{"routes": {}}"#,
        &[
            "routes: expected a list, found an object",
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
        "a fraction where a whole number is expected",
        r#"{"export": {"batch_spans": 200.5}}"#,
        &[
            "export.batch_spans: is not a whole number from 1 to 1000",
        ],
    ),
    (
        "more than Opik takes",
        r#"{"export": {"batch_spans": 1001}}"#,
        &[
            "export.batch_spans: 1001 is not a whole number from 1 to 1000",
        ],
    ),
    (
        "zero would never send",
        r#"{"export": {"interval_ms": 0}}"#,
        &[
            "export.interval_ms: 0 is not a whole number from 10 to 600000",
        ],
    ),
    (
        "a batch that never fills",
        r#"{"export": {"batch_bytes": 2000000, "queue_bytes": 1000000}}"#,
        &[
            "export.batch_bytes: 2000000 is more than export.queue_bytes, 1000000",
        ],
    ),
    (
        "a pause that is cut at once",
        r#"{"export": {"backoff_ms": 5000, "backoff_max_ms": 1000}}"#,
        &[
            "export.backoff_ms: 5000 is more than export.backoff_max_ms, 1000",
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
            "formats.extract: is empty: no caller would be believed",
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
            "rule.missing: would reject every request, because `inbound: link` and `restart` remove what callers send",
        ],
    ),
    (
        "the same by way of two layers",
        r#"{"rule": {"inbound": "link"}, "routes": [{"match": {"path": "/a"}, "missing": "reject"}]}"#,
        &[
            "routes[0].missing: would reject every request, because `inbound: link` and `restart` remove what callers send",
        ],
    ),
    (
        "nothing is left that could be invalid or in conflict",
        r#"{"rule": {"inbound": "link", "invalid": "reject", "conflict": "reject"}}"#,
        &[
            "rule.invalid: would not hold, because `inbound: link` and `restart` look at nothing that callers send",
            "rule.conflict: would not hold, because `inbound: link` and `restart` look at nothing that callers send",
        ],
    ),
    (
        "off and enforcing in one rule",
        r#"{"rule": {"inbound": "off", "missing": "reject", "upstream": "strip", "invalid": "reject", "conflict": "reject", "expose": true}}"#,
        &[
            "rule.missing: would not hold, because the rule is `inbound: off`",
            "rule.upstream: would not hold, because the rule is `inbound: off`",
            "rule.invalid: would not hold, because the rule is `inbound: off`",
            "rule.conflict: would not hold, because the rule is `inbound: off`",
            "rule.expose: would not hold, because the rule is `inbound: off`",
        ],
    ),
    (
        "enforcing over a default that is off",
        r#"{"rule": {"inbound": "off"}, "routes": [{"match": {"path": "/a"}, "upstream": "strip"}], "rules": {"strict": {"missing": "reject"}}}"#,
        &[
            "routes[0].upstream: would not hold, because the rule is `inbound: off`",
            "rules.strict.missing: would not hold, because the rule is `inbound: off`",
        ],
    ),
    (
        "trust on a rule that is off",
        r#"{"routes": [{"match": {"path": "/a"}, "inbound": "off", "trust": {"cidr": ["10.0.0.0/8"]}}]}"#,
        &[
            "routes[0].trust: would not hold, because the rule is `inbound: off`",
        ],
    ),
    (
        "untrusted without trust",
        r#"{"rule": {"untrusted": "reject"}}"#,
        &[
            "rule.untrusted: has no meaning without trust",
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
        "a route without a condition",
        r#"{"routes": [{"match": {}}]}"#,
        &[
            "routes[0].match: has no condition; what holds for every request belongs into rule",
        ],
    ),
    (
        "a route without a match",
        r#"{"routes": [{"missing": "reject"}]}"#,
        &[
            r#"routes[0]: lacks "match""#,
        ],
    ),
    (
        "two conditions of which one is enough",
        r#"{"routes": [{"match": {"path": "/a", "path_prefix": "/"}}]}"#,
        &[
            "routes[0].match: has path and path_prefix, of which one is enough",
        ],
    ),
    (
        "a path that is none",
        r#"{"routes": [{"match": {"path": "a"}}, {"match": {"path_prefix": "/a?b=c"}}]}"#,
        &[
            r#"routes[0].match.path: "a" does not begin with /"#,
            r#"routes[1].match.path_prefix: "/a?b=c" holds a query, which is not looked at"#,
        ],
    ),
    (
        "a host that never matches",
        r#"{"routes": [{"match": {"host": "a.*.com"}}, {"match": {"host": "a.com:8080"}}]}"#,
        &[
            r#"routes[0].match.host: "a.*.com" may hold a * only in *. at its beginning"#,
            r#"routes[1].match.host: "a.com:8080" holds a port, which is not looked at"#,
        ],
    ),
    (
        "methods are in upper case",
        r#"{"routes": [{"match": {"methods": ["post"]}}]}"#,
        &[
            r#"routes[0].match.methods[0]: "post" is not in upper case, as methods are"#,
        ],
    ),
    (
        "a header condition with half its parts",
        r#"{"routes": [{"match": {"header": {"name": "x-tenant"}}}]}"#,
        &[
            r#"routes[0].match.header: lacks "value""#,
        ],
    ),
    (
        "a route that an earlier one hides",
        r#"{"routes": [{"match": {"path": "/a"}}, {"match": {"path": "/a"}, "missing": "reject"}]}"#,
        &[
            "routes[1].match: is the same as routes[0].match, which comes first",
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
        "a backend of no kind",
        r#"{"backend": {"url": "http://a.test", "cluster": "a"}}"#,
        &[
            r#"backend: lacks "kind""#,
        ],
    ),
    (
        "an unknown kind",
        r#"{"backend": {"kind": "jaeger", "url": "http://a.test", "cluster": "a"}}"#,
        &[
            r#"backend.kind: unknown value "jaeger", expected opik, otlp, lilypad or none"#,
        ],
    ),
    (
        "a backend without its address",
        r#"{"backend": {"kind": "opik"}}"#,
        &[
            r#"backend: lacks "url""#,
            r#"backend: lacks "cluster""#,
        ],
    ),
    (
        "an address that is none",
        r#"{"backend": {"kind": "opik", "url": "opik.internal:8080", "cluster": "a"}}"#,
        &[
            "backend.url: does not begin with http:// or https://",
        ],
    ),
    (
        "an address with a password",
        r#"{"backend": {"kind": "opik", "url": "http://user:hunter2@a.test", "cluster": "a"}}"#,
        &[
            "backend.url: holds a user, which belongs into api_key_env",
        ],
    ),
    (
        "a Queue in Envoy",
        r#"{"backend": {"kind": "opik", "url": "http://a.test", "cluster": "a", "via": "queue"}}"#,
        &[
            "backend.via: a Queue is there for a Worker only",
        ],
    ),
    (
        "two keys",
        r#"{"backend": {"kind": "opik", "url": "http://a.test", "cluster": "a", "api_key": "k", "api_key_env": "GATE_SECRET"}}"#,
        &[
            "backend.api_key: stands beside api_key_env, of which one is enough",
        ],
    ),
    (
        "a key that no header can carry",
        r#"{"backend": {"kind": "opik", "url": "http://a.test", "cluster": "a", "api_key": "hunter2\n"}}"#,
        &[
            "backend.api_key: holds a character that no header can carry",
        ],
    ),
    (
        "a key that is not set",
        r#"{"backend": {"kind": "opik", "url": "http://a.test", "cluster": "a", "api_key_env": "UNSET"}}"#,
        &[
            "backend.api_key_env: the variable UNSET is not set or is empty",
        ],
    ),
    (
        "settings of another kind",
        r#"{"backend": {"kind": "opik", "url": "http://a.test", "cluster": "a", "encoding": "json", "headers": {"a": "b"}, "project_id": "019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814"}}"#,
        &[
            "backend.encoding: is not a setting of opik",
            "backend.headers: is not a setting of opik",
            "backend.project_id: is not a setting of opik",
        ],
    ),
    (
        "lilypad needs a project",
        r#"{"backend": {"kind": "lilypad", "url": "http://a.test", "cluster": "a"}}"#,
        &[
            r#"backend: lacks "project_id""#,
        ],
    ),
    (
        "a project that is no UUID",
        r#"{"backend": {"kind": "lilypad", "url": "http://a.test", "cluster": "a", "project_id": "checkout"}}"#,
        &[
            r#"backend.project_id: "checkout" is not a dashed UUID"#,
        ],
    ),
    (
        "one and several",
        r#"{"backend": {"kind": "none"}, "backends": []}"#,
        &[
            "backends: stands beside backend; put all of them into backends",
        ],
    ),
    (
        "two backends of one name",
        r#"{"backends": [{"kind": "opik", "url": "http://a.test", "cluster": "a"}, {"kind": "opik", "url": "http://b.test", "cluster": "b"}]}"#,
        &[
            r#"backends[1].name: backends[0] is called "opik" already; give each a name"#,
        ],
    ),
    (
        "a header of the backend that no header can be",
        r#"{"backend": {"kind": "otlp", "url": "http://a.test", "cluster": "a", "headers": {"x y": "1", "ok": "hunter2\u0000"}}}"#,
        &[
            "backend.headers: a name is not a token of HTTP",
            "backend.headers.ok: holds a character that no header can carry",
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
            "rule.expose: would not hold, because the rule is `inbound: off`",
            "rule.sample: 7 is not within 0 and 1",
            "rule.trust: would not hold, because the rule is `inbound: off`",
            "rule.trust.header.equals_env: the variable UNSET is not set or is empty",
            "formats.extract: is empty: no caller would be believed",
        ],
    ),
    (
        "what is missing stands behind what is there",
        r#"{"backend": {"kind": "opik", "via": "smoke"}}"#,
        &[
            r#"backend.via: unknown value "smoke", expected http or queue"#,
            r#"backend: lacks "url""#,
            r#"backend: lacks "cluster""#,
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
        "a name that cannot stand in a place as it is",
        r#"{"backend": {"kind": "otlp", "url": "http://a.test", "cluster": "a", "resource": {"deployment.environment.name": 1}}}"#,
        &[
            r#"backend.resource["deployment.environment.name"]: expected text, found a number"#,
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
        "a double with very many digits",
        r#"{"export": {"timeout_ms": 1e300, "attempts": -1, "queue_bytes": 268435457}}"#,
        &[
            "export.timeout_ms: is not a whole number from 10 to 600000",
            "export.attempts: is not a whole number from 1 to 100",
            "export.queue_bytes: 268435457 is not a whole number from 1024 to 268435456",
        ],
    ),
    (
        "a queue below the batch that is the default",
        r#"{"export": {"queue_bytes": 500000}}"#,
        &[
            "export.queue_bytes: 500000 is less than export.batch_bytes, 1000000",
        ],
    ),
    (
        "a faulty number is compared with none",
        r#"{"export": {"batch_bytes": 5000000, "queue_bytes": "many"}}"#,
        &[
            "export.queue_bytes: expected a whole number, found text",
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
        "an alias of which a part is never read",
        r#"{"rule": {"require": ["composite"]}}"#,
        &[
            "rule.require[0]: jaeger is not in formats.extract, so it can never be there",
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
        "a route that closes itself over an enforcing default",
        r#"{"rule": {"missing": "reject"}, "routes": [{"match": {"path": "/a"}, "inbound": "restart"}]}"#,
        &[
            "routes[0].inbound: would have every request rejected, because it removes what callers send and the rule is `missing: reject`",
        ],
    ),
    (
        "a named rule over a route: told once, however many routes it closes",
        r#"{"routes": [{"match": {"path": "/a"}, "inbound": "link"}, {"match": {"path": "/b"}, "inbound": "link"}, {"match": {"path": "/c"}, "inbound": "restart"}], "rules": {"strict": {"missing": "reject"}}}"#,
        &[
            "rules.strict.missing: would reject every request, because `inbound: link` and `restart` remove what callers send",
        ],
    ),
    (
        "strangers would be told that they sent nothing",
        r#"{"rule": {"missing": "reject", "trust": {"cidr": ["10.0.0.0/8"]}}}"#,
        &[
            "rule.missing: would reject strangers for want of the ids that were removed; write `untrusted: reject`",
        ],
    ),
    (
        "the same, said in so many words",
        r#"{"rule": {"missing": "reject", "trust": {"cidr": ["10.0.0.0/8"]}, "untrusted": "restart"}}"#,
        &[
            "rule.untrusted: would reject strangers for want of the ids that were removed; write `untrusted: reject`",
        ],
    ),
    (
        "the same by way of two layers",
        r#"{"rule": {"missing": "reject"}, "routes": [{"match": {"path": "/a"}, "trust": {"san": ["spiffe://acme/*"]}}]}"#,
        &[
            "routes[0].trust: would reject strangers for want of the ids that were removed; write `untrusted: reject`",
        ],
    ),
    (
        "off and untrusted: reject",
        r#"{"rule": {"trust": {"cidr": ["10.0.0.0/8"]}}, "routes": [{"match": {"path": "/a"}, "inbound": "off", "untrusted": "reject"}]}"#,
        &[
            "routes[0].untrusted: would not hold, because the rule is `inbound: off`",
        ],
    ),
    (
        "untrusted: link without trust would link nobody",
        r#"{"routes": [{"match": {"path": "/a"}, "untrusted": "link"}]}"#,
        &[
            "routes[0].untrusted: has no meaning without trust",
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
        "no methods at all",
        r#"{"routes": [{"match": {"methods": []}}]}"#,
        &[
            "routes[0].match.methods: is empty; leave it out for every method",
        ],
    ),
    (
        "hosts, methods and headers are compared as they are read",
        r#"{"routes": [{"match": {"host": "A.com", "methods": ["GET", "PUT"], "header": {"name": "X-A", "value": "1"}}}, {"match": {"host": "a.com", "methods": ["PUT", "GET"], "header": {"name": "x-a", "value": "1"}}}]}"#,
        &[
            "routes[1].match: is the same as routes[0].match, which comes first",
        ],
    ),
    (
        "hosts that no request has",
        r#"{"routes": [{"match": {"host": "a b.com"}}, {"match": {"host": "2001:db8::1"}}, {"match": {"host": "[db8]"}}, {"match": {"host": "*.[::1]"}}, {"match": {"host": "."}}]}"#,
        &[
            r#"routes[0].match.host: "a b.com" is not a host"#,
            r#"routes[1].match.host: "2001:db8::1" is an IPv6 address without the brackets that it has in requests"#,
            r#"routes[2].match.host: "[db8]" is not a host"#,
            r#"routes[3].match.host: "*.[::1]" is not a host"#,
            r#"routes[4].match.host: "." is not a host"#,
        ],
    ),
    (
        "a full name and the same without its dot",
        r#"{"routes": [{"match": {"host": "a.com"}}, {"match": {"host": "A.com."}}, {"match": {"host": "[::1]"}}]}"#,
        &[
            "routes[1].match: is the same as routes[0].match, which comes first",
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
    (
        "a host with its scheme",
        r#"{"routes": [{"match": {"host": "http://a.com"}}, {"match": {"host": "*."}}, {"match": {"host": "*a.com"}}]}"#,
        &[
            r#"routes[0].match.host: "http://a.com" is not a host"#,
            r#"routes[1].match.host: "*." is not a host"#,
            r#"routes[2].match.host: "*a.com" may hold a * only in *. at its beginning"#,
        ],
    ),
    (
        "a name that no counter can hold",
        r#"{"backend": {"kind": "opik", "url": "http://a.test", "cluster": "a", "name": "Primary.eu"}}"#,
        &[
            r#"backend.name: "Primary.eu" is not 1 to 32 of a-z, 0-9, _ and -"#,
        ],
    ),
    (
        "an address with a key in its query",
        r#"{"backend": {"kind": "opik", "url": "https://a.test/api?key=hunter2", "cluster": "a"}}"#,
        &[
            "backend.url: holds a query",
        ],
    ),
    (
        "an address without a host",
        r#"{"backends": [{"kind": "opik", "url": "http://", "cluster": "a"}, {"kind": "otlp", "url": "http://a.test:70000/", "cluster": "a"}, {"kind": "lilypad", "url": "ftp://a.test", "cluster": "a", "project_id": "019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814"}]}"#,
        &[
            "backends[0].url: has no valid host",
            "backends[1].url: has no valid port",
            "backends[2].url: does not begin with http:// or https://",
        ],
    ),
    (
        "a workspace that no header can carry",
        r#"{"backend": {"kind": "opik", "url": "http://a.test", "cluster": "a", "workspace": "a\r\nx-evil: 1"}}"#,
        &[
            r#"backend.workspace: "a\r\nx-evil: 1" holds a character that no header can carry"#,
        ],
    ),
    (
        "an empty key",
        r#"{"backend": {"kind": "opik", "url": "http://a.test", "cluster": "a", "api_key": " "}}"#,
        &[
            "backend.api_key: is empty",
        ],
    ),
    (
        "the key where its variable should be named",
        r#"{"backend": {"kind": "opik", "url": "http://a.test", "cluster": "a", "api_key_env": "sk-hunter2"}}"#,
        &[
            "backend.api_key_env: is not the name of a variable, like OPIK_API_KEY",
        ],
    ),
    (
        "secrets of the wrong type",
        r#"{"backend": {"kind": "otlp", "url": "http://a.test", "cluster": "a", "api_key": ["hunter2"], "headers": {"x-api-key": {"hunter2": 1}}}}"#,
        &[
            "backend.api_key: expected text, found a list",
            "backend.headers.x-api-key: expected text, found an object",
        ],
    ),
    (
        "a secret written into a name",
        r#"{"backend": {"kind": "otlp", "url": "http://a.test", "cluster": "a", "headers": {"authorization: Bearer hunter2": ""}}}"#,
        &[
            "backend.headers: a name is not a token of HTTP",
        ],
    ),
    (
        "headers that a call has already",
        r#"{"backend": {"kind": "otlp", "url": "http://a.test", "cluster": "a", "headers": {"Content-Type": "text/plain", "x-a": "1", "X-A": "2"}}}"#,
        &[
            "backend.headers: a name belongs to HTTP itself",
            "backend.headers.X-A: is the same header as one before it, in other letters",
        ],
    ),
    (
        "opik's settings for otlp",
        r#"{"backend": {"kind": "otlp", "url": "http://a.test", "cluster": "a", "workspace": "default", "project": "gateway"}}"#,
        &[
            "backend.workspace: is not a setting of otlp",
            "backend.project: is not a setting of otlp",
        ],
    ),
    (
        "two backends of one given name",
        r#"{"backends": [{"kind": "opik", "url": "http://a.test", "cluster": "a", "name": "one"}, {"kind": "otlp", "url": "http://a.test", "cluster": "a", "name": "one"}]}"#,
        &[
            r#"backends[1].name: backends[0] is called "one" already; give each a name"#,
        ],
    ),
    (
        "a backend that is off needs nothing, but no unknown keys",
        r#"{"backend": {"kind": "none", "api_key_env": "UNSET", "ulr": ""}}"#,
        &[
            r#"backend: unknown key "ulr""#,
        ],
    ),
    (
        "bodies are not compressed, and must not silently be plain",
        r#"{"export": {"gzip": true}}"#,
        &[
            "export.gzip: is not built in: a worker would serve nobody while it compresses; compress on the way to the backend",
        ],
    ),
    (
        "a tag given twice would cost the batch",
        r#"{"rule": {"tags": ["edge", "eu", "edge"]}}"#,
        &[
            "rule.tags[2]: is given twice",
        ],
    ),
];
