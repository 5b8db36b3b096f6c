"""Calls of models and tools through a gateway, piece by piece, and what each backend was told of them."""

import http.client
import json
import time
from dataclasses import dataclass

import bootstrap as b
import replies
from app import Arrived
from backends import lilypad, otlp, otlp_opik
from replies import ROWS, TABLE
from wire import connect, head, pairs

#: What a span tells of a call begins so.
TOLD = ("gen_ai.", "gatespan.usage.", "error.type", "mcp.", "rpc.")
FIRST = "gen_ai.response.time_to_first_chunk"
CASE = "http.request.header.x-case"
FIELDS = ("type", "model", "provider", "usage", "total_estimated_cost")
#: The projects in which Opik has what came by its own API, and by OTLP.
DIRECT, BY_OTLP = "genai", "genai-by-otlp"
BACKENDS = [b.opik(DIRECT), otlp(), otlp_opik(name="by-otlp", project=BY_OTLP), lilypad()]


def config(**more) -> dict:
    """With the rule of each row, for its path."""
    own = {row["path"].split("?")[0]: row["rule"] for row in ROWS.values() if "rule" in row}
    routes = [*more.pop("routes", []), *({"match": {"path": path}, **rule} for path, rule in own.items())]
    shown = {"span": {"headers": ["x-case"]}, "export": {"interval_ms": 50}}
    return {"rule": {"genai": "metadata"}, "routes": routes, "backends": BACKENDS, **shown, **more}


def request(row, case, *lines) -> tuple:
    """Header lines and body."""
    body = replies.asked(row)
    own = [f"x-case: {case}", f"x-app: reply={row['name']}", f"x-pace: {case}", f"authorization: {TABLE['key']}"]
    own += ["accept-encoding: gzip, br", f"content-length: {len(body)}"]
    return [*own, *replies.lines(row), *lines], body


@dataclass
class Driven:
    """A call that was made, and between which seconds behind its beginning the first token came."""

    row: dict
    body: bytes
    arrived: Arrived = None
    earliest: float = 0.0
    latest: float = 0.0


def through(port, app, row, case, *lines, before="", until=None, breaks=False) -> Driven:
    """Drives a call piece by piece: the upstream sends the next one when the caller has the last, so that a piece that is
    held back ends this. Behind `until` pieces, if that is said, the caller leaves, or the upstream breaks off. `before` stands
    in front of the path."""
    lines, body = request(row, case, *lines)
    driven = Driven(row, body)
    stream = connect(port)
    began = time.monotonic()
    stream.sendall(head("POST", before + row["path"], row.get("host", "localhost"), pairs(lines)) + body)
    answer = http.client.HTTPResponse(stream)
    answer.begin()
    assert answer.status == row.get("status", 200)
    (driven.arrived,) = app.of(case)
    for number, piece in enumerate(replies.pieces(row)[:until], 1):
        if number == row.get("first"):
            # So that the one before would be told from it.
            time.sleep(0.03)
            driven.earliest = time.monotonic() - driven.arrived.at
        app.step("go on", case)
        assert take(answer, len(piece)) == piece
        if number == row.get("first"):
            driven.latest = time.monotonic() - began
    if until is None:
        assert answer.read() == b""
    elif breaks:
        app.step("", case)
        try:
            more = answer.read()
        except http.client.IncompleteRead as read:
            assert read.partial == b""
        else:
            raise AssertionError(f"the answer came to its end, behind {more!r}")
    answer.close()
    stream.close()
    return driven


def take(answer, size: int) -> bytes:
    """So many bytes, as soon as they are there."""
    came = b""
    while len(came) < size:
        piece = answer.read1(size - len(came))
        assert piece, f"the answer ended after {came!r}"
        came += piece
    return came


@dataclass
class Spans:
    """What the backends got of a call."""

    opik: dict
    otlp: dict
    by_otlp: dict
    lilypad: dict


