"""The same calls in other ways: over HTTP/2 and HTTP/3, where bodies are not read, and where answers may not be packed."""

import http.client
import json
import time

import bootstrap as b
import pytest
import replies
from calls import Driven, Received, check, config, request, through, told
from certificates import Authority, dns
from envoy import Envoy
from places import KEPT, ROOT
from replies import ROWS
from test_protocols import http2, http3
from wire import connect, head, pairs

ROUTES = [
    {"match": {"path_prefix": "/off/"}, "genai": "off"},
    {"match": {"path_prefix": "/plain/"}, "genai_encoding": "identity"},
    *({"match": {"path_prefix": f"/{word}/"}, "genai_encoding": word} for word in ("identity", "any")),
]
#: A document, events, frames.
SOME = ["openai-json", "anthropic-stream", "bedrock-converse-stream"]


@pytest.fixture(scope="module")
def envoy(app, sink):
    hcm = b.manager([b.plugin(config(routes=ROUTES))])
    tls = Authority(KEPT / "genai.certificates").issue("quic", dns("localhost"))
    quic = {**hcm, "codec_type": "HTTP3", "upgrade_configs": []}
    listeners = [b.listener("plain", hcm), b.listener("quic", quic, tls=tls, quic=True)]
    clusters = [b.cluster("app", app.port), *(b.cluster(name, sink.port) for name in ("opik", "otlp", "lilypad"))]
    with Envoy("genai-ways", b.bootstrap(listeners, clusters)) as envoy:
        yield envoy


@pytest.fixture(scope="module")
def received(sink):
    return Received(sink)


class Pace:
    """Asks for the next piece when the one before is there, whole and unchanged."""

    def __init__(self, app, row, case):
        self.came, self._left = b"", replies.pieces(row)
        self._app, self._case, self._until_first = app, case, row.get("first", 0)
        self.asked_first = 0.0
        self._next()

    def _next(self):
        self._until_first -= 1
        if self._until_first == 0:
            # So that the one before would be told from it.
            time.sleep(0.03)
            self.asked_first = time.monotonic()
        self._app.step("go on", self._case)

    def __call__(self, data: bytes):
        self.came += data
        while self._left and len(self.came) >= len(self._left[0]):
            piece = self._left.pop(0)
            assert self.came[: len(piece)] == piece
            self.came = self.came[len(piece) :]
            # Nothing comes that nobody has asked for.
            assert self.came == b""
            if self._left:
                self._next()

    def is_over(self) -> bool:
        return not self._left and not self.came


WAYS = {
    "HTTP/2": lambda envoy, *call: http2(envoy.ports["plain"], [call[:2]], *call[2:])[0][":status"],
    "HTTP/3": lambda envoy, *call: http3(envoy.ports["quic"], *call)[0][b":status"].decode(),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", SOME)
def test_by_other_protocols(way, name, envoy, app, received):
    # To no host of a provider: these are known by their paths.
    row, case = ROWS[name], f"{way} {name}"
    began = time.monotonic()
    lines, body = request(row, case)
    pace = Pace(app, row, case)
    assert WAYS[way](envoy, row["path"], lines, body, pace) == "200"
    assert pace.is_over()
    (arrived,) = app.of(case)
    assert arrived.body == body
    driven = Driven(row, body, arrived, pace.asked_first - arrived.at, time.monotonic() - began)
    check(received.soon(case), driven, row)


@pytest.mark.parametrize("name", SOME)
def test_off(name, envoy, app, received):
    through(envoy.port, app, ROWS[name], f"off {name}", before="/off")
    spans = received.soon(f"off {name}")
    assert spans.opik["type"] == "general"
    assert [spans.opik.get(field) for field in ("model", "provider", "usage", "ttft")] == [None] * 4
    assert [told(span) for span in (spans.opik["metadata"], spans.otlp["attributes"], spans.lilypad["attributes"])] == [{}] * 3


def test_an_answer_that_may_not_be_packed(envoy, app, received):
    row = ROWS["openai-json"]
    driven = through(envoy.port, app, row, "plain", before="/plain")
    assert driven.arrived.one("accept-encoding") == "identity"
    check(received.soon("plain"), driven, row)


OFFERS = json.loads((ROOT / "tests/scenarios/offers.json").read_text())["rows"]


@pytest.mark.parametrize("row", OFFERS, ids=lambda row: row["name"])
def test_upstream_is_offered_what_can_be_read(row, envoy, app):
    call, case = ROWS["openai-json"], f"offer {row['name']}"
    body = replies.asked(call)
    lines = [f"x-case: {case}", f"content-length: {len(body)}", *replies.lines(call)]
    lines += [f"accept-encoding: {offer}" for offer in row["asked"]]
    prefix = f"/{row['encoding']}" if "encoding" in row else ""
    with connect(envoy.port) as stream:
        stream.sendall(head("POST", prefix + call["path"], "localhost", pairs(lines)) + body)
        answer = http.client.HTTPResponse(stream)
        answer.begin()
        assert answer.status == 200
        answer.read()
    (arrived,) = app.of(case)
    wanted = [row["upstream"]] if "upstream" in row else row["asked"]
    found = [value.decode() for value in arrived.all("accept-encoding")]
    assert ",".join(found) == ",".join(wanted)
