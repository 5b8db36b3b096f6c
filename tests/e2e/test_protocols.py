"""HTTP/2, HTTP/3 and gRPC: the same decisions, and the answers that their callers understand."""

import asyncio
import ssl
import time
from concurrent import futures

import bootstrap as b
import grpc
import h2.connection
import h2.events
import pytest
from aioquic.asyncio import QuicConnectionProtocol, connect as quic
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from certificates import Authority, dns
from envoy import Envoy
from places import KEPT
from test_ends import check, span_of
from wire import connect, pairs, send, until

U, P = "019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814", "019a8b1c-6f3e-7b60-9c1b-2281eda8d7fe"
OPIK = {"opik_trace_id": U, "opik_parent_span_id": P}


class Calls(grpc.GenericRpcHandler):
    """Echoes bytes; `/test.Echo/fail` fails, `fail_late` after messages; `cut` stalls after one."""

    def __init__(self):
        self.metadata = []

    def service(self, details):
        self.metadata.append(dict(details.invocation_metadata))

        def unary(request, context):
            if details.method.endswith("fail"):
                context.abort(grpc.StatusCode.UNAVAILABLE, "as asked")
            return request

        def stream(request, context):
            if details.method.endswith("cut"):
                yield request
                time.sleep(1)
            yield from [request] * 3
            if details.method.endswith("late"):
                context.abort(grpc.StatusCode.UNAVAILABLE, "as asked")

        if details.method.endswith(("stream", "late", "cut")):
            return grpc.unary_stream_rpc_method_handler(stream)
        return grpc.unary_unary_rpc_method_handler(unary)


@pytest.fixture(scope="module")
def calls():
    server = grpc.server(futures.ThreadPoolExecutor(4))
    calls = Calls()
    server.add_generic_rpc_handlers([calls])
    calls.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield calls
    server.stop(0)


@pytest.fixture(scope="module")
def envoy(app, sink, calls):
    config = {
        "span": {"headers": ["x-case"]},
        "rule": {"expose": True},
        "routes": [{"match": {"path": "/test.Echo/strict"}, "missing": "reject"}, {"match": {"path": "/strict"}, "missing": "reject"}],
        "backends": [b.opik("protocols")],
        "export": {"interval_ms": 50},
    }
    hcm = b.manager([b.plugin(config)], [b.route("calls", match={"prefix": "/test.Echo/"}), b.route()])
    tls = Authority(KEPT / "protocols.certificates").issue("quic", dns("localhost"))
    quic_hcm = {**hcm, "codec_type": "HTTP3", "upgrade_configs": []}
    listeners = [b.listener("plain", hcm), b.listener("quic", quic_hcm, tls=tls, quic=True)]
    clusters = [b.cluster("app", app.port), b.cluster("opik", sink.port), b.cluster("calls", calls.port, http2=True)]
    with Envoy("protocols", b.bootstrap(listeners, clusters)) as envoy:
        yield envoy


def http2(port: int, requests: list, body=b"", came=None) -> list:
    """Sends all of them at once on one connection, with that body; the headers of each answer, in the order of the requests.
    `came` is called with each piece of their bodies."""
    connection = h2.connection.H2Connection(h2.connection.H2Configuration(header_encoding=None, validate_outbound_headers=False))
    connection.initiate_connection()
    answers = {}
    with connect(port) as stream:
        for path, headers in requests:
            number = connection.get_next_available_stream_id()
            method = b"POST" if body else b"GET"
            fixed = [(b":method", method), (b":path", path.encode()), (b":scheme", b"http"), (b":authority", b"localhost")]
            connection.send_headers(number, fixed + pairs(headers), end_stream=not body)
            if body:
                connection.send_data(number, body, end_stream=True)
            answers[number] = None
        open_ = set(answers)
        while open_:
            stream.sendall(connection.data_to_send())
            data = stream.recv(65536)
            assert data, "the connection was closed"
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    answers[event.stream_id] = {name.decode(): value.decode() for name, value in event.headers}
                if isinstance(event, h2.events.DataReceived) and came:
                    came(event.data)
                if isinstance(event, h2.events.StreamReset):
                    answers[event.stream_id] = {"reset": event.error_code}
                if isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                    open_.discard(event.stream_id)
    return list(answers.values())


