"""A collector in trouble: no caller fails or waits, and every span is accounted for."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import bootstrap as b
import pytest
from accounts import adds_up, dropped, settled
from app import App
from sink import Sink
from wire import answer, connect, head, pairs, send

CALLERS = 30
#: Seconds. A caller that waited for the collector would wait for its timeout, or for a pause between two attempts.
USUAL = 0.1
QUICK = {"interval_ms": 50, "backoff_ms": 50, "backoff_max_ms": 100, "timeout_ms": 400, "attempts": 4}


def gateway(app, collector: int, **export) -> dict:
    config = {"backends": [b.opik("trouble")], "export": {**QUICK, **export}}
    return b.gateway(config, app.port, collector)


def call(envoy, figure, count=CALLERS):
    """That nobody at all waits is shown below, where a call to the collector does not end; here a machine under load may
    have let one of them wait."""
    took = []
    for number in range(count):
        begin = time.monotonic()
        assert send(envoy.port, target=f"/{number}").status == 200
        took.append(time.monotonic() - begin)
    figure(f"callers were answered after {median(took) * 1000:.1f} ms, at most {max(took) * 1000:.1f}")
    assert median(took) < USUAL


#: Steps of trouble, after which the sink is well again; and the outcome that must have been counted.
PASSING = {
    "resets while it is sent to": ([{"kind": "reset", "times": 3}], "retry"),
    "resets inside its answer": ([{"kind": "reset_mid_body", "times": 3}], "retry"),
    "429 with Opik's header": ([{"kind": "status", "code": 429, "headers": {"RateLimit-Reset": "1"}, "times": 1}], "retry"),
    "429 with the common header": ([{"kind": "status", "code": 429, "headers": {"Retry-After": "1"}, "times": 1}], "retry"),
    "500": ([{"kind": "status", "code": 500, "times": 3}], "retry"),
    "503": ([{"kind": "status", "code": 503, "times": 2}], "retry"),
    "silent": ([{"kind": "silent", "times": 2}], "retry"),
    "slow": ([{"kind": "slow", "ms": 300, "times": 5}], "ok"),
    "10 MB as its answer": ([{"kind": "big_answer", "bytes": 10_000_000, "times": 2}], "ok"),
    "10 MB as its refusal": ([{"kind": "big_answer", "bytes": 10_000_000, "code": 500, "times": 2}], "retry"),
    "400 for a batch that is good": ([{"kind": "status", "code": 400, "times": 1}], "split"),
    "413": ([{"kind": "status", "code": 413, "times": 1}], "split"),
    "a status that nobody knows": ([{"kind": "status", "code": 299, "times": 1}], None),
}


#: All spans in one batch, however slowly they come: one that is alone is refused for good.
TOGETHER = {"batch_spans": CALLERS, "interval_ms": 60_000}


def in_trouble(steps, app, sink, start, figure, **export):
    """Everybody calls while the collector does that; the stats when nothing is queued any more."""
    sink.reset()
    envoy = start(gateway(app, sink.port, **export))
    sink.fault(*steps)
    call(envoy, figure)
    return settled(envoy, CALLERS)


@pytest.mark.parametrize("case", PASSING)
def test_trouble_that_passes(case, app, sink, start, figure):
    steps, outcome = PASSING[case]
    stats = in_trouble(steps, app, sink, start, figure, **(TOGETHER if outcome == "split" else {}))
    if outcome is None:
        return
    assert stats["spans.exported"] == CALLERS and dropped(stats) == 0, stats
    assert stats[f"export.calls.outcome.{outcome}"] > 0, stats
    ids = [span["id"] for span in sink.spans()]
    assert len(ids) == len(set(ids)) == CALLERS
    # A span and its row are one unit.
    assert {row["id"] for row in sink.traces()} == {span["trace_id"] for span in sink.spans()}


#: Trouble for good: where the spans are counted.
LASTING = {
    "500 for ever": ([{"kind": "status", "code": 500}], "gave_up"),
    "silent for ever": ([{"kind": "silent"}], "gave_up"),
    "resets for ever": ([{"kind": "reset_mid_body"}], "gave_up"),
    "400 for ever": ([{"kind": "status", "code": 400}], "refused"),
}


@pytest.mark.parametrize("case", LASTING)
def test_trouble_that_lasts(case, app, sink, start, figure):
    steps, reason = LASTING[case]
    stats = in_trouble(steps, app, sink, start, figure)
    assert stats[f"spans.dropped.reason.{reason}"] == CALLERS, stats
    assert sink.spans() == []


def test_refused_connections(app, start, figure):
    gone = App()
    gone.stop()
    envoy = start(gateway(app, gone.port))
    call(envoy, figure)
    stats = settled(envoy, CALLERS)
    assert stats["spans.dropped.reason.gave_up"] == CALLERS, stats


def test_a_key_that_is_refused_stops_the_export(app, start):
    """And then no parent is announced that will not arrive."""
    with Sink("locked-sink", "127.0.0.1:0", "--key", "the right one") as locked:
        envoy = start(gateway(app, locked.port, backoff_ms=500, backoff_max_ms=60_000))
        send(envoy.port)
        envoy.eventually(lambda stats: stats["export.calls.outcome.failed"] == 1)
        send(envoy.port, ["x-case: stopped"])
        assert [name for name, _ in app.of("stopped")[0].headers if name.startswith(b"opik")] == []
        stats = envoy.eventually(lambda stats: stats["requests.unrecorded.reason.export_stopped"] == 1)
        assert adds_up(stats) and stats["queue.spans"] == 1, stats
        assert "the right one" not in envoy.log


def test_the_sum_on_both_pages(app, sink, start):
    """Spans that were lost, delivered and are queued still: /stats and /stats/prometheus tell the same, and it adds up."""
    sink.reset()
    envoy = start(gateway(app, sink.port, timeout_ms=60_000))
    parts = {
        "spans.dropped.reason.gave_up": ({"kind": "status", "code": 500}, 7),
        "spans.exported": ({"kind": "none"}, 5),
        "queue.spans": ({"kind": "silent"}, 3),
    }
    for name, (step, count) in parts.items():
        sink.fault(step)
        for _ in range(count):
            send(envoy.port)
        envoy.eventually(lambda stats: stats[name] == count and (name == "queue.spans" or stats["queue.spans"] == 0))
    stats = envoy.gatespan()
    assert {name: stats[name] for name in parts} == {name: count for name, (_, count) in parts.items()}
    assert stats["spans.recorded"] == sum(count for _, count in parts.values())
    # A batch that is sealed between two reads grows by its last bytes.
    envoy.eventually(lambda stats: labelled(envoy.prometheus()) == stats)


def labelled(text: str) -> dict:
    """Prometheus' lines under the names of /stats: a label is the end of a name."""
    found = {}
    for name, labels, value in re.findall(r"^gatespan_(\w+)\{(.*)\} (\d+)$", text, re.M):
        words = name.split("_", 3 if name.startswith("backend_") else 1)
        words += [part for label in re.findall(r'(\w+)="(\w+)"', labels) for part in label]
        found[".".join(words)] = int(value)
    return found


