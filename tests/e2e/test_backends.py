"""Several backends at once: each gets the same spans, and what happens to one is no concern of the others."""

import bootstrap as b
import pytest
from accounts import adds_up, dropped, missing
from backends import PROJECT, gateway, lilypad, otlp
from ports import free
from sink import Sink
from wire import send

CALLS = 20
#: One that waits for an answer in vain does so for longer than everything else takes.
QUICK = {"interval_ms": 50, "backoff_ms": 100, "backoff_max_ms": 400, "timeout_ms": 500, "attempts": 100}
ALL = {"opik": b.opik("several"), "otlp": otlp("json"), "lilypad": lilypad()}
#: A part of the path of each.
PATHS = {"opik": "/v1/private/", "otlp": "/v1/traces", "lilypad": f"/projects/{PROJECT}"}


@pytest.fixture(scope="module")
def sink():
    with Sink("backends-sink", "127.0.0.1:0", "--lilypad-queue") as sink:
        yield sink


def of(stats: dict, backend: str) -> dict:
    """The counters of one backend, under the plain names."""
    prefix = f"backend.{backend}."
    return {name.removeprefix(prefix): value for name, value in stats.items() if name.startswith(prefix)}


def is_settled(stats: dict, *names, spans=CALLS) -> bool:
    own = [of(stats, name) for name in names]
    return all(one["spans.recorded"] == spans and one["queue.spans"] == 0 for one in own)


def exported(stats: dict) -> dict:
    return {name: of(stats, name)["spans.exported"] for name in ALL}


def call(envoy, app) -> list:
    """The ids of our spans, as the application got them."""
    for number in range(CALLS):
        assert send(envoy.port, target=f"/{number}").status == 200
    return [one.one("opik_parent_span_id") for one in app.arrived[-CALLS:]]


def lows(ids) -> list:
    """The half of each that is the id of OpenTelemetry."""
    return sorted(id_.replace("-", "")[-16:] for id_ in ids)


def ids(rows) -> list:
    return [row["id"] for row in rows]


def facts(rows, attributes: str) -> list:
    """What every backend is told of a span, whatever that is called there."""
    same = ("name", "start_time", "end_time")
    return sorted([row["trace_id"].replace("-", ""), *(row[name] for name in same), told(row[attributes])] for row in rows)


def told(attributes: dict) -> list:
    return [f"{name}={value}" for name, value in sorted(attributes.items()) if name != "lilypad.type"]


def gate(app, export=QUICK, **ports) -> dict:
    return gateway({"backends": [*ALL.values()], "export": export}, app.port, **ports)


def others_settled(envoy, down: str) -> dict:
    """Waits until all others have everything, and that one has failed."""
    others = [name for name in ALL if name != down]
    failed = "export.calls.outcome.retry"
    return envoy.eventually(lambda stats: is_settled(stats, *others) and of(stats, down)[failed] > 0)


def test_all_of_them_get_the_same(app, sink, start):
    sink.reset()
    envoy = start(gate(app, **dict.fromkeys(ALL, sink.port)))
    sent = call(envoy, app)
    stats = envoy.eventually(lambda stats: is_settled(stats, *ALL))
    assert exported(stats) == dict.fromkeys(ALL, CALLS)
    assert stats["spans.exported"] == CALLS, "the plain names are those of the first"
    rows = {"opik": sink.spans(), "otlp": sink.otlp(), "lilypad": sink.lilypad()["spans"]}
    assert sorted(ids(rows["opik"])) == sorted(sent)
    assert sorted(ids(rows["otlp"])) == sorted(ids(rows["lilypad"])) == lows(sent)
    assert facts(rows["opik"], "metadata") == facts(rows["otlp"], "attributes") == facts(rows["lilypad"], "attributes")
    assert sink.refused() == [] and len(sink.traces()) == CALLS


#: How one may be down for a while.
DOWN = {
    "silent": {"kind": "silent"},
    "503": {"kind": "status", "code": 503},
}


