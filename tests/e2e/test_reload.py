"""A VM that traps: what is served again, what was lost, and how one reads it.

The shipped module has nothing that traps, and nobody wants a way to make it. So this is the same module built with the
feature `trap-hook`: a header makes it run into `unreachable`, where it would have asked the core.
"""

import bootstrap as b
import pytest
from accounts import missing, sent_ids, stored_ids
from places import TRAPPING
from wire import send

TRAP = "x-gatespan-trap: now"
EXPORT = {"interval_ms": 300, "batch_spans": 1000}
#: Each on a connection of its own, so that no worker gets all of them.
QUEUED = 40
#: Seconds after which the other VMs take a silent one for gone, and then some.
NOTICED = 30


def gateway(app, sink, **export):
    config = {"backends": [b.opik("reload")], "export": {**EXPORT, **export}}
    return b.gateway(config, app.port, sink.port, plugin_options={"wasm": TRAPPING})


def ask(envoy, count: int):
    for number in range(count):
        assert send(envoy.port, target=f"/{number}").status == 200


def reloaded(envoy) -> int:
    name = "wasm.gatespan.vm_reload_success"
    return envoy.stats(name)[name]


@pytest.mark.parametrize("concurrency", [1, 2])
def test_a_trap_costs_a_queue_and_is_told(concurrency, app, sink, start, figure):
    """Delivered, queued, trap, delivered again: the gauge forgets the dead VM, and the difference is what it had."""
    sink.reset()
    app.arrived.clear()
    envoy = start(gateway(app, sink, timeout_ms=3_000, attempts=100), concurrency=concurrency)
    ask(envoy, 20)
    envoy.eventually(lambda stats: stats["spans.exported"] == 20)

    sink.fault({"kind": "silent"})
    ask(envoy, QUEUED)
    envoy.eventually(lambda stats: stats["queue.spans"] == QUEUED)
    assert send(envoy.port, [TRAP]).status == 503, "the request that trapped"
    sink.fault()
    # The worker that trapped, and not only the other one.
    envoy.until(lambda: send(envoy.port).status == 200 and reloaded(envoy) == 1, what="serve again")
    ask(envoy, 10)

    arrived = len(app.arrived)
    stats = envoy.eventually(
        lambda stats: stats["spans.recorded"] == arrived and stats["queue.spans"] == 0 and missing(stats) > 0, NOTICED
    )
    envoy.lost = missing(stats)
    figure(
        f"{concurrency} workers: {arrived} recorded, {stats['spans.exported']} exported, 0 queued, "
        f"so {envoy.lost} lost; {QUEUED} were queued"
    )
    # The queue of another worker is still there.
    assert envoy.lost == QUEUED if concurrency == 1 else 0 < envoy.lost < QUEUED, stats
    said = [line for line in envoy.plugin_log() if "a VM is gone" in line]
    assert len(said) == 1 and f" gatespan.queue.spans {envoy.lost} " in said[0], said
    assert len(stored_ids(sink)) == stats["spans.exported"] and set(stored_ids(sink)) <= set(sent_ids(app))


def test_what_was_not_told_yet_is_in_no_counter(app, sink, start, figure):
    """Counters are told on a tick: of the requests since the last one nobody knows."""
    sink.reset()
    envoy = start(gateway(app, sink, interval_ms=60_000))
    ask(envoy, 5)
    assert send(envoy.port, [TRAP]).status == 503
    known = envoy.gatespan()["spans.recorded"]
    assert known <= 5
    envoy.until(lambda: send(envoy.port).status == 200, what="serve again")
    stats = envoy.eventually(lambda stats: stats["spans.recorded"] == known + 1)
    figure(f"5 requests before the trap, {known} of them counted, and {stats['spans.recorded']} of 6 in the end")
    envoy.eventually(lambda stats: stats["queue.spans"] == 1, NOTICED)
    envoy.lost = known


def test_traps_one_after_another(app, sink, start, figure):
    """Envoy waits longer and longer before it loads a new VM; meanwhile everything is refused, and nothing let pass."""
    sink.reset()
    config = {"backends": [b.opik("reload")], "rule": {"missing": "reject"}}
    envoy = start(b.gateway(config, app.port, sink.port, plugin_options={"wasm": TRAPPING}))
    arrived, seen = len(app.arrived), set()
    for _ in range(5):
        assert send(envoy.port, [TRAP]).status == 503
        seen.add(send(envoy.port).status)
    assert seen <= {400, 503}
    envoy.until(lambda: send(envoy.port).status == 400, what="enforce again")
    assert len(app.arrived) == arrived
    figure(f"VMs loaded anew: {reloaded(envoy)}, answers in between: {sorted(seen)}")


def test_what_is_shipped_has_no_such_switch(app, sink, start):
    envoy = start(b.gateway({"backends": [b.opik("reload")], "export": EXPORT}, app.port, sink.port))
    for _ in range(3):
        assert send(envoy.port, [TRAP]).status == 200
    assert reloaded(envoy) == 0
