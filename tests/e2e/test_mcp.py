"""Calls of tools whose messages name the parent themselves: the request waits with Envoy until that was read, and no longer."""

import time

import bootstrap as b
import pytest
from certificates import Authority, dns
from mcp_calls import (
    BY_HEADERS,
    BY_MESSAGE,
    CHUNKED,
    CONFIG,
    OF_HEADERS,
    Http2,
    M,
    N,
    Q,
    Sending,
    T,
    arrived,
    check_timeout,
    clusters,
    held,
    http3,
    ids,
    lines,
    links_of,
    listening,
    message,
    otlp_of,
    said,
)
from places import KEPT
from sink import Sink, soon
from test_ends import span_of
from wire import answer, connect, head, pairs, send

from envoy import Envoy


@pytest.fixture(scope="module")
def other():
    """A second receiver: of the same spans in the other encoding one would keep the last alone."""
    with Sink("mcp-json-sink") as sink:
        yield sink


@pytest.fixture(scope="module")
def envoy(app, sink, other):
    with Envoy("mcp", b.bootstrap([listening()], clusters(app, sink, other))) as envoy:
        yield envoy


def test_the_message_names_the_parent(envoy, app, sink):
    body = message()
    got = send(
        envoy.port,
        lines("meta", f"traceparent: {OF_HEADERS}", "tracestate: a=1"),
        "POST",
        "/mcp",
        body=body,
    )
    assert got.status == 200
    one = arrived(app, sink, "meta", body)
    assert one.one("content-length") == str(len(body)) and not one.all("transfer-encoding")
    assert not one.all("tracestate"), "that of other ids"
    assert ids(sink, "meta") == BY_MESSAGE
    attributes = otlp_of(sink, "meta")["attributes"]
    assert (
        attributes["gatespan.client.http_trace_id"],
        attributes["gatespan.client.http_span_id"],
    ) == (T, Q)
    assert (attributes["mcp.method.name"], attributes["gen_ai.tool.name"]) == (
        "tools/call",
        "get_weather",
    )
    assert attributes["http.request.body.size"] == len(body)
    in_opik = span_of(sink, "meta")["metadata"]
    assert (
        in_opik["gatespan.client.trace_id"],
        in_opik["gatespan.client.http_trace_id"],
    ) == (M, T)


@pytest.mark.parametrize(
    "case, body, path, wanted",
    [
        ("none", message(parent=None), "/mcp", BY_HEADERS),
        ("malformed", message(parent="00-zz"), "/mcp", BY_HEADERS),
        ("no message", b"{}", "/mcp", BY_HEADERS),
        ("no JSON", b"}" + message(), "/mcp", BY_HEADERS),
        ("broken off", message()[:40], "/mcp", BY_HEADERS),
        ("a list", b"[" + message() + b"]", "/mcp", BY_HEADERS),
        ("empty", b"", "/mcp", BY_HEADERS),
        ("not by this rule", message(), "/headers", BY_HEADERS),
        ("early enough", message(before="x" * 16_000), "/mcp", BY_MESSAGE),
        ("too late", message(before="x" * 20_000), "/mcp", BY_HEADERS),
        ("large", message(before="x" * 100_000), "/mcp", BY_HEADERS),
        ("large behind", message() + b" " * 100_000, "/mcp", BY_MESSAGE),
        ("larger", message(before="x" * 1_000_000), "/mcp", BY_HEADERS),
    ],
)
def test_a_body(case, body, path, wanted, envoy, app, sink):
    got = send(envoy.port, lines(case, f"traceparent: {OF_HEADERS}"), "POST", path, body=body)
    assert got.status == 200, got.body
    arrived(app, sink, case, body)
    assert ids(sink, case) == wanted
    assert otlp_of(sink, case)["attributes"]["http.request.body.size"] == len(body)


@pytest.mark.parametrize("encoding", ["gzip", "br"])
def test_what_is_packed_is_not_held(encoding, envoy, app, sink):
    case = f"packed {encoding}"
    send(
        envoy.port,
        lines(case, f"content-encoding: {encoding}"),
        "POST",
        "/mcp",
        body=message(),
    )
    arrived(app, sink, case, message())
    assert ids(sink, case)[1:] == (None, [])


@pytest.mark.parametrize("end", [b"0\r\n\r\n", b"0\r\nx-trailer: a\r\n\r\n"])
def test_it_goes_on_as_soon_as_it_has_named_its_parent(end, envoy, app, sink):
    case, body = f"pieces {len(end)}", message()
    place, behind = body.index(N.encode()), body.index(b'"name"')
    sending = Sending(envoy, case, *CHUNKED)
    for piece in (body[:5], body[5:place], body[place : place + 9]):
        held(app, case)
        sending.chunk(piece)
    held(app, case)
    last = time.time()
    sending.chunk(body[place + 9 : behind])
    # There is more to come, and it does not wait for that.
    envoy.until(lambda: app.of(case), what="let it go on")
    sending.chunk(body[behind:] + b" " * 50_000)
    sending.raw(end)
    assert answer(sending.stream).status == 200
    arrived(app, sink, case, body + b" " * 50_000)
    assert ids(sink, case) == BY_MESSAGE
    span = otlp_of(sink, case)
    assert span["attributes"]["http.request.body.size"] == len(body) + 50_000
    assert span["attributes"]["gen_ai.tool.name"] == "get_weather"
    assert int(span["start_time_unix_nano"]) / 1e9 < last, "it began when the request came, and not when it went on"
    sending.leave()