@pytest.mark.parametrize("case", DOWN)
@pytest.mark.parametrize("down", ALL)
def test_one_is_down_and_comes_back(down, case, app, sink, start):
    sink.reset()
    envoy = start(gate(app, **dict.fromkeys(ALL, sink.port)))
    sink.fault({**DOWN[case], "only": PATHS[down]})
    sent = call(envoy, app)
    stats = others_settled(envoy, down)
    assert exported(stats) == {**dict.fromkeys(ALL, CALLS), down: 0}
    assert [name for name in ALL if of(stats, name)["export.calls.outcome.retry"]] == [down]
    assert of(stats, down)["queue.spans"] == of(stats, down)["spans.recorded"] == CALLS

    sink.fault()
    stats = envoy.eventually(lambda stats: is_settled(stats, *ALL))
    assert exported(stats) == dict.fromkeys(ALL, CALLS)
    found = [*sink.spans(), *sink.otlp(), *sink.lilypad()["spans"]]
    assert sorted(ids(found)) == sorted([*sent, *lows(sent), *lows(sent)])


@pytest.mark.parametrize("down", ALL)
def test_one_is_not_there_yet(down, app, sink, start):
    """Connections are refused; then it is started."""
    sink.reset()
    ports = {**dict.fromkeys(ALL, sink.port), down: free()}
    envoy = start(gate(app, **ports))
    sent = call(envoy, app)
    stats = others_settled(envoy, down)
    assert exported(stats) == {**dict.fromkeys(ALL, CALLS), down: 0}
    with Sink(f"backends-{down}", f"127.0.0.1:{ports[down]}", "--lilypad-queue") as late:
        stats = envoy.eventually(lambda stats: is_settled(stats, *ALL))
        found = {"opik": late.spans, "otlp": late.otlp, "lilypad": lambda: late.lilypad()["spans"]}[down]()
    assert exported(stats) == dict.fromkeys(ALL, CALLS)
    assert lows(ids(found)) == lows(sent)


#: What becomes of spans where the answer is 500 for ever, which each of them means in another way.
FOR_EVER = {"opik": "gave_up", "otlp": "refused", "lilypad": "refused"}


def test_500_for_ever(app, sink, start):
    """All three at once, each by its own rule; nobody is answered late, and every span is counted."""
    sink.reset()
    envoy = start(gate(app, {**QUICK, "attempts": 4}, **dict.fromkeys(ALL, sink.port)))
    sink.fault({"kind": "status", "code": 500})
    call(envoy, app)
    stats = envoy.eventually(lambda stats: is_settled(stats, *ALL))
    for name, reason in FOR_EVER.items():
        assert of(stats, name)[f"spans.dropped.reason.{reason}"] == CALLS, (name, stats)


def test_a_full_queue_is_only_its_own(app, sink, start):
    """Where one has no room its system keeps the parent that came, and the others record all the same."""
    sink.reset()
    export = {**QUICK, "timeout_ms": 60_000, "queue_bytes": 16_384, "batch_bytes": 4_096}
    backends = [b.opik("several"), otlp()]
    envoy = start(gateway({"backends": backends, "export": export}, app.port, opik=sink.port, otlp=sink.port))
    sink.fault({"kind": "silent", "only": PATHS["otlp"]})
    caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    rounds = 10
    for number in range(1, rounds + 1):
        for _ in range(8):
            send(envoy.port, [f"traceparent: {caller}", "x-case: full"])
        # So that the other one has room at any time.
        envoy.eventually(lambda stats: of(stats, "opik")["spans.exported"] == 8 * number)
    stats = envoy.eventually(lambda stats: is_settled(stats, "opik", spans=8 * rounds))
    full = of(stats, "otlp")
    assert full["spans.exported"] == 0 and full["queue.spans"] > 0
    unannounced = [one for one in app.of("full") if one.one("traceparent") == caller]
    assert full["spans.dropped.reason.queue_full"] == len(unannounced) > 0
    assert missing(full) == 0 and dropped(full) + full["queue.spans"] == 8 * rounds
    assert len(sink.spans()) == 8 * rounds and adds_up(stats)
