"""One item in a thousand that the collector refuses: it costs itself, and at most 21 calls."""

import bootstrap as b
import pytest
from accounts import dropped, settled
from wire import answer, connect, head

COUNT = 1_000
#: Twice the logarithm and a bit: the whole, and at each of ten cuts two halves.
MOST_CALLS = 21
#: Nothing leaves before the batch is full, and all of it fits.
EXPORT = {"batch_spans": COUNT, "batch_bytes": 8_000_000, "queue_bytes": 16_000_000, "interval_ms": 600_000}
KINDS = {"traces": "/traces/batch", "spans": "/spans/batch"}


@pytest.mark.parametrize("bad", [0, 613, COUNT - 1])
@pytest.mark.parametrize("kind", KINDS)
def test_one_bad_item_in_a_thousand(kind, bad, app, sink, start, figure):
    """`kind` is the call that is refused for it, as Opik does it: the whole batch, with 400."""
    sink.reset()
    sink.fault({"kind": "status", "code": 400, "only": KINDS[kind], "holding": '"name":"GET /poison"'})
    app.arrived.clear()
    envoy = start(b.gateway({"backends": [b.opik("poison")], "export": EXPORT}, app.port, sink.port))
    with connect(envoy.port) as stream:
        for number in range(COUNT):
            target = "/poison" if number == bad else f"/{number}"
            stream.sendall(head("GET", target, "localhost", []))
            assert answer(stream).status == 200
    stats = settled(envoy, COUNT, 60)

    calls = {name: [one for one in sink.requests() if one["path"].endswith(path)] for name, path in KINDS.items()}
    refused = [one for one in calls[kind] if one["status"] == 400]
    assert calls[kind][0]["items"] is None and refused[0] == calls[kind][0], "the first was the whole batch"
    counts = f"{len(calls['traces'])} calls of traces, {len(calls['spans'])} of spans"
    figure(f"item {bad}: {counts}, {len(refused)} of them refused")
    assert len(calls[kind]) <= MOST_CALLS

    assert (stats["spans.exported"], stats["spans.dropped.reason.refused"], dropped(stats)) == (COUNT - 1, 1, 1), stats
    assert stats["export.calls.outcome.split"] == len(refused) - 1 and stats["export.calls.outcome.failed"] == 1, stats
    arrived = {one.one("opik_parent_span_id") for one in app.arrived if one.target != "/poison"}
    spans = sink.spans()
    assert len(spans) == len(arrived) == COUNT - 1 and {span["id"] for span in spans} == arrived
    # The row of a bad span was accepted before.
    assert len(sink.traces()) == COUNT - (kind == "traces")