def test_nothing_is_read_twice(envoy, app, sink):
    """Envoy shows what is new, and not again what it holds; else these pieces would be no message."""
    case, body = "byte by byte", message(parent=None)
    sending = Sending(envoy, case, *CHUNKED)
    for piece in (body[:1], body[1:2], body[2:30], body[30:31], body[31:]):
        held(app, case)
        sending.chunk(piece)
    sending.raw(b"0\r\n\r\n")
    assert answer(sending.stream).status == 200
    arrived(app, sink, case, body)
    assert otlp_of(sink, case)["attributes"]["gen_ai.tool.name"] == "get_weather"
    assert ids(sink, case) == BY_HEADERS
    sending.leave()


def test_trailers_end_it(envoy, app, sink):
    case, body = "trailers", message(parent=None)[:-1]
    sending = Sending(envoy, case, *CHUNKED)
    sending.chunk(body)
    held(app, case)
    sending.raw(b"0\r\nx-trailer: a\r\n\r\n")
    assert answer(sending.stream).status == 200
    arrived(app, sink, case, body)
    assert ids(sink, case) == BY_HEADERS
    sending.leave()


def test_no_more_is_held_than_has_to_be(envoy, app, sink):
    """A little at first, and then more at once than Envoy holds: it is not answered with 413."""
    case, body = "much at once", message(before="x" * 90_000)
    sending = Sending(envoy, case, *CHUNKED)
    sending.chunk(body[:100])
    held(app, case)
    sending.chunk(body[100:])
    sending.raw(b"0\r\n\r\n")
    assert answer(sending.stream).status == 200
    arrived(app, sink, case, body)
    assert ids(sink, case) == BY_HEADERS
    sending.leave()


def test_a_stranger(envoy, app, sink, other):
    more = lines("stranger", f"traceparent: {OF_HEADERS}", "baggage: a=b")
    assert send(envoy.port, more, "POST", "/link", body=message()).status == 200
    one = arrived(app, sink, "stranger", message())
    assert not one.all("baggage")
    trace, parent, links = ids(sink, "stranger")
    assert trace not in (T, M) and parent is None and links == [(M, N), (T, Q)]
    assert links_of(otlp_of(other, "stranger")) == links
    assert links_of(soon(lambda: [one for one in sink.lilypad()["spans"] if one["trace_id"] == trace])) == links
    got = send(envoy.port, lines("rejected"), "POST", "/reject", body=message())
    assert (got.status, got.json()["fault"], app.of("rejected")) == (
        400,
        "untrusted",
        [],
    )


def test_what_is_required_and_is_nowhere(envoy, app):
    assert send(envoy.port, lines("required"), "POST", "/strict", body=message()).status == 200
    sending = Sending(envoy, "lacking", "transfer-encoding: chunked", path="/strict")
    body = message(parent=None)
    sending.chunk(body[:20])
    sending.chunk(body[20:])
    # Before its end, and not before its message is whole.
    got = answer(sending.stream)
    assert (got.status, got.json()["fault"], app.of("lacking")) == (400, "missing", [])
    assert got.one("content-type") == "application/problem+json"
    sending.leave()


@pytest.mark.parametrize("piece", [b"", message()[:30]])
def test_the_caller_leaves_while_it_is_held(piece, envoy, app, sink):
    case = f"left {len(piece)}"
    sending = Sending(envoy, case, *CHUNKED)
    if piece:
        sending.chunk(piece)
    held(app, case)
    sending.leave()
    attributes = otlp_of(sink, case)["attributes"]
    assert attributes["gatespan.end"] == "downstream_reset"
    assert ids(sink, case) == BY_HEADERS
    assert app.of(case) == []


@pytest.mark.parametrize(
    "case, pieces, how, wanted",
    [
        ("h2", [message()], "data", BY_MESSAGE),
        ("h2 pieces", [message()[:50], message()[50:]], "data", BY_MESSAGE),
        ("h2 without", [message(parent=None)], "data", BY_HEADERS),
        ("h2 trailers", [message(parent=None)[:-1]], "trailers", BY_HEADERS),
        ("h2 no body but trailers", [], "trailers", BY_HEADERS),
        ("h2 no body", [], "headers", BY_HEADERS),
        (
            "h2 60 KB",
            [message(before="x" * size) for size in [60_000]],
            "data",
            BY_HEADERS,
        ),
    ],
)
def test_http2(case, pieces, how, wanted, envoy, app, sink):
    call = Http2(envoy.port, case, end=how == "headers")
    for piece in pieces:
        for start in range(0, len(piece), 16_000):
            call.data(piece[start : start + 16_000])
    if how == "data":
        call.data(b"", end=True)
    elif how == "trailers":
        call.trailers()
    assert call.status() == "200"
    arrived(app, sink, case, b"".join(pieces))
    assert ids(sink, case) == wanted


