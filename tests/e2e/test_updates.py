"""A change of the configuration while Envoy runs: the old one delivers what it has, and the new one serves meanwhile."""

import re
import socket

import pytest
from accounts import dropped, missing, sent_ids, stored_ids
from app import App
from listeners import UPDATED, enforces, gate, updated
from places import TRAPPING
from sink import Sink
from wire import send

#: Three batches and a bit, which nothing fills any more.
SPANS, BATCH = 17, 5


def test_updates(app, sink, start):
    """A faulty update is refused and the old rules stay; a good one takes over, and what was queued is still delivered."""
    sink.reset()
    envoy, listeners, port = updated(start, app, sink.port)
    listeners.write(gate(port))
    envoy.until(lambda: envoy.stats(UPDATED)[UPDATED] >= 2)

    listeners.write(gate(port, missing="mnt"))
    rejected = "listener_manager.lds.update_rejected"
    envoy.until(lambda: envoy.stats(rejected).get(rejected), what="refuse the faulty update")
    for _ in range(5):
        assert send(port).status == 200
    assert sink.spans() == [], "they wait for a batch"

    listeners.write(gate(port, missing="reject"))
    envoy.until(lambda: enforces(port), what="take the good update")
    assert envoy.until(lambda: sink.wait(traces=5, spans=5, seconds=1), what="deliver what was queued")


def said_at_the_end(envoy) -> int:
    """How much the old configuration had to deliver when it was told to go; 0 while it was not told."""
    lines = re.findall(r"gatespan: ends with (\d+) spans queued for backend opik", envoy.log)
    return sum(int(one) for one in lines)


def replaced(envoy, listeners, port, app, figure, **more):
    """Changes the rules while everything is queued. The old rules go when they have drained; the new ones serve already.
    The stats when the queue is empty, and how many requests were answered meanwhile."""
    envoy.eventually(lambda stats: stats["queue.spans"] == SPANS)
    listeners.write(gate(port, missing="reject", **more))
    envoy.until(lambda: enforces(port), what="take the update")
    envoy.until(lambda: said_at_the_end(envoy), what="end the old configuration")
    # Those that came while the new rules were on their way are among them.
    sent = len(app.arrived)
    assert said_at_the_end(envoy) == sent >= SPANS, "several batches were queued at the end"
    served = 0
    while envoy.gatespan()["queue.spans"]:
        assert send(port).status == 400, "the new rules serve while the old ones deliver"
        served += 1
    figure(f"{sent} spans of the old rules went while the new ones answered {served} requests")
    stats = envoy.gatespan()
    assert (stats["spans.exported"], dropped(stats)) == (sent, 0), stats
    return served


#: How long a call may take. Three of them without an accepted one, and an old configuration gives up.
TIMEOUT = {"timeout_ms": 2000, "batch_spans": BATCH}
#: Nothing is tried again while a test prepares its update.
PATIENT = {**TIMEOUT, "backoff_ms": 30_000, "backoff_max_ms": 60_000}
#: And here it is, soon.
EAGER = {**TIMEOUT, "backoff_ms": 100}

#: What the collector does to the calls that come before the update, and to those behind it.
WARM = {
    "works": (PATIENT, [{"kind": "status", "code": 503, "times": 1}], []),
    "is slow": (PATIENT, [{"kind": "status", "code": 503, "times": 1}], [{"kind": "slow", "ms": 300}]),
    "does not answer the call under way": (EAGER, [{"kind": "silent", "times": 1}], []),
    "fails at first": (
        EAGER,
        [{"kind": "silent", "times": 1}],
        [{"kind": "status", "code": 500, "times": 1}, {"kind": "reset_mid_body", "times": 1}],
    ),
    "asks for a pause": (EAGER, [{"kind": "status", "code": 429, "headers": {"RateLimit-Reset": "4"}, "times": 1}], []),
    "refuses one call": (
        PATIENT,
        [{"kind": "status", "code": 503, "times": 1}],
        [{"kind": "status", "code": 400, "times": 1}],
    ),
}


