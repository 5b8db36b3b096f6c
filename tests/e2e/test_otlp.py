"""OTLP: judged by rotel, which nobody here wrote, and by our strict sink when that is in trouble."""

import json
import time
import urllib.error
import urllib.request
from datetime import datetime

import pytest
from accounts import settled
from backends import gateway, otlp
from rotel import Rotel
from sink import Sink
from wire import send

ENCODINGS = ["protobuf", "json"]
#: A batch is full with these, and leaves on the next tick.
MANY = 10
FULL = {"batch_spans": MANY, "interval_ms": 60_000, "backoff_ms": 50, "backoff_max_ms": 100, "timeout_ms": 2_000}

EAGER = {"interval_ms": 50, "backoff_ms": 50, "backoff_max_ms": 100}

T, Q = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALLER = [f"traceparent: 00-{T}-{Q}-01", "tracestate: vendor=value,other=1"]
#: What a span can say: ids, a parent, a state, a link, a failure, texts that need care.
SAID = {
    "minted": [],
    "joined": CALLER,
    "padded": ["b3: 64fe8b2a57d3eff7-e457b5a2e4d86bd1-1"],
    "linked": [*CALLER, "x-stranger: 1"],
    "failed": ["x-app: status=503"],
    "worded": ['user-agent: "quoted" \\ and ü', "x-session-id: conversation-7"],
}
SAYING = {
    "service": "a service",
    "formats": {"extract": ["w3c", "b3"], "inject": ["w3c"]},
    "rule": {"tags": ["one", "two words"]},
    "routes": [{"match": {"header": {"name": "x-stranger", "value": "1"}}, "inbound": "link"}],
    "span": {"headers": ["user-agent"], "thread": "x-session-id"},
    "export": {"interval_ms": 100},
}


@pytest.fixture(scope="module")
def behind(named):
    """What rotel sends on to."""
    with Sink(f"{named}-behind") as behind:
        yield behind


@pytest.fixture(scope="module")
def rotel(named, behind):
    with Rotel(f"{named}-rotel", behind.url) as rotel:
        yield rotel


def told(sink) -> dict:
    """All that was read of each span, but for the way on which it came."""
    spans = [{**span, "encoding": "", "path": ""} for span in sink.otlp()]
    return {span["name"].removeprefix("GET /"): span for span in spans}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_what_rotel_read_is_what_was_sent(encoding, app, sink, behind, rotel, start):
    """The same spans go to our own sink, in the other encoding: all three readers have to read the same."""
    sink.reset()
    behind.reset()
    (other,) = {*ENCODINGS} - {encoding}
    resource = {"deployment.environment.name": "tests", "wörd": '"'}
    backends = [
        otlp(encoding, name="rotel", cluster="rotel", resource=resource),
        otlp(other, name="direct", url="http://otlp.test/any/base", resource=resource),
    ]
    envoy = start(gateway({**SAYING, "backends": backends}, app.port, rotel=rotel.port, otlp=sink.port))
    began = time.time_ns()
    for name, lines in SAID.items():
        send(envoy.port, [*lines, f"x-case: {name}"], target=f"/{name}")
    assert behind.wait(otlp=len(SAID)) and sink.wait(otlp=len(SAID)), rotel.log
    ended = time.time_ns()

    came, direct = told(behind), told(sink)
    assert came == direct
    assert {span["encoding"] for span in sink.otlp()} == {other}
    assert {one["headers"]["content-type"] for one in behind.requests()} == {"application/x-protobuf"}

    for name, span in came.items():
        # The ids are those that the application got.
        _, trace, id_, _ = app.of(name)[-1].one("traceparent").split("-")
        assert (span["trace_id"], span["id"]) == (trace, id_), name
        assert began <= int(span["start_time_unix_nano"]) <= int(span["end_time_unix_nano"]) <= ended
        assert (span["kind"], span["resource"]) == ("server", {"service.name": "a service", **resource})
        assert span["attributes"]["gatespan.tags"] == ["one", "two words"]
        assert span["attributes"]["http.response.status_code"] == (503 if name == "failed" else 200)
        assert span["status"]["code"] == ("error" if name == "failed" else "unset")
    assert (came["joined"]["trace_id"], came["joined"]["parent_span_id"]) == (T, Q)
    assert came["joined"]["trace_state"] == "vendor=value,other=1"
    assert came["padded"]["trace_id"] == "000000000000000064fe8b2a57d3eff7"
    assert came["minted"]["parent_span_id"] is None and came["minted"]["links"] == []
    assert [(link["trace_id"], link["span_id"]) for link in came["linked"]["links"]] == [(T, Q)]
    assert came["worded"]["attributes"]["http.request.header.user-agent"] == ['"quoted" \\ and ü']
    assert came["worded"]["attributes"]["gen_ai.conversation.id"] == "conversation-7"
    assert settled(envoy, len(SAID))["export.calls.outcome.ok"] >= 1


#: A request in JSON, and what may be wrong with it.
ID, PARENT = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
JUDGED = {
    "good": ({}, 200),
    "ids in base64": ({"traceId": "W47/95gDgQPSabYzgT/GDA==", "spanId": "7uGbfsPBsXQ="}, 400),
    "a time that is no number": ({"startTimeUnixNano": "yesterday"}, 400),
}


