//! Faults of routes.

use super::Row;

#[rustfmt::skip]
pub const FAULTS: &[Row] = &[
    (
        "an unknown word",
        r#"{"routes": [{"match": {"path": "/a"}}, {"match": {"path": "/b"}}, {"match": {"path": "/c"}, "missing": "mnt"}]}"#,
        &[
            r#"routes[2].missing: unknown value "mnt", expected mint, reject or pass"#,
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
        "the same by way of two layers",
        r#"{"rule": {"inbound": "link"}, "routes": [{"match": {"path": "/a"}, "missing": "reject"}]}"#,
        &[
            "routes[0].missing: would reject every request: `inbound: link` and `restart` remove the ids of every client. Use `inbound: join`",
        ],
    ),
    (
        "enforcing over a default that is off",
        r#"{"rule": {"inbound": "off"}, "routes": [{"match": {"path": "/a"}, "upstream": "strip"}], "rules": {"strict": {"missing": "reject"}}}"#,
        &[
            "routes[0].upstream: has no effect with `inbound: off`. Remove one of them",
            "rules.strict.missing: has no effect with `inbound: off`. Remove one of them",
        ],
    ),
    (
        "trust on a rule that is off",
        r#"{"routes": [{"match": {"path": "/a"}, "inbound": "off", "trust": {"cidr": ["10.0.0.0/8"]}}]}"#,
        &[
            "routes[0].trust: has no effect with `inbound: off`. Remove one of them",
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
        "a route that closes itself over an enforcing default",
        r#"{"rule": {"missing": "reject"}, "routes": [{"match": {"path": "/a"}, "inbound": "restart"}]}"#,
        &[
            "routes[0].inbound: would reject every request: it removes the ids of every client, and the rule has `missing: reject`",
        ],
    ),
    (
        "the same by way of two layers",
        r#"{"rule": {"missing": "reject"}, "routes": [{"match": {"path": "/a"}, "trust": {"san": ["spiffe://acme/*"]}}]}"#,
        &[
            "routes[0].trust: would reject untrusted clients because their ids were removed. Write `untrusted: reject`",
        ],
    ),
    (
        "off and untrusted: reject",
        r#"{"rule": {"trust": {"cidr": ["10.0.0.0/8"]}}, "routes": [{"match": {"path": "/a"}, "inbound": "off", "untrusted": "reject"}]}"#,
        &[
            "routes[0].untrusted: has no effect with `inbound: off`. Remove one of them",
        ],
    ),
    (
        "untrusted: link without trust would link nobody",
        r#"{"routes": [{"match": {"path": "/a"}, "untrusted": "link"}]}"#,
        &[
            "routes[0].untrusted: has no effect without trust",
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
        "a host with its scheme",
        r#"{"routes": [{"match": {"host": "http://a.com"}}, {"match": {"host": "*."}}, {"match": {"host": "*a.com"}}]}"#,
        &[
            r#"routes[0].match.host: "http://a.com" is not a host"#,
            r#"routes[1].match.host: "*." is not a host"#,
            r#"routes[2].match.host: "*a.com" may hold a * only in *. at its beginning"#,
        ],
    ),
];