def test_an_http2_caller_takes_it_back_while_it_is_held(envoy, app, sink):
    call = Http2(envoy.port, "h2 left")
    call.data(message()[:30])
    envoy.until(lambda: envoy.stats("http.gateway.downstream_rq_active")["http.gateway.downstream_rq_active"])
    call.connection.reset_stream(1)
    call.flush()
    assert otlp_of(sink, "h2 left")["attributes"]["gatespan.end"] == "downstream_reset"
    assert app.of("h2 left") == []
    call.stream.close()


@pytest.fixture
def quic_envoy(start, app, sink, other):
    def started(**more):
        tls = Authority(KEPT / "mcp.certificates").issue("quic", dns("localhost"))
        hcm = b.manager(
            [b.plugin(CONFIG, holds=True)],
            codec_type="HTTP3",
            upgrade_configs=[],
            **more,
        )
        return start(
            b.bootstrap(
                [b.listener("quic", hcm, tls=tls, quic=True)],
                clusters(app, sink, other),
            )
        )

    return started


def test_http3(quic_envoy, app, sink):
    port = quic_envoy().ports["quic"]
    assert http3(port, "h3", [message()], ends=True) == b"200"
    arrived(app, sink, "h3", message())
    assert ids(sink, "h3") == BY_MESSAGE
    http3(port, "h3 left", [message()[:30]], ends=False)
    assert otlp_of(sink, "h3 left")["attributes"]["gatespan.end"] == "downstream_reset"
    assert (ids(sink, "h3 left"), app.of("h3 left")) == (BY_HEADERS, [])


def test_envoy_answers_while_it_is_held(start, quic_envoy, app, sink, other):
    """A caller takes too long to send its message. Over HTTP/3 the stream is gone before Envoy's log tells of it."""
    envoy = start(b.bootstrap([listening(request_timeout="0.3s")], clusters(app, sink, other)))
    sending = Sending(envoy, "slow", *CHUNKED)
    assert answer(sending.stream).status == 408
    sending.leave()
    check_timeout(app, sink, "slow")
    envoy = quic_envoy(request_timeout="0.3s")
    assert http3(envoy.ports["quic"], "h3 slow", [message()[:30]], ends=None) == b"408"
    check_timeout(app, sink, "h3 slow")


def test_many_at_once(envoy, app, sink):
    """Requests that are held do not mix."""
    cases = [f"many {number}" for number in range(20)]
    sendings = [Sending(envoy, case, "transfer-encoding: chunked") for case in cases]
    for number, sending in enumerate(sendings):
        sending.stream.sendall(b"%x\r\n" % len(message()) + message(f"00-{M}-{number + 1:016x}-01")[:40])
    for number, sending in enumerate(sendings):
        sending.stream.sendall(message(f"00-{M}-{number + 1:016x}-01")[40:] + b"\r\n0\r\n\r\n")
    for number, (case, sending) in enumerate(zip(cases, sendings, strict=True)):
        assert answer(sending.stream).status == 200
        arrived(app, sink, case, message(f"00-{M}-{number + 1:016x}-01"))
        assert ids(sink, case) == (M, f"{number + 1:016x}", [])
        sending.leave()


def test_an_envoy_that_does_not_show_what_it_holds(start, app, sink, other):
    """Without the setting that it needs: late, by its headers, and said so."""
    envoy = start(b.bootstrap([listening(holds=False)], clusters(app, sink, other)))
    cases = ("unshown", "unshown too")
    streams = [connect(envoy.port) for _ in cases]
    for case, stream in zip(cases, streams, strict=True):
        more = pairs(lines(case, f"traceparent: {OF_HEADERS}", f"content-length: {len(message())}"))
        stream.sendall(head("POST", "/mcp", "localhost", more) + message())
    for case, stream in zip(cases, streams, strict=True):
        with stream:
            assert answer(stream).status == 200
        arrived(app, sink, case, message())
        assert ids(sink, case) == BY_HEADERS
    (line,) = said(envoy)
    assert line.endswith("has the plugin allow_on_headers_stop_iteration: true?")


def test_a_buffer_that_is_full_before_the_message_is(start, app, sink, other):
    """Nobody is left waiting: what Envoy does not read any more is not waited for."""
    small = {**listening(), "per_connection_buffer_limit_bytes": 4_096}
    envoy = start(b.bootstrap([small], clusters(app, sink, other)))
    body = message(before="x" * 14_000)
    sending = Sending(envoy, "small", *CHUNKED)
    for place in range(0, 5_000, 1_000):
        held(app, "small")
        sending.chunk(body[place : place + 1_000])
    held(app, "small")
    sending.stream.sendall(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body) - 5_000, body[5_000:]))
    assert answer(sending.stream).status == 200
    sending.leave()
    arrived(app, sink, "small", body)
    assert ids(sink, "small") == BY_HEADERS
    assert said(envoy) == []


def test_nothing_was_complained_about(envoy, sink, other):
    """Whatever ran before in this file."""
    assert said(envoy) == []
    assert sink.refused() == [] and other.refused() == []
