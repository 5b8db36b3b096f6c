//! Faults of backends, and of how they are delivered to.

use super::Row;

#[rustfmt::skip]
pub const FAULTS: &[Row] = &[
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
        "times that are none",
        r#"{"export": {"interval_ms": "soon", "timeout_ms": "5 s", "backoff_ms": "1.0005s", "backoff_max_ms": "61m"}}"#,
        &[
            r#"export.interval_ms: expected 10 to 600000 milliseconds, or a duration like "5s" or "250ms""#,
            r#"export.timeout_ms: expected 10 to 600000 milliseconds, or a duration like "5s" or "250ms""#,
            r#"export.backoff_ms: expected 1 to 600000 milliseconds, or a duration like "5s" or "250ms""#,
            r#"export.backoff_max_ms: expected 1 to 3600000 milliseconds, or a duration like "5s" or "250ms""#,
        ],
    ),
    (
        "times without a unit, and a time that is no time at all",
        r#"{"export": {"interval_ms": "500", "timeout_ms": true, "backoff_ms": "0ms"}}"#,
        &[
            r#"export.interval_ms: expected 10 to 600000 milliseconds, or a duration like "5s" or "250ms""#,
            "export.timeout_ms: expected milliseconds or a duration, found true or false",
            r#"export.backoff_ms: expected 1 to 600000 milliseconds, or a duration like "5s" or "250ms""#,
        ],
    ),
    (
        "a pause that is cut at once, as durations",
        r#"{"export": {"backoff_ms": "5s", "backoff_max_ms": "1s"}}"#,
        &[
            "export.backoff_ms: 5000 is more than export.backoff_max_ms, 1000",
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
            "backend.url: contains a user or a password; a credential belongs in a secret of the host, not in a URL",
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
        "Prometheus writes both names as a_b, and adds their counters up",
        r#"{"backends": [{"kind": "opik", "url": "http://a.test", "cluster": "a", "name": "a-b"}, {"kind": "otlp", "url": "http://b.test", "cluster": "b", "name": "a_b"}]}"#,
        &[
            r#"backends[1].name: "a_b" and "a-b" of backends[0] are the same name in Prometheus; rename one"#,
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
        "what is missing stands behind what is there",
        r#"{"backend": {"kind": "opik", "via": "smoke"}}"#,
        &[
            r#"backend.via: unknown value "smoke", expected http or queue"#,
            r#"backend: lacks "url""#,
            r#"backend: lacks "cluster""#,
        ],
    ),
    (
        "a name that cannot stand in a place as it is",
        r#"{"backend": {"kind": "otlp", "url": "http://a.test", "cluster": "a", "resource": {"deployment.environment.name": 1}}}"#,
        &[
            r#"backend.resource["deployment.environment.name"]: expected text, found a number: quote this value"#,
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
            r"backend.url: contains ?, # or \; a URL ends with its path here",
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
        "addresses that cannot be called",
        r#"{"backends": [{"kind": "opik", "url": "https://exa mple.test", "cluster": "a", "name": "a"}, {"kind": "opik", "url": "http://a.test:99999", "cluster": "a", "name": "b"}, {"kind": "opik", "url": "http://a.test:+80", "cluster": "a", "name": "c"}, {"kind": "opik", "url": "http://10.0.0.256", "cluster": "a", "name": "d"}, {"kind": "opik", "url": "http://a..test", "cluster": "a", "name": "e"}, {"kind": "opik", "url": "http://a.test/b\\c", "cluster": "a", "name": "f"}]}"#,
        &[
            "backends[0].url: holds a character that no URL can carry",
            "backends[1].url: has no valid port",
            "backends[2].url: has no valid port",
            "backends[3].url: has no valid host",
            "backends[4].url: has no valid host",
            r"backends[5].url: contains ?, # or \; a URL ends with its path here",
        ],
    ),
    (
        "addresses with a password, in capital letters and before an address that is none",
        r#"{"backends": [{"kind": "opik", "url": "HTTPS://:hunter2@a.test", "cluster": "a", "name": "a"}, {"kind": "opik", "url": "http://user:hunter2@", "cluster": "a", "name": "b"}, {"kind": "opik", "url": "postgres://user:hunter2@a.test", "cluster": "a", "name": "c"}]}"#,
        &[
            "backends[0].url: contains a user or a password; a credential belongs in a secret of the host, not in a URL",
            "backends[1].url: contains a user or a password; a credential belongs in a secret of the host, not in a URL",
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
            "backend.workspace: is a setting of otlp towards Opik alone",
            "backend.project: is a setting of otlp towards Opik alone",
        ],
    ),
    (
        "JSON to Opik",
        r#"{"backend": {"kind": "otlp", "url": "http://a.test/api/v1/private/otel/", "cluster": "a", "encoding": "json"}}"#,
        &[
            "backend.encoding: is not for Opik, which reads the hex ids of JSON as base64 and files every span under other ids",
        ],
    ),
    (
        "JSON to Opik, behind a path of one's own",
        r#"{"backend": {"kind": "otlp", "url": "http://a.test/opik", "cluster": "a", "dialect": "opik", "encoding": "json"}}"#,
        &[
            "backend.encoding: is not for Opik, which reads the hex ids of JSON as base64 and files every span under other ids",
        ],
    ),
    (
        "the path of the call in the base",
        r#"{"backend": {"kind": "otlp", "url": "http://a.test/v1/traces", "cluster": "a"}}"#,
        &[
            "backend.url: ends in /v1/traces, which is put behind it",
        ],
    ),
    (
        "a key in two places",
        r#"{"backend": {"kind": "otlp", "url": "http://a.test", "cluster": "a", "api_key": "k", "headers": {"Authorization": "k"}}}"#,
        &[
            "backend.api_key: stands beside headers.authorization, of which one is enough",
        ],
    ),
    (
        "a project in two places",
        r#"{"backend": {"kind": "otlp", "url": "http://a.test", "cluster": "a", "dialect": "opik", "project": "a", "headers": {"projectName": "b"}}}"#,
        &[
            "backend.project: stands beside headers.projectname, of which one is enough",
        ],
    ),
    (
        "projects that no header can carry",
        r#"{"rule": {"project": "caf\u00e9"}, "routes": [{"match": {"path": "/"}, "project": "a "}, {"match": {"path": "/a"}, "project": "a b"}],
            "rules": {"inner": {"project": "\u4e2d"}}, "backend": {"kind": "otlp", "url": "http://a.test", "cluster": "a", "dialect": "opik", "project": "\u00e9"}}"#,
        &[
            "rule.project: is not for otlp towards Opik, where a header carries it: only ASCII, and no blank at either end",
            "routes[0].project: is not for otlp towards Opik, where a header carries it: only ASCII, and no blank at either end",
            "rules.inner.project: is not for otlp towards Opik, where a header carries it: only ASCII, and no blank at either end",
            "backend.project: is not for otlp towards Opik, where a header carries it: only ASCII, and no blank at either end",
        ],
    ),
    (
        "a project of Opik's own API may be any text",
        r#"{"rule": {"project": "caf\u00e9"}, "backend": {"kind": "opik", "url": "http://a.test", "cluster": "a", "project": " \u00e9"}}"#,
        &[],
    ),
    (
        "a dialect of an API that has one way to say things",
        r#"{"backend": {"kind": "opik", "url": "http://a.test", "cluster": "a", "dialect": "opik"}}"#,
        &[
            "backend.dialect: is not a setting of opik",
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
            "export.gzip: is not supported: compressing would block a worker thread. Set it to false, and compress between the gateway and the backend",
        ],
    ),
];
