"""Each of Envoy's timeouts, and whose fault it is: a client that stalls is no error of ours, an upstream that is slow is."""

import socket
import threading

import bootstrap as b
import pytest
from envoy import Envoy
from sink import soon
from test_ends import check, span_of
from test_protocols import http2_stalls
from websockets.sync.client import connect as websocket
from wire import answer, connect, head, pairs

#: Long enough for a busy machine to send a request, short enough to wait for.
SHORT = "0.5s"
COMMON = {"headers_with_underscores_action": "ALLOW"}
RETRY = {"retry_on": "reset"}
DURATION = {"max_stream_duration": SHORT}

#: A listener for each timeout: what its route has, and what its connection manager has.
LISTENERS = {
    "request": ({}, {"request_timeout": SHORT}),
    "request headers": ({}, {"request_headers_timeout": SHORT}),
    "stream idle": ({}, {"stream_idle_timeout": SHORT}),
    "stream duration": ({}, {"common_http_protocol_options": {**COMMON, **DURATION}}),
    "route": ({"timeout": SHORT}, {}),
    "route idle": ({"idle_timeout": SHORT}, {}),
    "route duration": ({"max_stream_duration": DURATION}, {}),
    "try": ({"retry_policy": {**RETRY, "per_try_timeout": SHORT}}, {}),
    "try idle": ({"retry_policy": {**RETRY, "per_try_idle_timeout": SHORT}}, {}),
    "upstream duration": ({"cluster": "mortal"}, {}),
}

#: What is slow: an upload that stops, an upstream that does not respond, one that stops in its response, one that responds
#: early to an upload that stops.
UPLOAD, UPSTREAM, RESPONSE, EARLY = "upload", "upstream", "response", "early"

#: Timeout, what is slow, the status for the client, the type of the error.
ROWS = [
    ("request", UPLOAD, 408, None),
    ("stream idle", UPLOAD, 408, None),
    ("stream idle", UPSTREAM, 504, "timeout"),
    ("stream idle", RESPONSE, 200, "timeout"),
    ("stream idle", EARLY, 200, None),
    ("stream duration", UPLOAD, 408, None),
    ("stream duration", UPSTREAM, 504, "timeout"),
    ("stream duration", RESPONSE, 200, "timeout"),
    ("stream duration", EARLY, 200, None),
    ("route", UPSTREAM, 504, "timeout"),
    ("route", RESPONSE, 200, "timeout"),
    ("route idle", UPLOAD, 408, None),
    ("route idle", UPSTREAM, 504, "timeout"),
    ("route duration", UPLOAD, 408, None),
    ("route duration", UPSTREAM, 504, "timeout"),
    ("try", UPSTREAM, 504, "timeout"),
    ("try idle", UPSTREAM, 504, "timeout"),
    ("try idle", RESPONSE, 200, "timeout"),
    ("upstream duration", UPLOAD, 408, None),
    ("upstream duration", UPSTREAM, 504, "timeout"),
    ("upstream duration", RESPONSE, 200, "timeout"),
    ("upstream duration", EARLY, 200, None),
]

REQUESTS = {
    UPLOAD: ("POST", ["content-length: 100"], b"abc"),
    UPSTREAM: ("GET", ["x-app: stall"], b""),
    RESPONSE: ("GET", ["x-app: sse=2,5000"], b""),
    EARLY: ("POST", ["content-length: 100", "x-early: yes"], b"abc"),
}


@pytest.fixture(scope="module")
def early():
    """An upstream that begins its response when it has the headers, and says no more."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            kept = []
            while True:
                try:
                    stream, _ = server.accept()
                except OSError:
                    return
                kept.append(stream)
                stream.recv(65536)
                stream.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n")

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def mortal(name: str, port: int) -> dict:
    """A cluster whose streams live a short time."""
    options = {"common_http_protocol_options": DURATION, "explicit_http_config": {"http_protocol_options": {}}}
    return b.cluster(name, port, typed_extension_protocol_options={b.OPTIONS: {"@type": b.TYPE + b.OPTIONS, **options}})


@pytest.fixture(scope="module")
def envoy(app, sink, early):
    config = {
        "span": {"headers": ["x-case"]},
        "backends": [b.opik("timeouts")],
        "export": {"interval_ms": 50},
    }
    listeners = []
    for name, (route, hcm) in LISTENERS.items():
        to = route.get("cluster", "app")
        match = {"prefix": "/", "headers": [{"name": "x-early", "present_match": True}]}
        kept = {key: value for key, value in route.items() if key != "cluster"}
        routes = [
            b.route("mortal early" if to == "mortal" else "early", match, route={"timeout": "0s", **kept}),
            b.route(to, route={"timeout": "0s", **kept}),
        ]
        listeners.append(b.listener(name, b.manager([b.plugin(config)], routes, **hcm)))
    clusters = [b.cluster("app", app.port), b.cluster("early", early), b.cluster("opik", sink.port)]
    clusters += [mortal("mortal", app.port), mortal("mortal early", early)]
    with Envoy("timeouts", b.bootstrap(listeners, clusters)) as envoy:
        yield envoy


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}, {row[1]}")
def test_timeout(row, envoy, sink):
    timeout, slow, status, error = row
    case = f"{timeout}, {slow}"
    method, lines, body = REQUESTS[slow]
    with connect(envoy.ports[timeout]) as stream:
        stream.sendall(head(method, "/", "localhost", pairs([f"x-case: {case}", *lines])) + body)
        assert answer(stream).status == status
        span = span_of(sink, case)
    check(span, status, "timeout", error)


def test_timeout_of_headers_is_the_clients(envoy, sink):
    """Envoy shows no header of such a request."""
    with connect(envoy.ports["request headers"]) as stream:
        stream.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\n")
        assert answer(stream).status == 408

    def found():
        return [one for one in sink.spans() if "http.request.header.x-case" not in one["metadata"]]

    check(soon(found), 408, "timeout", None)


@pytest.mark.parametrize("kind", ["application/json", "application/grpc"])
def test_upload_that_stalls_over_http2_is_the_clients(kind, envoy, sink):
    """Envoy turns the 408 for a gRPC client into 200."""
    case = f"h2 {kind}"
    status = http2_stalls(envoy.ports["stream idle"], [f"x-case: {case}", f"content-type: {kind}"])
    check(span_of(sink, case), status, "timeout", None)


def test_websocket_that_is_idle_is_no_error(envoy, sink):
    headers = {"x-case": "idle websocket"}
    with websocket(f"ws://127.0.0.1:{envoy.ports['stream idle']}/", additional_headers=headers, proxy=None):
        check(span_of(sink, "idle websocket"), 101, "timeout", None)
