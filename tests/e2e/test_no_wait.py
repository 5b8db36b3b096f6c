"""No request waits for an export, whatever has become of the collector."""

import time
from statistics import quantiles

import bootstrap as b
from app import App
from sink import Sink
from wire import answer, connect, head

ROUNDS = 500
#: Longer than any client here waits: a caller who waits for a call to the collector fails.
NEVER = 60_000
EXPORT = {"interval_ms": 50, "backoff_ms": 50, "backoff_max_ms": 100, "timeout_ms": NEVER, "attempts": 100}


def test_no_caller_waits_for_a_dead_collector(app, sink, start, figure):
    """Three gateways, asked in turn: their collectors work, refuse connections, and never answer. The one call to the last
    is under way before the first request is measured, and behind the last one it still is."""
    gone = App()
    gone.stop()
    sink.reset()
    with Sink("no-wait-silent-sink") as silent:
        silent.fault({"kind": "silent"})
        ports = {"works": sink.port, "refuses": gone.port, "is silent": silent.port}
        config = {"backends": [b.opik("no-wait")], "export": EXPORT}
        envoys = {name: start(b.gateway(config, app.port, port)) for name, port in ports.items()}
        streams = {name: connect(envoy.port) for name, envoy in envoys.items()}
        took = {name: [] for name in envoys}

        def ask(name, number):
            begin = time.monotonic()
            streams[name].sendall(head("GET", f"/{number}", "localhost", []))
            assert answer(streams[name]).status == 200
            took[name].append(time.monotonic() - begin)

        for name in envoys:
            ask(name, "first")
        envoys["is silent"].until(silent.requests, what="call the silent collector")
        for number in range(ROUNDS):
            for name in envoys:
                ask(name, number)
        for stream in streams.values():
            stream.close()

        stats = envoys["is silent"].eventually(lambda stats: stats["spans.recorded"] == ROUNDS + 1)
        assert len(silent.requests()) == 1, "the call of the beginning is still under way"
        outcomes = {name: n for name, n in stats.items() if name.startswith("export.calls.outcome.")}
        assert len(outcomes) == 4 and not any(outcomes.values()), outcomes
        assert stats["queue.spans"] == ROUNDS + 1
        envoys["refuses"].eventually(lambda stats: stats["export.calls.outcome.retry"] > 0)
        last = {name: quantiles(times, n=100)[98] * 1000 for name, times in took.items()}
        ratios = ", ".join(f"{name}: {last[name] / last['works']:.2f}" for name in last if name != "works")
        figure(
            f"p99 of {ROUNDS} requests is {last['works']:.2f} ms while the collector works; "
            f"as a ratio to that, while it {ratios}"
        )