@pytest.mark.parametrize("case", WARM)
def test_the_old_configuration_delivers_its_queue(case, app, sink, start, figure):
    """The connection to the collector is there."""
    export, first, then = WARM[case]
    sink.reset()
    app.arrived.clear()
    envoy, listeners, port = updated(start, app, sink.port, export)
    sink.fault(*first)
    for _ in range(SPANS):
        assert send(port).status == 200
    envoy.until(lambda: sink.requests(), what="call the collector")
    sink.fault(*then)
    served = replaced(envoy, listeners, port, app, figure, export=export)
    assert served or case in ("works", "refuses one call"), "that took a while"
    assert stored_ids(sink) == sent_ids(app)


def test_the_old_configuration_delivers_its_queue_over_a_new_connection(app, start, figure):
    """No call has reached the collector yet: it begins only now."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        port_of_sink = place.getsockname()[1]
    app.arrived.clear()
    envoy, listeners, port = updated(start, app, port_of_sink, PATIENT)
    for _ in range(SPANS):
        assert send(port).status == 200
    envoy.eventually(lambda stats: stats["export.calls.outcome.retry"] == 1)
    with Sink("updates-late-sink", f"127.0.0.1:{port_of_sink}") as sink:
        replaced(envoy, listeners, port, app, figure, export=PATIENT)
        assert stored_ids(sink) == sent_ids(app)


@pytest.mark.parametrize("case", ["refuses connections", "never answers"])
def test_an_update_while_the_collector_is_down(case, app, sink, start):
    """What the old configuration could not deliver is counted, and not queued for ever."""
    gone = App()
    gone.stop()
    sink.reset()
    sink.fault({"kind": "silent"})
    port_of_sink = gone.port if case == "refuses connections" else sink.port
    export = {"timeout_ms": 500, "attempts": 100}
    envoy, listeners, port = updated(start, app, port_of_sink, export)
    for _ in range(5):
        assert send(port).status == 200
    listeners.write(gate(port, export, missing="reject"))
    stats = envoy.eventually(lambda stats: stats["spans.dropped.reason.shutdown"] > 0)
    counts = [stats[name] for name in ("spans.recorded", "spans.dropped.reason.shutdown", "queue.spans", "queue.bytes")]
    assert counts == [5, 5, 0, 0]
    assert stats["export.calls.outcome.retry"] >= 2, "it tried more than once"


@pytest.mark.parametrize("connection", ["cold", "warm"])
def test_an_update_of_the_module_takes_the_vm_along(connection, app, sink, start, figure):
    """Envoy waits for no VM that nobody needs any more: what is queued is lost. It is told, and the gauges forget it."""
    sink.reset()
    app.arrived.clear()
    is_warm = connection == "warm"
    export = {"interval_ms": 100 if is_warm else 60_000, "timeout_ms": 60_000}
    envoy, listeners, port = updated(start, app, sink.port, export)
    if is_warm:
        assert send(port).status == 200
        envoy.eventually(lambda stats: stats["spans.exported"] == 1)
        # The next call is under way at the end; with all that comes behind it, it is queued.
        sink.fault({"kind": "silent"})
    for _ in range(4):
        assert send(port).status == 200
    envoy.eventually(lambda stats: stats["queue.spans"] == 4)
    # Another module, and the same vm_id.
    listeners.write(gate(port, export, wasm=TRAPPING, missing="reject"))
    envoy.until(lambda: enforces(port), what="take the update")
    queued = envoy.until(lambda: said_at_the_end(envoy), what="tell what is left")
    stats = envoy.eventually(lambda stats: stats["queue.spans"] == 0, 30)
    envoy.lost = missing(stats)
    figure(
        f"{connection}: {queued} queued when the module was replaced, "
        f"{stats['spans.exported']} exported, {envoy.lost} lost"
    )
    assert (stats["spans.exported"], dropped(stats)) == (len(app.arrived) - queued, 0), stats
    assert envoy.lost == queued >= 4 and stats["spans.exported"] == is_warm
    assert stats["spans.exported"] <= len(stored_ids(sink)) <= len(app.arrived)
