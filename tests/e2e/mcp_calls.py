"""Calls of tools whose messages name the parent, over every version of HTTP, and what is expected of them."""

import asyncio
import json
import ssl

import bootstrap as b
import h2.connection
import h2.events
import test_protocols as protocols
from aioquic.asyncio import connect as quic
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.quic.configuration import QuicConfiguration
from backends import lilypad, otlp
from sink import soon
from wire import connect, head, pairs

T, Q = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
M, N = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
OF_HEADERS, OF_MESSAGE = f"00-{T}-{Q}-01", f"00-{M}-{N}-01"
JSON = "content-type: application/json"

CONFIG = {
    "formats": {"extract": ["w3c", "b3"], "inject": ["w3c", "b3"]},
    "rule": {"genai": "metadata", "genai_api": "mcp", "mcp_parent": "meta"},
    "routes": [
        {"match": {"path": "/headers"}, "mcp_parent": "headers"},
        {
            "match": {"path": "/link"},
            "trust": {"cidr": ["192.0.2.0/24"]},
            "untrusted": "link",
        },
        {
            "match": {"path": "/reject"},
            "trust": {"cidr": ["192.0.2.0/24"]},
            "untrusted": "reject",
        },
        {"match": {"path": "/strict"}, "missing": "reject"},
    ],
    "span": {"headers": ["x-case"]},
    "backends": [
        otlp(),
        b.opik("mcp"),
        otlp("json", name="json", cluster="json"),
        lilypad(),
    ],
    "export": {"interval_ms": 50},
}


def listening(holds=True, **more) -> dict:
    """As at the edge: a connection buffers 32 KiB, and what Envoy would have to hold beyond that it answers with 413."""
    hcm = b.manager(
        [b.plugin(CONFIG, holds=holds)],
        http_protocol_options={"enable_trailers": True},
        **more,
    )
    return {**b.listener("gateway", hcm), "per_connection_buffer_limit_bytes": 32_768}


def clusters(app, sink, other) -> list:
    ports = {"app": app, "otlp": sink, "opik": sink, "lilypad": sink, "json": other}
    return [b.cluster(name, one.port) for name, one in ports.items()]


def said(envoy) -> list:
    """What the filter complained about; what Lilypad keeps of joined callers is another matter."""
    return [line for line in envoy.plugin_log() if "backend lilypad: a server without a queue" not in line]