class Received:
    """What a sink got, by `x-case`."""

    def __init__(self, sink):
        self.sink = sink
        self._spans = {}

    def wait(self, calls: int):
        """Until so many of them have come to every backend, or a while has passed."""
        self.sink.wait(spans=2 * calls, otlp=calls, lilypad=calls, seconds=20)
        self._spans = self._read()

    def soon(self, case) -> Spans:
        """The spans of one call, within a while."""
        end = time.monotonic() + 20
        while not self._is_there(case) and time.monotonic() < end:
            time.sleep(0.05)
            self._spans = self._read()
        return self.of(case)

    def of(self, case) -> Spans:
        assert self._is_there(case), f"{case}: {self._spans.get(case)}; refused was {self.sink.refused()}"
        return Spans(**self._spans[case])

    def _is_there(self, case) -> bool:
        return self._spans.get(case, {}).keys() == Spans.__annotations__.keys()

    def _read(self) -> dict:
        found = {}

        def put(name, spans, case):
            for span in spans:
                of = found.setdefault(case(span), {})
                assert name not in of, f"two spans of one call: {span}"
                of[name] = span

        put("opik", self.sink.spans(project=DIRECT), lambda span: span["metadata"].get(CASE))
        put("by_otlp", self.sink.spans(project=BY_OTLP), lambda span: span["metadata"].get(f"opik.metadata.{CASE}"))
        put("otlp", self.sink.otlp(), lambda span: (span["attributes"].get(CASE) or [None])[0])
        put("lilypad", self.sink.lilypad()["spans"], lambda span: span["attributes"].get(CASE))
        return found


def told(attributes) -> dict:
    return {name: value for name, value in attributes.items() if name.startswith(TOLD)}


def check(spans: Spans, driven: Driven, row, error=None):
    """Everything that a row wants, of every backend. `row` is that of a call that was cut, if it was; `error` is what the
    gateway calls its end."""
    failed = error or row.get("error")
    wanted = {**row["told"], **({"error.type": error} if error else {})}
    first = timed(spans.opik, driven) if "first" in row else {}
    fields, thread = row["opik"], row.get("thread")

    assert {name: spans.opik[name] for name in FIELDS if name in spans.opik} == fields
    assert told(spans.opik["metadata"]) == {**wanted, **first}
    assert (spans.opik.get("error_info") or {}).get("exception_type") == failed
    assert ("ttft" in spans.opik) == bool(first)

    conversation = {"gen_ai.conversation.id": thread} if thread else {}
    conventions = {**wanted, **row["otlp"], **first}
    assert told(spans.otlp["attributes"]) == {**conventions, **conversation}
    assert spans.otlp["status"]["code"] == ("error" if failed else "unset")

    provider = row["otlp"].get("gen_ai.provider.name")
    older = {"gen_ai.system": provider} if provider else {}
    assert told(spans.lilypad["attributes"]) == {**conventions, **older}
    assert (spans.lilypad["thread_id"], spans.lilypad["status"]["code"]) == (thread, "error" if failed else "unset")

    # By OTLP everything that has no field is metadata, by one name or the other, and nothing is taken for input or output.
    other = spans.by_otlp
    metadata = {name.removeprefix("opik.metadata."): value for name, value in other["metadata"].items()}
    own = {"gen_ai.request.model", "gatespan.usage.cost"}
    assert told(metadata) == {name: value for name, value in {**wanted, **first}.items() if name not in own}
    for name in FIELDS:
        assert other.get(name) == fields.get(name), name
    assert "input" not in other and "output" not in other and metadata.get("thread_id") == thread
    assert bool(other.get("error_info")) == bool(failed)


def timed(span, driven: Driven) -> dict:
    """The attribute that says when the first token came, which was when it was sent."""
    ttft = span["ttft"]
    assert driven.earliest * 1000 - 5 <= ttft <= driven.latest * 1000 + 5
    first = span["metadata"][FIRST]
    # One is in milliseconds, the other in seconds.
    assert abs(first * 1000 - ttft) < 1e-6
    return {FIRST: first}


def sent_words(app) -> str:
    """All that the upstream was sent, to show that what is looked for was there."""
    return json.dumps([one.body.decode("latin-1") for one in app.arrived])
