"""Calls of models through Envoy: the bytes and their pace are the upstream's, and the span says what a call said about
itself, and not a word more."""

import http.client
import json
import time

import bootstrap as b
import pytest
import replies
from backends import gateway, otlp
from envoy import Envoy
from replies import ROWS, TABLE
from wire import connect, head, pairs, send

CONFIG = {
    "rule": {"genai": "metadata"},
    "routes": [
        {"match": {"path_prefix": "/off/"}, "genai": "off"},
        {"match": {"path_prefix": "/plain/"}, "genai_encoding": "identity"},
    ],
    "span": {"headers": ["x-case"]},
    "export": {"interval_ms": 50},
}
#: What the span tells of a call begins so.
TOLD = ("gen_ai.", "gatespan.usage.", "error.type")
FIRST = "gen_ai.response.time_to_first_chunk"


@pytest.fixture(scope="module")
def envoy(app, sink):
    config = {**CONFIG, "backends": [b.opik("genai"), otlp()]}
    with Envoy("genai", gateway(config, app.port, opik=sink.port, otlp=sink.port)) as envoy:
        yield envoy


class Call:
    """A call whose answer is read as it comes. `before` stands in front of the path."""

    def __init__(self, port, row, case, *lines, before=""):
        self.body = replies.asked(row)
        own = [f"x-case: {case}", f"x-app: reply={row['name']}", "x-pace: steps", f"authorization: {TABLE['key']}"]
        own += ["content-type: application/json", "accept-encoding: gzip, br", f"content-length: {len(self.body)}"]
        self.stream = connect(port)
        self.stream.sendall(head("POST", before + row["path"], "localhost", pairs([*own, *lines])) + self.body)
        self.answer = http.client.HTTPResponse(self.stream)
        self.answer.begin()

    def take(self, size: int) -> bytes:
        """So many bytes, as soon as they are there."""
        came = b""
        while len(came) < size:
            piece = self.answer.read1(size - len(came))
            assert piece, f"the answer ended after {came!r}"
            came += piece
        return came

    def leave(self):
        self.answer.close()
        self.stream.close()


def through(port, app, row, case, *lines, before="", until=None, breaks=False):
    """Drives a call piece by piece: the upstream sends the next one when the caller has the last, so that a piece that is
    held back ends this. Behind `until` pieces, if that is said, the caller leaves, or the upstream breaks off."""
    call = Call(port, row, case, *lines, before=before)
    assert call.answer.status == row.get("status", 200)
    for piece in replies.pieces(row)[:until]:
        app.step("go on")
        assert call.take(len(piece)) == piece
    if until is None:
        assert call.answer.read() == b""
    elif breaks:
        app.step("")
        with pytest.raises(http.client.IncompleteRead) as read:
            call.answer.read()
        assert read.value.partial == b""
    call.leave()
    return call


def soon(find):
    """The one that is found within a while."""
    end = time.monotonic() + 10
    while not (found := find()):
        assert time.monotonic() < end, "no span"
        time.sleep(0.05)
    assert len(found) == 1, found
    return found[0]


def span_of(sink, case) -> dict:
    return soon(lambda: [one for one in sink.spans() if one["metadata"].get("http.request.header.x-case") == case])


def otlp_of(sink, case) -> dict:
    def is_it(one):
        return case in json.dumps(one["attributes"].get("http.request.header.x-case"))

    return soon(lambda: [one for one in sink.otlp() if is_it(one)])


def told(metadata) -> dict:
    return {name: value for name, value in metadata.items() if name.startswith(TOLD)}


def check(span, row, wanted):
    """The span of a call; `wanted` has the row's `usage` and `metadata`, or those of a call that was cut."""
    assert {name: span.get(name) for name in ("type", "model", "provider")} == row["span"]
    assert span.get("usage") == wanted.get("usage")
    metadata = told(span["metadata"])
    first = metadata.pop(FIRST, None)
    assert metadata == wanted["metadata"]
    assert (span.get("error_info") or {}).get("exception_type") == wanted.get("error")
    if not replies.is_stream(row):
        assert (span.get("ttft"), first) == (None, None)
        return
    assert span["ttft"] > 0
    # One is in milliseconds, the other in seconds.
    assert first * 1000 == pytest.approx(span["ttft"])