def message(parent=OF_MESSAGE, before="", name="get_weather") -> bytes:
    """`before` stands in front of what names the parent."""
    meta = {"_meta": {"progressToken": 1, "traceparent": parent}} if parent else {}
    # The tool is named behind the parent, so that it is known only if the rest is read as well.
    params = {"arguments": {"text": before}, **meta, "name": name}
    return json.dumps({"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}).encode()


def lines(case, *more) -> list:
    return [f"x-case: {case}", JSON, *more]


def otlp_of(sink, case) -> dict:
    return soon(lambda: [one for one in sink.otlp() if one["attributes"].get("http.request.header.x-case") == [case]])


def ids(sink, case) -> tuple:
    """The trace and the parent of our span, and to what it links."""
    span = otlp_of(sink, case)
    return span["trace_id"], span["parent_span_id"], links_of(span)


def links_of(span) -> list:
    return [(link["trace_id"], link["span_id"]) for link in span["links"]]


def arrived(app, sink, case, body):
    """What came to the application: once, whole, and with our span as its parent in every format."""
    (one,) = app.of(case)
    assert one.body == body
    span = otlp_of(sink, case)
    assert one.one("traceparent")[:53] == f"00-{span['trace_id']}-{span['id']}-"
    assert one.one("b3") == f"{span['trace_id']}-{span['id']}-1"
    return one


BY_MESSAGE, BY_HEADERS = (M, N, [(T, Q)]), (T, Q, [])


class Sending:
    """A request whose pieces Envoy reads one by one."""

    def __init__(self, envoy, case, *more, path="/mcp"):
        self.envoy = envoy
        self.stream = connect(envoy.port)
        self.begun = self._read()
        self.sent = 0
        self.raw(head("POST", path, "localhost", pairs(lines(case, *more))))

    def _read(self) -> int:
        (count,) = self.envoy.stats("http.gateway.downstream_cx_rx_bytes_total").values()
        return count

    def raw(self, data: bytes):
        self.stream.sendall(data)
        self.sent += len(data)
        self.envoy.until(lambda: self._read() - self.begun >= self.sent, what="read it")

    def chunk(self, data: bytes):
        self.raw(b"%x\r\n%s\r\n" % (len(data), data))

    def leave(self):
        self.stream.close()


CHUNKED = ("transfer-encoding: chunked", f"traceparent: {OF_HEADERS}")


def held(app, case):
    assert app.of(case) == [], f"{case} went on"


class Http2:
    """A connection and its first stream."""

    def __init__(self, port, case, path="/mcp", end=False):
        self.connection = h2.connection.H2Connection(h2.connection.H2Configuration(header_encoding=None))
        self.connection.initiate_connection()
        self.stream = connect(port)
        fixed = [
            (b":method", b"POST"),
            (b":path", path.encode()),
            (b":scheme", b"http"),
            (b":authority", b"localhost"),
        ]
        self.connection.send_headers(1, fixed + pairs(lines(case, f"traceparent: {OF_HEADERS}")), end_stream=end)
        self.flush()

    def flush(self):
        self.stream.sendall(self.connection.data_to_send())

    def data(self, data: bytes, end=False):
        self.connection.send_data(1, data, end_stream=end)
        self.flush()

    def trailers(self):
        self.connection.send_headers(1, [(b"x-trailer", b"a")], end_stream=True)
        self.flush()

    def status(self) -> str:
        """Of the answer, once that has ended."""
        status = None
        while True:
            data = self.stream.recv(65536)
            assert data, "the connection was closed"
            for event in self.connection.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    status = dict(event.headers)[b":status"].decode()
                if isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset)):
                    self.stream.close()
                    return status
            self.flush()


def http3(port, case, pieces, ends):
    """Sends a request in pieces; returns when it has its answer, or leaves at once."""

    async def run():
        configuration = QuicConfiguration(alpn_protocols=H3_ALPN, verify_mode=ssl.CERT_NONE, server_name="localhost")
        async with quic("127.0.0.1", port, configuration=configuration, create_protocol=Http3) as client:
            fixed = [
                (b":method", b"POST"),
                (b":scheme", b"https"),
                (b":authority", b"localhost"),
                (b":path", b"/mcp"),
            ]
            more = pairs(lines(case, f"traceparent: {OF_HEADERS}"))
            return await client.say(fixed + more, pieces, ends)

    return asyncio.run(run())


class Http3(protocols.Http3):
    async def say(self, headers, pieces, ends):
        self.http = H3Connection(self._quic)
        self.done = self._loop.create_future()
        self.came, self.body = [], b""
        number = self._quic.get_next_available_stream_id()
        self.http.send_headers(number, headers, end_stream=False)
        for piece in pieces:
            self.http.send_data(number, piece, end_stream=False)
        if ends:
            self.http.send_data(number, b"", end_stream=True)
        self.transmit()
        if ends is not False:
            return (await asyncio.wait_for(self.done, 20))[0][b":status"]
        # What was sent has come when it is acknowledged.
        await asyncio.wait_for(self.ping(), 20)
        self._quic.reset_stream(number, 0x10C)
        self._quic.stop_stream(number, 0x10C)
        self.transmit()
        return await asyncio.wait_for(self.ping(), 20)


def check_timeout(app, sink, case):
    attributes = otlp_of(sink, case)["attributes"]
    assert (attributes["gatespan.end"], attributes["http.response.status_code"]) == (
        "timeout",
        408,
    )
    assert (ids(sink, case), app.of(case)) == (BY_HEADERS, [])
