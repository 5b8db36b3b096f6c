"""What sequences are made of: documents, headers, properties; and bytes and numbers that are wrong for most of them."""

import json
from pathlib import Path
from struct import pack

from laws import SECRET

SEEDS = Path(__file__).parents[1] / "fuzz/corpus"

T, Q = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
U, P = "019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814", "019a8b1c-6f3e-7b60-9c1b-2281eda8d7fe"

OPIK = {"kind": "opik", "url": "http://opik.test/api", "cluster": "opik"}
SMALL = {
    "batch_spans": 3,
    "batch_bytes": 4096,
    "queue_bytes": 16384,
    "interval_ms": 50,
    "attempts": 2,
    "backoff_ms": 10,
}
#: Bisecting needs batches of several.
BATCHES = {**SMALL, "batch_spans": 16, "batch_bytes": 65536, "queue_bytes": 262144, "attempts": 5, "timeout_ms": 200}
ALL = ["opik", "opik_baggage", "w3c", "b3", "b3multi", "jaeger"]
FORMATS = {"extract": ALL, "inject": ALL, "opik_spelling": "both"}
REJECT = {"missing": "reject", "invalid": "reject", "conflict": "reject", "require": ["opik", "w3c"]}
TRUST = {
    "trust": {
        "cidr": ["10.0.0.0/8", "fd00::/8"],
        "san": ["spiffe://acme/*"],
        "header": {"name": "x-internal", "equals_env": "GATE_SECRET"},
    },
    "untrusted": "link",
}

MCP = {"genai": "metadata", "genai_api": "mcp", "mcp_parent": "meta"}

DOCUMENTS = [
    {"backend": OPIK, "export": SMALL},
    {"backend": OPIK, "export": BATCHES, "formats": FORMATS, "rule": {"expose": True}},
    {"backend": {**OPIK, "api_key": SECRET, "workspace": "w", "project": "p"}, "export": BATCHES},
    {"backend": OPIK, "export": SMALL, "rule": REJECT, "formats": FORMATS},
    {"backend": OPIK, "export": BATCHES, "rule": {**REJECT, "missing": "mint", "conflict": "prefer"}},
    {"backend": OPIK, "export": SMALL, "rule": TRUST, "formats": FORMATS},
    {"backend": OPIK, "export": SMALL, "rule": {**TRUST, "untrusted": "reject", "expose": True}},
    {"backend": OPIK, "export": BATCHES, "rule": {"inbound": "link", "baggage_allow": ["user"], "upstream": "strip"}},
    {"backend": OPIK, "export": BATCHES, "rule": {"sample": 0.5, "inbound": "restart", "tags": ["a", "b"]}},
    {
        "backend": {**OPIK, "api_key_env": "OPIK_API_KEY"},
        "export": BATCHES,
        "span": {"name": "{method} {path} {host} {route}", "headers": ["user-agent"], "query": ["q"], "thread": "x-s"},
        "rule": {"project": "checkout", "expose": True},
    },
    {
        "backends": [{**OPIK, "name": "a"}, {**OPIK, "name": "b", "cluster": "b"}],
        "export": SMALL,
        "rules": {"strict": REJECT, "off": {"inbound": "off"}},
        "routes": [
            {"match": {"path": "/healthz"}, "inbound": "off"},
            {"match": {"path_prefix": "/v1/", "host": "*.test", "methods": ["POST"]}, **REJECT},
            {"match": {"header": {"name": "x-s", "value": "a"}, "route": "chat"}, "record": False},
        ],
    },
    {"backend": OPIK, "export": SMALL, "rule": {"genai": "metadata", "genai_api": "openai_chat"}},
    {
        "backends": [
            {**OPIK, "kind": "otlp", "encoding": "json", "name": "j"},
            {**OPIK, "kind": "otlp", "dialect": "opik"},
            {**OPIK, "kind": "lilypad", "project_id": "019a8b1c-6f3e-4c41-9a3e-5d0f6b72e814"},
        ],
        "export": BATCHES,
        "rule": {"genai": "metadata"},
    },
    {},
    {"formats": FORMATS, "rule": {"missing": "pass"}},
    {"backend": OPIK, "export": SMALL, "rule": MCP},
    {"backend": {**OPIK, "kind": "otlp"}, "export": BATCHES, "formats": FORMATS, "rule": {**MCP, **TRUST, "missing": "mint"}},
    {"backend": OPIK, "export": SMALL, "rule": {**MCP, "missing": "reject"}},
]

