"""gRPC-Web, with Envoy's filter for it before ours and after: the status of a call, and a refusal that its client understands."""

import base64
import struct

import bootstrap as b
import pytest
from envoy import Envoy
from test_ends import denying, span_of
from test_protocols import calls  # noqa: F401, a fixture
from wire import send

WEB = {"name": "grpc_web", "typed_config": {"@type": b.TYPE + "envoy.extensions.filters.http.grpc_web.v3.GrpcWeb"}}
BINARY, TEXT = "application/grpc-web+proto", "application/grpc-web-text"
MESSAGE = b"\0" + struct.pack(">I", 5) + b"hello"

#: The method, the status of the call, the type of the error.
ROWS = {
    "say": (0, None),
    "stream": (0, None),
    "fail": (14, "14"),
    "fail_late": (14, "14"),
    "denied": (7, None),
}


@pytest.fixture(scope="module")
def envoy(sink, calls):  # noqa: F811
    config = {
        "span": {"headers": ["x-case"]},
        "routes": [{"match": {"path": "/test.Echo/strict"}, "missing": "reject"}],
        "backends": [b.opik("web")],
        "export": {"interval_ms": 50},
    }
    ours, denied = b.plugin(config), denying("/test.Echo/denied")
    orders = {"web first": [WEB, ours, denied], "ours first": [ours, WEB, denied]}
    routes = [b.route("calls")]
    listeners = [b.listener(name, b.manager(filters, routes)) for name, filters in orders.items()]
    with Envoy("grpc-web", b.bootstrap(listeners, [b.cluster("calls", calls.port, http2=True), b.cluster("opik", sink.port)])) as envoy:
        yield envoy


def call(port: int, kind: str, method: str, *lines):
    """As a browser calls."""
    body = base64.b64encode(MESSAGE) if kind == TEXT else MESSAGE
    lines = [f"content-type: {kind}", f"accept: {kind}", "x-grpc-web: 1", *lines]
    return send(port, lines, method="POST", target=f"/test.Echo/{method}", body=body)


def frames(kind: str, body: bytes) -> list:
    """Flag and content of each frame. In text each is a base64 of its own."""
    if kind == TEXT:
        body = b"".join(base64.b64decode(part + b"=" * (-len(part) % 4)) for part in body.replace(b"=", b" ").split())
    found = []
    while body:
        flag, length = struct.unpack(">BI", body[:5])
        found.append((flag, body[5 : 5 + length]))
        body = body[5 + length :]
    return found


@pytest.mark.parametrize("method", ROWS)
@pytest.mark.parametrize("kind", [BINARY, TEXT])
@pytest.mark.parametrize("order", ["web first", "ours first"])
def test_status(order, kind, method, envoy, sink):
    status, error = ROWS[method]
    case = f"{order} {kind} {method}"
    got = call(envoy.ports[order], kind, method, f"x-case: {case}")
    if method in ("say", "stream"):
        *messages, (flag, _) = frames(kind, got.body)
        assert (messages, flag) == ([(0, b"hello")] * (3 if method == "stream" else 1), 0x80)
    span = span_of(sink, case)
    assert span["metadata"]["rpc.grpc.status_code"] == status, span
    assert span.get("error_info", {}).get("exception_type") == error, span


@pytest.mark.parametrize("kind", [BINARY, TEXT, "application/grpc-web"])
@pytest.mark.parametrize("order", ["web first", "ours first"])
def test_refusal_is_one_that_a_client_understands(order, kind, envoy, calls):  # noqa: F811
    count = len(calls.metadata)
    got = call(envoy.ports[order], kind, "strict")
    assert (got.status, got.one("grpc-status"), got.body) == (200, "3", b"")
    assert got.one("grpc-message").startswith("missing: send ")
    assert got.one("content-type") == (TEXT + "+proto" if kind == TEXT else BINARY)
    assert len(calls.metadata) == count