@pytest.mark.parametrize("name", ROWS)
def test_a_call(name, envoy, app, sink):
    row = ROWS[name]
    call = through(envoy.port, app, row, name)
    (arrived,) = app.of(name)
    assert arrived.body == call.body
    assert arrived.one("content-length") == str(len(call.body)) and not arrived.all("transfer-encoding")
    assert arrived.one("accept-encoding") == "gzip, br", "off by default"
    check(span_of(sink, name), row, row)


CUT = [name for name, row in ROWS.items() if "cut" in row]


@pytest.mark.parametrize("name", CUT)
def test_the_caller_leaves_inside_a_stream(name, envoy, app, sink):
    row, case = ROWS[name], f"cut-{name}"
    through(envoy.port, app, row, case, until=row["cut"]["pieces"])
    span = span_of(sink, case)
    # The upstream waits for its turn still.
    app.step("")
    assert span["metadata"]["gatespan.end"] == "downstream_reset"
    check(span, row, row["cut"])


@pytest.mark.parametrize("name", CUT)
def test_the_upstream_breaks_off_inside_a_stream(name, envoy, app, sink):
    row, case = ROWS[name], f"broken-{name}"
    through(envoy.port, app, row, case, until=row["cut"]["pieces"], breaks=True)
    span = span_of(sink, case)
    metadata = {**row["cut"]["metadata"], "error.type": "upstream_reset"}
    check(span, row, {**row["cut"], "metadata": metadata, "error": "upstream_reset"})


@pytest.mark.parametrize("name", ["openai-json", "openai-stream"])
def test_off(name, envoy, app, sink):
    case = f"off-{name}"
    through(envoy.port, app, ROWS[name], case, before="/off")
    span = span_of(sink, case)
    assert span["type"] == "general" and told(span["metadata"]) == {}
    assert [span.get(field) for field in ("model", "provider", "usage", "ttft")] == [None] * 4


def test_an_answer_that_may_not_be_packed(envoy, app, sink):
    through(envoy.port, app, ROWS["openai-json"], "plain", before="/plain")
    assert app.of("plain")[0].one("accept-encoding") == "identity"
    assert span_of(sink, "plain")["metadata"]["gatespan.usage.status"] == "reported"


def test_the_same_by_otlp(envoy, app, sink):
    row = ROWS["anthropic-stream"]
    through(envoy.port, app, row, "by-otlp")
    attributes = otlp_of(sink, "by-otlp")["attributes"]
    said = told(attributes)
    assert said.pop(FIRST) > 0
    usage = {"input_tokens": 62_040, "output_tokens": 300, "cache_read.input_tokens": 60_000, "cache_creation.input_tokens": 2_000}
    assert said == {
        **row["metadata"],
        **{f"gen_ai.usage.{name}": count for name, count in usage.items()},
        "gen_ai.provider.name": "anthropic",
        "gen_ai.response.model": row["span"]["model"],
    }


def test_nothing_that_was_said_reaches_a_backend(envoy, app, sink):
    """Whatever ran before in this file, and a call for each row."""
    for name, row in ROWS.items():
        case = f"secret-{name}"
        lines = [f"x-case: {case}", f"x-app: reply={name}", f"authorization: {TABLE['key']}"]
        got = send(envoy.port, lines, "POST", row["path"], body=replies.asked(row))
        assert got.status == row.get("status", 200)
        span = span_of(sink, case)
        otlp_of(sink, case)
        # A tenth of a second passes before each piece, and in these the second is the first that a reader sees.
        assert name not in ("openai-stream", "anthropic-stream") or span["ttft"] > 190
    received = json.dumps([sink.spans(), sink.traces(), sink.otlp(), sink.requests(), sink.refused()])
    upstream = b"".join(one.body for one in app.arrived).decode()
    assert TABLE["planted"][0] in upstream, "it was sent"
    assert [word for word in TABLE["planted"] if word in received] == []
    assert sink.refused() == []
    assert envoy.plugin_log() == []
