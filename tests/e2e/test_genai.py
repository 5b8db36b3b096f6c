"""The table of calls through Envoy: the bytes and their pace are the upstream's, and every backend is told what a call said
about itself, and not a word more."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import replies
from backends import gateway
from botocore.eventstream import EventStreamBuffer
from calls import Received, check, config, sent_words, through
from envoy import Envoy
from replies import CUT, ROWS, TABLE

#: Headers of traces; what a provider must not see of them.
TRACES = {"traceparent", "tracestate", "baggage", "b3", "uber-trace-id", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled"}


@pytest.fixture(scope="module")
def envoy(app, sink):
    with Envoy("genai", gateway(config(), app.port, opik=sink.port, otlp=sink.port, lilypad=sink.port)) as envoy:
        yield envoy


@pytest.fixture(scope="module")
def driven(envoy, app, sink):
    """All calls, many at a time: each one's `Driven`, or what went wrong, by its case; and what was received of them."""
    cases = {name: (row, {}) for name, row in ROWS.items()}
    for name in CUT:
        row = ROWS[name]
        cases[f"left {name}"] = (row, {"until": row["cut"]["pieces"]})
        cases[f"broken {name}"] = (row, {"until": row["cut"]["pieces"], "breaks": True})
    received = Received(sink)
    with ThreadPoolExecutor(12) as pool:
        calls = {case: pool.submit(through, envoy.port, app, row, case, **how) for case, (row, how) in cases.items()}
    received.wait(len(calls))
    for name in CUT:
        # The upstream waits for its turn still.
        app.step("", f"left {name}")
    return calls, received


@pytest.fixture
def call(driven):
    """What was driven of a case, and the spans of it."""

    def call(case):
        calls, received = driven
        return calls[case].result(), received.of(case)

    return call


@pytest.mark.parametrize("name", ROWS)
def test_a_call(name, call, app):
    row = ROWS[name]
    driven, spans = call(name)
    assert driven.arrived.body == driven.body and len(app.of(name)) == 1
    assert driven.arrived.one("content-length") == str(len(driven.body)) and not driven.arrived.all("transfer-encoding")
    assert driven.arrived.one("accept-encoding") == "gzip", "what can be read"
    assert driven.arrived.one("host") == row.get("host", "localhost")
    check(spans, driven, row)
    assert spans.opik["metadata"]["gatespan.end"] == "complete"


@pytest.mark.parametrize("name", CUT)
def test_the_caller_leaves_inside_a_stream(name, call):
    driven, spans = call(f"left {name}")
    assert spans.opik["metadata"]["gatespan.end"] == "downstream_reset"
    check(spans, driven, replies.cut(ROWS[name]))


@pytest.mark.parametrize("name", CUT)
def test_the_upstream_breaks_off_inside_a_stream(name, call):
    driven, spans = call(f"broken {name}")
    assert spans.opik["metadata"]["gatespan.end"] == "upstream_reset"
    check(spans, driven, replies.cut(ROWS[name]), "upstream_reset")


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if "thread" in row])
def test_the_conversation_is_opiks_thread(name, call, sink):
    _, spans = call(name)
    rows = sink.traces(id=spans.opik["trace_id"])
    assert [row["thread_id"] for row in rows] == [ROWS[name]["thread"]] * 2, "one for each of Opik's backends"


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.get("rule", {}).get("upstream") == "strip"])
def test_a_provider_sees_no_trace(name, call):
    driven, _ = call(name)
    sent = {line.split(":")[0] for line in ROWS[name]["headers"]}
    assert TRACES & sent, "the caller had some"
    names = {key.decode().lower().replace("_", "-") for key, _ in driven.arrived.headers}
    assert not [key for key in names if key in TRACES or key.startswith(("opik-", "uberctx-"))]


def test_nothing_that_was_said_is_told(driven, app, sink, envoy):
    """Neither to a backend, in any byte, nor in the log."""
    upstream = sent_words(app)
    assert sink.holding("openai-json") and TABLE["planted"][0] in upstream, "that is how it would be found"
    for word in TABLE["planted"]:
        assert sink.holding(word) == []
    assert [word for word in TABLE["planted"] if word in envoy.log] == []
    assert sink.refused() == []
    # One that warns of what a server of Lilypad drops, at the start.
    assert [line for line in envoy.plugin_log() if "backend lilypad: a server without a queue" not in line] == []


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row["type"] == replies.FRAMES])
def test_frames_are_amazons(name):
    """By Amazon's own reader, which looks at the sums."""
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join(replies.pieces(ROWS[name])))
    frames = [frame.to_response_dict() for frame in buffer]
    assert len(frames) == len(ROWS[name]["pieces"])
    for frame, piece in zip(frames, ROWS[name]["pieces"], strict=True):
        kind, word, document = ["event", *piece][-3:]
        headers = frame["headers"]
        assert (headers[":message-type"], headers[f":{kind}-type"]) == (kind, word)
        if kind == "event" and not ROWS[name].get("wrapped"):
            assert frame["body"] == replies.compact(document)
