"""The end of Envoy itself: drained first, nothing is lost; without that, what is lost is told."""

import re
import signal
import socket
import subprocess
import threading

import bootstrap as b
import pytest
from accounts import missing, sent_ids, stored_ids
from places import EXAMPLES
from wire import answer, connect, head, send

#: How long listeners drain, how long a call may take, and the longest request here; in seconds.
DRAIN, TIMEOUT, LONGEST = 1, 1.5, 1
EXPORT = {"interval_ms": 200, "timeout_ms": int(TIMEOUT * 1000)}
#: The recipe: requests come, the longest of them, interval_ms and a tick, timeout_ms.
RECIPE = DRAIN + LONGEST + 1.2 + TIMEOUT


class Callers:
    """Keep asking until they are stopped, each on a connection of its own for as long as Envoy lets it; as they are refused
    they try again."""

    def __init__(self, port: int, count: int):
        self.answered, self._ends, self._port = [], threading.Event(), port
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(count)]

    def _run(self, number: int):
        while not self._ends.is_set():
            try:
                with connect(self._port) as stream:
                    self._converse(stream, number)
            except OSError:
                # The listener is gone, or this connection.
                self._ends.wait(0.05)

    def _converse(self, stream, number: int):
        while not self._ends.is_set():
            stream.sendall(head("GET", f"/{number}", "localhost", []))
            one = answer(stream)
            self.answered.append(one.status)
            if one.one("connection") == "close" or self._ends.wait(0.005):
                return

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        for thread in self._threads:
            thread.join()


@pytest.mark.parametrize("trouble", [None, {"kind": "slow", "ms": 100}], ids=["a quick collector", "a slow collector"])
def test_drained_first_nothing_is_lost(trouble, app, sink, start, figure):
    """Requests keep coming before the drain and during it, some of them long, until the listener is closed. Two workers."""
    sink.reset()
    if trouble:
        sink.fault(trouble)
    app.arrived.clear()
    document = b.gateway({"backends": [b.opik("drain")], "export": EXPORT}, app.port, sink.port)
    envoy = start(document, concurrency=2, drain=DRAIN)
    recipe = [EXAMPLES / "drain", str(RECIPE), str(envoy.admin_port)]
    with Callers(envoy.port, 4) as callers, connect(envoy.port) as long:
        envoy.until(lambda: len(callers.answered) > 100, what="serve")
        long.sendall(head("GET", "/long", "localhost", [(b"x-app", b"delay=%d" % (LONGEST * 1000))]))
        before = len(callers.answered)
        run = subprocess.run(recipe, capture_output=True, text=True, timeout=60, check=False)
        assert run.returncode == 0, run.stderr
        assert answer(long).status == 200, "begun before the drain, and ended in it"
        envoy.terminate()
        assert envoy.wait() == 0
    during = len(callers.answered) - before
    stored = stored_ids(sink)
    figure(
        f"{before} requests before the drain and {during} in it, {len(app.arrived)} at the application, {len(stored)} spans"
    )
    assert before and during and set(callers.answered) == {200}
    assert len(app.arrived) == len(callers.answered) + 1
    assert stored == sent_ids(app)


class Statsd:
    """What Envoy says to a sink of its statistics, which hears its very last word."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]

    def added_to(self, document: dict) -> dict:
        # A datagram each: of all that Envoy counts some would find no room.
        matcher = {"inclusion_list": {"patterns": [{"prefix": "wasmcustom."}]}}
        address = {"socket_address": {"protocol": "UDP", "address": "127.0.0.1", "port_value": self.port}}
        kind = b.TYPE + "envoy.config.metrics.v3.StatsdSink"
        sinks = [{"name": "envoy.stat_sinks.statsd", "typed_config": {"@type": kind, "address": address}}]
        return {**document, "stats_sinks": sinks, "stats_config": {"stats_matcher": matcher}}

    def told(self) -> dict:
        """All that has come, as `Envoy.gatespan` has it: a counter is told in parts, a gauge as it is."""
        self._socket.setblocking(False)
        stats = dict.fromkeys(["spans.exported"], 0)
        while True:
            try:
                text = self._socket.recv(65536).decode()
            except BlockingIOError:
                return stats
            for name, value, kind in re.findall(r"^envoy\.wasmcustom\.gatespan\.(\S+):(\d+)\|([cg])", text, re.M):
                stats[name] = int(value) + (stats.get(name, 0) if kind == "c" else 0)


#: Spans of the batch that was sent before, and of the one that waits.
EARLIER, LATER = 5, 4


@pytest.mark.parametrize("connection", ["cold", "warm"])
def test_without_a_drain_what_is_lost_is_told(connection, app, sink, start, figure):
    """SIGTERM, and nothing before it. Envoy waits for nobody, but its log and its statistics have the last word."""
    sink.reset()
    app.arrived.clear()
    statsd = Statsd()
    earlier = EARLIER if connection == "warm" else 0
    export = {"interval_ms": 60_000, "batch_spans": EARLIER if earlier else 1000}
    document = b.gateway({"backends": [b.opik("terminated")], "export": export}, app.port, sink.port)
    envoy = start(statsd.added_to(document))
    for count, name in ((earlier, "spans.exported"), (LATER, "queue.spans")):
        for _ in range(count):
            assert send(envoy.port).status == 200
        envoy.eventually(lambda stats: stats[name] == count)  # noqa: B023
    envoy.terminate()
    assert envoy.wait() == 0

    last = statsd.told()
    requests, stored = len(app.arrived), stored_ids(sink)
    (said,) = re.findall(r"gatespan: ends with (\d+) spans queued for backend opik", envoy.log)
    figure(
        f"{connection}: {requests} requests, {len(stored)} spans in the sink; Envoy's last word: "
        f"{last['spans.recorded']} recorded, {last['spans.exported']} exported, {last['queue.spans']} queued"
    )
    assert last["spans.recorded"] == requests and int(said) == last["queue.spans"] == LATER
    assert last["spans.exported"] == earlier and missing(last) == 0
    assert set(stored) <= set(sent_ids(app)) and len(stored) == len(set(stored))
    assert earlier <= len(stored), "what was called exported is there"
    assert requests - len(stored) <= last["queue.spans"], "and no more is lost than was told"