MEDIA = ["application/json", "text/event-stream", "application/x-ndjson", "application/vnd.amazon.eventstream"]
#: Bodies that are read: of LLM calls, packed and not, and of backends.
BODIES = sorted(path.read_bytes() for path in (SEEDS / "bodies").iterdir())
BODIES += [
    b'data: {"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop"}]}\n\n',
    b'data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5}}\n\ndata: [DONE]\n\n',
    b'{"model":"m","choices":[{"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}',
    b"\x0a\x02\x08\x03",
    b'{"partialSuccess":{"rejectedSpans":"2"}}',
    b'{"trace_status":"processed","span_count":1}',
]

#: Messages of MCP, with a parent and without.
MESSAGES = [
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","_meta":{"traceparent":"00-%s-%s-01"}}}'
    % (T.encode(), Q.encode()),
    b'{"params":{"_meta":{"traceparent":"00-%s-%s-00"' % (T.encode(), Q.encode()),
    b'{"params":{"_meta":{"traceparent":"zz"}}}',
    b'{"method":"ping"}',
    b'[{"method":"ping"}]',
    b'{"params":{"x":"' + b"x" * 20_000 + b'"}}',
    b'{"params":',
]

#: Their faults are told; most of them are no document at all.
FAULTY = sorted(path.read_bytes() for path in (SEEDS / "config").iterdir())

#: Headers of a request, as lists of pairs.
TARGETS = [
    [(":method", "GET"), (":path", "/v1/chat?q=1&key=2#f"), (":authority", "api.test:8080"), (":scheme", "http")],
    [(":method", "POST"), (":path", "/v1/chat/completions"), (":authority", "api.test"), ("x-s", "a")],
    [(":method", "GET"), (":path", "/healthz"), (":authority", "[::1]:80"), ("user-agent", "curl\\ö")],
    [("content-type", "application/grpc"), (":method", "POST"), (":path", "/a.B/C"), (":authority", "h")],
    [("content-type", "application/grpc-web-text"), (":method", "POST"), (":path", "/a.B/C"), (":authority", "h")],
    [(":method", "GET"), (":path", "/v1/chat"), (":authority", "h"), ("x-envoy-original-url", "http://h/")],
    [(":method", "M\xff"), (":path", '/\xff\x00"\\?\xfe=%zz&&='), ("x-internal", SECRET)],
    [],
    *([[(":method", "POST"), (":path", "/mcp"), (":authority", "tools.test"), ("content-type", "application/json")]] * 2),
]
CONTEXTS = [
    [],
    [("traceparent", f"00-{T}-{Q}-01"), ("tracestate", "ot=th:8;rv:80000000000000,congo=t61")],
    [("opik_trace_id", U), ("opik_parent_span_id", P), ("opik_tags", '["a"]')],
    [("opik-trace-id", U), ("opik-parent-span-id", P), ("traceparent", f"00-{T}-{Q}-00")],
    [("b3", f"{T}-{Q}-d"), ("b3", "0"), ("x-b3-traceid", T), ("x-b3-spanid", Q), ("x-b3-sampled", "true")],
    [("uber-trace-id", f"{T}%3A{Q}%3A0%3A1"), ("uberctx-user", "x%20y"), ("uberctx-", "")],
    [("baggage", f"opik.trace_id={U},opik.span_id={P},user=alice;p=1"), ("traceparent", f"00-{T}-{Q}-01")],
    [("traceparent", f"00-{T}-{Q}-01"), ("traceparent", f"00-{T}-{Q}-01")],
    [("traceparent", f"ff-{'0' * 32}-{Q}-zz"), ("tracestate", ","), ("baggage", "=;,=")],
    [("opik_trace_id", U), ("opik-trace-id", U.upper()), ("opik_parent_span_id", U)],
]
#: Those of the core's own fuzzing, as lines.
LINES = sorted(path.read_bytes() for path in (SEEDS / "headers").iterdir())