def test_two_workers(app, sink, start):
    """Each has a queue and calls of its own, and the counters are those of both."""
    sink.reset()
    envoy = start(gateway(app, sink.port), concurrency=2)
    sink.fault({"kind": "status", "code": 500, "times": 3})
    with ThreadPoolExecutor(8) as callers:
        answers = list(callers.map(lambda number: send(envoy.port, target=f"/{number}").status, range(200)))
    assert answers == [200] * 200
    assert settled(envoy, 200)["spans.exported"] == 200
    assert len(sink.spans()) == 200
    served = envoy.stats(r"worker_[01].downstream_cx_total")
    assert len(served) == 2 and all(served.values()), f"both have to work: {served}"


#: What is told between two measurements of memory, and how much it may grow.
MANY, GROWTH = 1_500, 6


def test_memory_is_bounded(app, sink, start, figure):
    """A silent collector and many requests: the queue is full, and nothing else grows. And nobody waits: a caller gives up
    long before the call to the collector would."""
    sink.reset()
    envoy = start(gateway(app, sink.port, queue_bytes=262_144, batch_bytes=65_536, timeout_ms=60_000))
    sink.fault({"kind": "silent"})
    resident = [envoy.resident]
    request = head("GET", "/", "localhost", pairs(["opik-tags: " + "t" * 500]))
    with connect(envoy.port) as stream:
        for _ in range(4):
            for _ in range(MANY):
                stream.sendall(request)
                assert answer(stream).status == 200
            resident.append(envoy.resident)
    stats = envoy.eventually(lambda stats: adds_up(stats) and stats["queue.bytes"] > 0)
    figure(f"resident MB after each {MANY} requests: {resident}; queued {stats['queue.bytes']} bytes")
    assert stats["queue.bytes"] <= 262_144
    assert stats["requests.unrecorded.reason.queue_full"] > 1_000, stats
    assert resident[-1] - resident[1] < GROWTH, "what is full does not grow"


def test_memory_is_bounded_by_long_answers_too(app, sink, start, figure):
    """10 MB for every call. Envoy holds an answer as a whole, once."""
    sink.reset()
    envoy = start(gateway(app, sink.port, interval_ms=20))
    sink.fault({"kind": "big_answer", "bytes": 10_000_000})
    resident = [envoy.resident]
    for calls in (10, 20, 30):
        while envoy.gatespan()["export.calls.outcome.ok"] < calls:
            assert send(envoy.port).status == 200
        resident.append(envoy.resident)
    figure(f"resident MB after each ten answers of 10 MB: {resident}")
    assert resident[-1] - resident[1] < 20, "an answer that was read is gone"