def http2_stalls(port: int, headers: list) -> int:
    """Begins a request whose body never comes; the status that Envoy ends it with."""
    connection = h2.connection.H2Connection(h2.connection.H2Configuration(header_encoding=None))
    connection.initiate_connection()
    fixed = [(b":method", b"POST"), (b":path", b"/"), (b":scheme", b"http"), (b":authority", b"localhost")]
    with connect(port) as stream:
        connection.send_headers(1, fixed + pairs(headers))
        stream.sendall(connection.data_to_send())
        while data := stream.recv(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    return int(dict(event.headers)[b":status"])
    raise AssertionError("the connection was closed")


def test_http2(envoy, app, sink):
    opik = [f"{name}: {value}" for name, value in OPIK.items()]
    joined, minted, refused = http2(
        envoy.ports["plain"], [("/", [*opik, "x-case: h2"]), ("/", ["x-case: h2 minted"]), ("/strict", [])]
    )
    assert joined[":status"] == "200" and joined["x-gatespan-trace-id"] == U
    span = span_of(sink, "h2")
    assert (span["trace_id"], span["parent_span_id"]) == (U, P)
    assert app.of("h2")[0].one("opik_parent_span_id") == span["id"]
    assert minted["x-gatespan-trace-id"] == app.of("h2 minted")[0].one("opik_trace_id")
    assert refused[":status"] == "400" and refused["content-type"] == "application/problem+json"
    # A refused request has no trace.
    assert "x-gatespan-trace-id" not in refused


def test_http2_with_odd_bytes(envoy, app):
    odd = [b"x-odd: \xff\xfe", b"baggage: a=\xff", b"traceparent: \xff", "x-case: h2 odd"]
    (first,) = http2(envoy.ports["plain"], [("/", odd)])
    (second,) = http2(envoy.ports["plain"], [("/", ["x-case: h2 after"])])
    assert first[":status"] == second[":status"] == "200"
    assert app.of("h2 odd")[0].all("x-odd") == [b"\xff\xfe"]


@pytest.mark.parametrize("wish, status", [("stall=20", None), ("sse=400,50", 200)])
def test_an_http2_caller_takes_a_request_back(wish, status, envoy, app, sink):
    """As a person does who stops a model that is still writing."""
    case = f"h2 {wish}"
    connection = h2.connection.H2Connection(h2.connection.H2Configuration(header_encoding=None))
    connection.initiate_connection()
    fixed = [(b":method", b"GET"), (b":path", b"/"), (b":scheme", b"http"), (b":authority", b"localhost")]
    with connect(envoy.ports["plain"]) as stream:
        connection.send_headers(1, fixed + pairs([f"x-case: {case}", f"x-app: {wish}"]), end_stream=True)
        stream.sendall(connection.data_to_send())
        envoy.until(lambda: app.of(case), what="pass the request")
        if status:
            until(stream, b"data: 1")
        connection.reset_stream(1)
        stream.sendall(connection.data_to_send())
        metadata = span_of(sink, case)["metadata"]
    assert (metadata["gatespan.end"], metadata.get("http.response.status_code")) == ("downstream_reset", status)


def test_many_at_once_on_one_connection(envoy, app):
    """Streams that overlap do not mix their ids."""
    answers = http2(envoy.ports["plain"], [("/", [f"x-case: many {n}", "x-app: delay=20"]) for n in range(50)])
    ids = [answer["x-gatespan-trace-id"] for answer in answers]
    assert len(set(ids)) == 50
    assert ids == [app.of(f"many {n}")[0].one("opik_trace_id") for n in range(50)]


class Http3(QuicConnectionProtocol):
    #: Called with each piece of an answer.
    tell = len

    async def ask(self, headers: list, body: bytes, came) -> tuple:
        self.http = H3Connection(self._quic)
        self.done = self._loop.create_future()
        self.came, self.body, self.tell = [], b"", came
        number = self._quic.get_next_available_stream_id()
        self.http.send_headers(number, headers, end_stream=not body)
        if body:
            self.http.send_data(number, body, end_stream=True)
        self.transmit()
        return await asyncio.wait_for(self.done, 10)

    def quic_event_received(self, event):
        for part in self.http.handle_event(event) if hasattr(self, "http") else []:
            if isinstance(part, HeadersReceived):
                self.came += part.headers
            if isinstance(part, DataReceived):
                self.body += part.data
                self.tell(part.data)
            if getattr(part, "stream_ended", False) and not self.done.done():
                self.done.set_result((dict(self.came), self.body))


def http3(port: int, path: str, headers: list, body=b"", came=len) -> tuple:
    """Headers and body of the answer. `came` is called with each piece of it."""

    async def run():
        configuration = QuicConfiguration(alpn_protocols=H3_ALPN, verify_mode=ssl.CERT_NONE, server_name="localhost")
        async with quic("127.0.0.1", port, configuration=configuration, create_protocol=Http3) as client:
            method = b"POST" if body else b"GET"
            fixed = [(b":method", method), (b":scheme", b"https"), (b":authority", b"localhost"), (b":path", path.encode())]
            return await client.ask(fixed + pairs(headers), body, came)

    return asyncio.run(run())


def test_http3(envoy, app, sink):
    opik = [f"{name}: {value}" for name, value in OPIK.items()]
    headers, _ = http3(envoy.ports["quic"], "/", [*opik, "x-case: h3"])
    assert headers[b":status"] == b"200" and headers[b"x-gatespan-trace-id"] == U.encode()
    span = span_of(sink, "h3")
    assert app.of("h3")[0].one("opik_parent_span_id") == span["id"]
    # Envoy's log of it comes when the stream is gone, and yet it is told whole.
    check(span, 200, "complete", None)
    headers, body = http3(envoy.ports["quic"], "/strict", [])
    assert headers[b":status"] == b"400" and b'"fault":"missing"' in body


@pytest.fixture
def channel(envoy):
    with grpc.insecure_channel(f"127.0.0.1:{envoy.ports['plain']}") as channel:
        yield channel


def test_grpc(channel, calls, sink):
    metadata = [*OPIK.items(), ("x-case", "grpc")]
    assert channel.unary_unary("/test.Echo/say")(b"hello", metadata=metadata) == b"hello"
    span = span_of(sink, "grpc")
    assert calls.metadata[-1]["opik_trace_id"] == U and calls.metadata[-1]["opik_parent_span_id"] == span["id"]
    assert span["metadata"]["rpc.grpc.status_code"] == 0 and "error_info" not in span


def test_grpc_stream(channel, sink):
    answers = channel.unary_stream("/test.Echo/stream")(b"a", metadata=[("x-case", "grpc stream")])
    assert list(answers) == [b"a"] * 3
    assert span_of(sink, "grpc stream")["metadata"]["gatespan.end"] == "complete"


def test_grpc_that_fails(channel, sink):
    with pytest.raises(grpc.RpcError) as raised:
        channel.unary_unary("/test.Echo/fail")(b"", metadata=[("x-case", "grpc fails")])
    assert raised.value.code() == grpc.StatusCode.UNAVAILABLE
    span = span_of(sink, "grpc fails")
    # HTTP says 200 here.
    assert span["metadata"]["rpc.grpc.status_code"] == 14 and span["error_info"]["exception_type"] == "14", span


def test_grpc_call_that_the_client_gives_up_has_no_status(channel, sink):
    # Without a timeout: the server would know it too, and on a busy machine would end the call first.
    call = channel.unary_stream("/test.Echo/cut")(b"a", metadata=[("x-case", "grpc cut")])
    next(call)
    call.cancel()
    assert call.code() == grpc.StatusCode.CANCELLED
    span = span_of(sink, "grpc cut")
    check(span, 200, "downstream_reset", None)
    assert "rpc.grpc.status_code" not in span["metadata"]


def test_grpc_that_is_refused(channel, calls):
    count = len(calls.metadata)
    with pytest.raises(grpc.RpcError) as raised:
        channel.unary_unary("/test.Echo/strict")(b"")
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert raised.value.details().startswith("missing: send ")
    assert len(calls.metadata) == count


def test_plain_http_beside_grpc(envoy, sink):
    """Envoy derives a gRPC status for everything; ours is told for gRPC alone."""
    assert send(envoy.ports["plain"], ["x-case: not grpc", "x-app: status=503"]).status == 503
    assert "rpc.grpc.status_code" not in span_of(sink, "not grpc")["metadata"]