CODE, FLAGS, DETAILS = "response.code", "response.flags", "response.code_details"
NUMBERS = [
    (CODE, [0, 200, 101, 503, 65_536, 1 << 63]),
    (FLAGS, [0, 4, 64, 256, 1 << 14, 1 << 18, (1 << 64) - 1]),
    ("response.grpc_status", [0, 7, 1 << 40]),
]
RULE = "xds.route_metadata.filter_metadata.gatespan.rule"
PROPERTIES = [
    (DETAILS, ["via_upstream", "max_duration_timeout", "internal_redirect", "", "\xff\xfe"]),
    ("gatespan_pass", ["", "\x01", "m" * 8 + "\x01\x03\x00\x02" + "\x71" * 80 + "congo=t61", "m" * 8 + "\x01" + "\xff" * 90]),
    (RULE, ["strict", "off", "", "nobody", "\xff" * 40, "strict\n"]),
    ("xds.route_name", ["chat", "", "\xff\n"]),
    ("source.address", ["10.1.2.3:4567", "[fd00::1]:1", "10.1.2.3", "@", "pipe:/a", "999.1.1.1:0"]),
    ("connection.uri_san_peer_certificate", ["spiffe://acme/ns/a", "\xff", ","]),
    ("connection.dns_san_peer_certificate", ["a.test", "*", ""]),
    ("connection.peer_certificate_valid", ["\x01", "\x00", "", "\x01\x00"]),
    (CODE, ["", "200", "\x00", "1234567", "123456789"]),
    (FLAGS, ["", "\x00\x40"]),
]

#: Statuses of the ABI, and some that it does not have.
STATUSES = [*range(13), 13, 28, 99, 255, 256, 1 << 31, (1 << 32) - 1]
CALLS = [
    "proxy_get_header_map_pairs",
    "proxy_get_property",
    "proxy_get_header_map_value",
    "proxy_get_buffer_bytes",
    "proxy_http_call",
    "proxy_set_property",
    "proxy_call_foreign_function",
    "proxy_set_effective_context",
    "proxy_continue_stream",
    "proxy_replace_header_map_value",
    "proxy_remove_header_map_value",
    "proxy_send_local_response",
    "proxy_get_current_time_nanoseconds",
    "proxy_set_tick_period_milliseconds",
    "proxy_define_metric",
    "proxy_increment_metric",
    "proxy_get_shared_data",
    "proxy_set_shared_data",
    "proxy_log",
    "proxy_done",
    "random_get",
    "environ_sizes_get",
    "environ_get",
]
HOWS = ["null", "empty", "short", "wide", "long", "stray", "again", "done-2", "done-10"]

ENVIRONMENTS = [
    f"OPIK_API_KEY={SECRET}\0GATE_SECRET={SECRET}\0PATH=/bin",
    "OPIK_API_KEY=\0GATE_SECRET",
    "=\0\xff=\xff\0OPIK_API_KEY=a\nb",
    "",
]

#: Answers to a call: status, and what else stands in their headers.
ANSWERS = ["200", "204", "204", "200", "400", "401", "403", "404", "409", "413", "429", "500", "503"]
ANSWERS += ["", "abc", "99999", "-1"]
SECONDS = ["0", "1", "9999999999", "-1", "\xff"]
PAUSES = ["retry-after", "ratelimit-reset", "opik-ratelimit-remaining-seconds", "x-envoy-upstream-service-time"]

ODD = [0, 1, 2, 3, 4, 7, 8, 16, 255, 4096, 65_535, 65_536, 1 << 31, (1 << 31) - 1, (1 << 32) - 1]
#: Moments: the beginning of 1970, today, what 48 bits of milliseconds, and 63 and 64 bits of nanoseconds can hold.
MOMENTS = [0, 1, 1_772_446_530_125_000_000, ((1 << 48) - 1) * 1_000_000, (1 << 63) - 1, (1 << 64) - 1]


def latin(text: str) -> bytes:
    return text.encode("latin-1", errors="replace")


def as_json(document) -> bytes:
    return json.dumps(document).encode()


def as_struct(document) -> bytes:
    """The document as Envoy hands over what was written as YAML: a serialised protobuf Struct."""
    return b"".join(field(1, field(1, latin(key)) + field(2, as_value(value))) for key, value in document.items())


def as_value(value) -> bytes:
    if isinstance(value, bool):
        return b"\x20" + bytes([value])
    if isinstance(value, (int, float)):
        return b"\x11" + pack("<d", value)
    if isinstance(value, str):
        return field(3, latin(value))
    if isinstance(value, dict):
        return field(5, as_struct(value))
    if isinstance(value, list):
        return field(6, b"".join(field(1, as_value(one)) for one in value))
    return b"\x08\x00"


def field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + varint(len(content)) + content


def varint(number: int) -> bytes:
    head = b""
    while number > 0x7F:
        head += bytes([number & 0x7F | 0x80])
        number >>= 7
    return head + bytes([number])


def pairs_of(lines: bytes) -> list:
    found = (line.partition(b":") for line in lines.split(b"\n") if b":" in line)
    return [(name, value.removeprefix(b" ")) for name, _, value in found]
