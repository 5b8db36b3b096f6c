//! Whole lists of attributes, with the reason beside each.

use gatespan::{End, EndKind};

use super::{Asked, OK, ask, gate, said};

struct Row {
    why: &'static str,
    document: &'static str,
    request: &'static str,
    end: End,
    wanted: &'static str,
}

const BOTH: &str = r#""backends": [{"kind": "opik", "url": "http://opik.test/api", "cluster": "opik"}, {"kind": "otlp", "url": "http://otlp.test", "cluster": "otlp"}]"#;
const OTLP: &str = r#""backend": {"kind": "otlp", "url": "http://otlp.test", "cluster": "otlp"}"#;

#[test]
fn a_span_says_what_the_table_says() {
    let mut wrong = String::new();
    for Row {
        why,
        document,
        request,
        end,
        wanted,
    } in ROWS
    {
        let found = ask(&gate(document), &Asked::read(request).request(), *end, said);
        if found != *wanted {
            wrong += &format!("\n{why}: {request}\n-- wanted\n{wanted}\n-- found\n{found}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

const ROWS: &[Row] = &[
    Row {
        why: "the least there is",
        document: "",
        request: "GET / ",
        end: End {
            status: None,
            kind: EndKind::DownstreamReset,
            ..OK
        },
        wanted: "http.request.method=GET\nurl.scheme=https\nurl.path=/\ngatespan.decision=minted\ngatespan.end=downstream_reset",
    },
    Row {
        why: "everything of HTTP and gRPC",
        document: r#""span": {"headers": ["User-Agent", "x-absent", "x-twice"], "query": ["alt"]}"#,
        request: "POST /a.B/C?alt=sse;key=AIza&stream=true&sk-1 BackendApi.Test:443\nuser-agent: curl/8\nX-Twice: 1\nx-twice: 2\n:route: chat",
        end: End {
            status: Some(200),
            grpc_status: Some(14),
            kind: EndKind::Complete,
            request_bytes: Some(0),
            response_bytes: Some(u64::MAX),
        },
        wanted: "http.request.method=POST\nurl.scheme=https\nurl.path=/a.B/C\nurl.query=alt=sse;key=REDACTED&stream=REDACTED&REDACTED\n\
            server.address=BackendApi.Test\ngatespan.route=chat\nhttp.response.status_code=200\nrpc.grpc.status_code=14\n\
            http.request.body.size=0\nhttp.response.body.size=18446744073709551615\nerror.type=14\n\
            gatespan.decision=minted\ngatespan.end=complete\nhttp.request.header.user-agent=curl/8\n\
            http.request.header.x-twice=1",
    },
    Row {
        why: "a method that a caller made up",
        document: "",
        request: "get /?alt=1&alt h",
        end: End {
            status: Some(503),
            kind: EndKind::LocalReply,
            ..OK
        },
        wanted: "http.request.method=_OTHER\nhttp.request.method_original=get\nurl.scheme=https\nurl.path=/\nurl.query=alt=1&alt\n\
            server.address=h\nhttp.response.status_code=503\nerror.type=503\ngatespan.decision=minted\n\
            gatespan.end=local_reply",
    },
    Row {
        why: "no user, no port, no closing dot and no fragment",
        document: "",
        request: "GET /a#token=1?b user:pw@a.test.:80",
        end: OK,
        wanted: "http.request.method=GET\nurl.scheme=https\nurl.path=/a\nserver.address=a.test\nhttp.response.status_code=200\n\
            gatespan.decision=minted\ngatespan.end=complete",
    },
    Row {
        why: "an absolute target, and a fragment behind its query",
        document: "",
        request: "GET http://user:pw@h/a?alt=b#token a.test",
        end: OK,
        wanted: "http.request.method=GET\nurl.scheme=https\nurl.path=/a\nurl.query=alt=b\nserver.address=a.test\n\
            http.response.status_code=200\ngatespan.decision=minted\ngatespan.end=complete",
    },
    Row {
        why: "an empty query is one",
        document: "",
        request: "GET /a? [2001:db8::1]:80",
        end: OK,
        wanted: "http.request.method=GET\nurl.scheme=https\nurl.path=/a\nurl.query=\nserver.address=[2001:db8::1]\n\
            http.response.status_code=200\ngatespan.decision=minted\ngatespan.end=complete",
    },
    Row {
        why: "every refused header, and the one that spoils two formats once",
        document: r#""formats": {"extract": ["opik", "opik_baggage", "w3c", "b3", "b3multi", "jaeger"]}"#,
        request: "GET / h\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-zz\nb3: x\n\
            x-b3-traceid: 4bf92f3577b34da6a3ce929d0e0e4736\nx-b3-spanid: 00f067aa0ba902b7\nopik_trace_id: 7\n\
            uber-trace-id: 0",
        end: OK,
        wanted: "http.request.method=GET\nurl.scheme=https\nurl.path=/\nserver.address=h\nhttp.response.status_code=200\n\
            gatespan.decision=restarted\ngatespan.end=complete\n\
            gatespan.fault=opik_trace_id is not a UUID; traceparent holds flags that are not hex; b3 holds an unknown \
            sampling state; uber-trace-id does not have the fields its format demands",
    },
    Row {
        why: "a rule that forgets the caller forgets what was wrong",
        document: r#""rule": {"inbound": "restart"}"#,
        request: "GET / h\ntraceparent: 00\nopik_trace_id: 019cae0b-ba4d-7b60-9c1b-2281eda8d7fe",
        end: OK,
        wanted: "http.request.method=GET\nurl.scheme=https\nurl.path=/\nserver.address=h\nhttp.response.status_code=200\n\
            gatespan.decision=restarted\ngatespan.end=complete",
    },
    Row {
        why: "two that disagree, and a foreign parent in Opik",
        document: r#""formats": {"extract": ["w3c", "jaeger"]}"#,
        request: "GET / h\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n\
            uber-trace-id: 4bf92f3577b34da6a3ce929d0e0e4736:b7ad6b7169203331:0:1",
        end: OK,
        wanted: "http.request.method=GET\nurl.scheme=https\nurl.path=/\nserver.address=h\nhttp.response.status_code=200\n\
            gatespan.decision=joined\ngatespan.end=complete\ngatespan.conflict=w3c and jaeger carry different ids\n\
            gatespan.client.trace_id=4bf92f3577b34da6a3ce929d0e0e4736\ngatespan.client.span_id=00f067aa0ba902b7",
    },
    Row {
        why: "where our span hangs under the caller's, the caller is no foreigner",
        document: OTLP,
        request: "GET / h\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        end: OK,
        wanted: "http.request.method=GET\nurl.scheme=https\nurl.path=/\nserver.address=h\nhttp.response.status_code=200\n\
            gatespan.decision=joined\ngatespan.end=complete",
    },
    Row {
        why: "unless it is linked to",
        document: r#""rule": {"inbound": "link"}, "backend": {"kind": "otlp", "url": "http://otlp.test", "cluster": "otlp"}"#,
        request: "GET / h\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        end: OK,
        wanted: "http.request.method=GET\nurl.scheme=https\nurl.path=/\nserver.address=h\nhttp.response.status_code=200\n\
            gatespan.decision=linked\ngatespan.end=complete\n\
            gatespan.client.trace_id=4bf92f3577b34da6a3ce929d0e0e4736\ngatespan.client.span_id=00f067aa0ba902b7",
    },
    Row {
        why: "each system is told of the other one's ids",
        document: BOTH,
        request: "GET / h\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\n\
            opik_trace_id: 019cae0b-ba4d-7b60-9c1b-2281eda8d7fe\nopik_parent_span_id: 019cae0b-ba4e-7d11-8f00-7e4a2b90c3d5",
        end: OK,
        wanted: "http.request.method=GET\nurl.scheme=https\nurl.path=/\nserver.address=h\nhttp.response.status_code=200\n\
            gatespan.decision=joined\ngatespan.end=complete\ngatespan.client.trace_id=4bf92f3577b34da6a3ce929d0e0e4736\n\
            gatespan.client.span_id=00f067aa0ba902b7\n\
            gatespan.client.opik_trace_id=019cae0b-ba4d-7b60-9c1b-2281eda8d7fe\n\
            gatespan.client.opik_parent_span_id=019cae0b-ba4e-7d11-8f00-7e4a2b90c3d5",
    },
    Row {
        why: "a linked caller is remembered, a trace without parent too",
        document: r#""rule": {"inbound": "link"}"#,
        request: "GET / h\nopik_trace_id: 019cae0b-ba4d-7b60-9c1b-2281eda8d7fe",
        end: OK,
        wanted: "http.request.method=GET\nurl.scheme=https\nurl.path=/\nserver.address=h\nhttp.response.status_code=200\n\
            gatespan.decision=linked\ngatespan.end=complete\n\
            gatespan.client.opik_trace_id=019cae0b-ba4d-7b60-9c1b-2281eda8d7fe",
    },
];