@pytest.mark.parametrize("case", JUDGED)
def test_rotel_refuses_what_is_wrong(case, rotel):
    """Else the test above would show nothing."""
    spoilt, status = JUDGED[case]
    span = {"traceId": ID, "spanId": PARENT, "name": case, "kind": 2, "startTimeUnixNano": "1", "endTimeUnixNano": "2"}
    scopes = [{"scope": {"name": "test"}, "spans": [{**span, **spoilt}]}]
    assert post(rotel.port, json.dumps({"resourceSpans": [{"scopeSpans": scopes}]}).encode()) == status


def post(port: int, body: bytes) -> int:
    url = f"http://127.0.0.1:{port}/v1/traces"
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def in_trouble(steps, app, sink, start, encoding="protobuf", **export):
    """One full batch meets that; the counters when nothing is queued any more."""
    sink.reset()
    config = {"backends": [otlp(encoding)], "export": {**FULL, **export}}
    envoy = start(gateway(config, app.port, otlp=sink.port))
    sink.fault(*steps)
    for number in range(MANY):
        assert send(envoy.port, target=f"/{number}").status == 200
    return settled(envoy, MANY)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_partial_success(encoding, app, sink, start):
    """What an accepted batch lacks was refused, and is not sent again."""
    steps = [{"kind": "partial", "rejected": 3, "message": "too long", "times": 1}]
    stats = in_trouble(steps, app, sink, start, encoding)
    assert (stats["spans.exported"], stats["spans.dropped.reason.refused"]) == (MANY - 3, 3), stats
    assert len(sink.requests()) == 1 and len(sink.otlp()) == MANY - 3


#: A date three seconds after the response, by the backend's own clock, which is years behind ours.
DATE = {"Date": "Sun, 06 Nov 1994 08:49:37 GMT", "Retry-After": "Sun, 06 Nov 1994 08:49:40 GMT"}
#: Responses after which the same batch is sent again: the status, how many seconds the backend asks for, and its headers.
AGAIN = {
    "with a pause": [(429, 1, {"Retry-After": "1"}), (503, 2, {"Retry-After": "2"})],
    "until a date": [(429, 3, DATE)],
    "without": [(code, 0, {}) for code in (502, 503, 504)],
}


def refusal(code: int, headers: dict) -> dict:
    return {"kind": "status", "code": code, "headers": headers, "times": 1}


@pytest.mark.parametrize("case", AGAIN)
def test_what_is_sent_again(case, app, sink, start):
    answers = AGAIN[case]
    codes = [code for code, _, _ in answers]
    steps = [refusal(code, headers) for code, _, headers in answers]
    stats = in_trouble(steps, app, sink, start)
    assert stats["spans.exported"] == MANY, stats
    assert stats["export.calls.outcome.retry"] == len(answers)
    assert [span["times"] for span in sink.otlp()] == [1] * MANY
    requests = sink.requests()
    assert [one["status"] for one in requests] == [*codes, 200]
    assert len({one["print"] for one in requests}) == 1, "the body does not change"
    at = [datetime.fromisoformat(one["at"]) for one in requests]
    waited = [(later - earlier).total_seconds() for earlier, later in zip(at, at[1:])]
    assert all(wait >= pause for wait, (_, pause, _) in zip(waited, answers)), waited


def test_a_huge_pause_is_a_long_one(app, sink, start):
    """More seconds than fit into 32 bits, and a date in a far year: five minutes, and not a try at once."""
    for headers in ({"Retry-After": "99999999999"}, {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}):
        sink.reset()
        envoy = start(gateway({"backends": [otlp()], "export": EAGER}, app.port, otlp=sink.port))
        sink.fault(refusal(429, headers))
        send(envoy.port)
        envoy.eventually(lambda stats: stats["export.calls.outcome.retry"] == 1)
        time.sleep(1.5)
        assert len(sink.requests()) == 1, headers


def test_a_500_is_final(app, sink, start):
    """The specification names the numbers that may be sent again, and this one is not among them."""
    stats = in_trouble([{"kind": "status", "code": 500, "times": 1}], app, sink, start)
    assert stats["spans.dropped.reason.refused"] == MANY, stats
    assert len(sink.requests()) == 1


def test_a_batch_that_is_too_large_goes_in_halves(app, sink, start):
    stats = in_trouble([{"kind": "status", "code": 413, "times": 1}], app, sink, start)
    assert (stats["spans.exported"], stats["export.calls.outcome.split"]) == (MANY, 1), stats
    assert [one["items"] for one in sink.requests()] == [None, MANY // 2, MANY // 2]


def test_a_refused_key_stops_the_export_until_it_is_good(app, sink, start):
    """And meanwhile no parent is announced that will not arrive."""
    sink.reset()
    secrets = {"api_key": "a key of OTLP", "headers": {"X-Tenant": "tests"}}
    config = {"backends": [otlp(**secrets)], "export": {"interval_ms": 50, "backoff_ms": 50, "backoff_max_ms": 1_000}}
    envoy = start(gateway(config, app.port, otlp=sink.port))
    sink.fault({"kind": "status", "code": 401})
    send(envoy.port)
    envoy.eventually(lambda stats: stats["export.calls.outcome.failed"] >= 1)
    send(envoy.port, [*CALLER, "x-case: stopped"])
    assert app.of("stopped")[-1].one("traceparent") == f"00-{T}-{Q}-01"
    sink.fault()
    assert sink.wait(otlp=1)
    assert settled(envoy, 1)["requests.unrecorded.reason.export_stopped"] == 1
    headers = sink.requests()[-1]["headers"]
    assert (headers["authorization"], headers["x-tenant"]) == ("***", "tests")
    assert "a key of OTLP" not in envoy.log
