"""CPU per request of a real Envoy with and without Gatespan, beside Envoy's own means.

The cost of a request is the time on a core of all threads of that Envoy, divided by the requests that wrk counted.
Every gateway is an Envoy of its own; all run at once. Rounds are interleaved, every other one in reverse order; the first
one is thrown away. A machine that is busy disturbs all of them alike, so only ratios of one run can be compared. This is a
measurement: it fails when a response is wrong or a span is missing, never for a time.

ROUNDS, SECONDS in the environment.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from envoy import Envoy
from gateways import AGAIN, ALONE, HEADERS, NO_OP, RECORDING, REPLAYS, TRACER, TRACER_GRPC, all_of_them
from rotel import Rotel
from sink import Sink

ROUNDS = int(os.environ.get("ROUNDS", "11"))
SECONDS = int(os.environ.get("SECONDS", "1"))
#: Ten headers in Envoy's map, a valid traceparent among them; those are wrk's own: host.
SENT = {
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64)",
    "accept": "*/*",
    "accept-language": "en",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
}
PATH = "/v1/chat/completions?stream=true"
#: What a batch that is on its way after the last response needs.
SETTLES = 0.5


def pinned(pid: int, core: int):
    """Keeps all threads of a process on one core."""
    for task in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(task), {core})


def on_core(pid: int) -> int:
    """Nanoseconds of all threads."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)


class Gateway:
    """One Envoy, and what its rounds cost."""

    def __init__(self, name: str, document: dict, core: int):
        self.name, self.costs = name, []
        self.envoy = Envoy(f"bench-{re.sub('[^a-z0-9]+', '-', name.lower())}", document, wasm="warning")
        pinned(self.envoy.pid, core)

    def round(self, core: int):
        before = on_core(self.envoy.pid)
        answered = calls(self.envoy.port, core)
        time.sleep(SETTLES)
        self.costs.append((on_core(self.envoy.pid) - before) / answered / 1000)


def calls(port: int, core: int) -> int:
    """How many requests wrk made; every response must be a 2xx."""
    command = ["taskset", "-c", str(core), "wrk", "-t1", "-c8", f"-d{SECONDS}s"]
    command += [part for name, value in SENT.items() for part in ("-H", f"{name}: {value}")]
    done = subprocess.run([*command, f"http://127.0.0.1:{port}{PATH}"], capture_output=True, text=True, check=True)
    wrong = re.search(r"Non-2xx.*|Socket errors.*", done.stdout)
    if wrong:
        raise SystemExit(f"port {port}: {wrong[0]}")
    return int(re.search(r"(\d+) requests in", done.stdout)[1])


def check_delivery(gateways: dict):
    """Every request of a recording gateway, also of those that wrk left unanswered at its end, is a span that was sent."""
    for name in (RECORDING, TRACER, TRACER_GRPC):
        envoy = gateways[name].envoy
        end = time.monotonic() + 30
        while (seen := (requests(envoy), spans(envoy)))[0] != seen[1]:
            if time.monotonic() > end:
                raise SystemExit(f"{name}: {seen[0]} requests, {seen[1]} spans sent")
            time.sleep(0.5)


def requests(envoy: Envoy) -> int:
    return envoy.stats("http.gateway.downstream_rq_total")["http.gateway.downstream_rq_total"]


def spans(envoy: Envoy) -> int:
    """Spans sent by the filter and by the tracer."""
    return envoy.gatespan().get("spans.exported", 0) + envoy.stats("spans_sent").get("tracing.opentelemetry.spans_sent", 0)


def report(gateways: dict) -> dict:
    base = gateways[ALONE].costs

    def increment(name):
        """Of each round, so that what disturbs the machine meets both sides."""
        return median(cost - alone for cost, alone in zip(gateways[name].costs, base, strict=True))

    tracer = increment(TRACER)
    print(f"\n{ROUNDS} rounds of {SECONDS} s, 8 connections, direct responses; us of CPU per request, medians\n")
    print(f"{'':<28}{'in all':>8}{'over Envoy':>12}{'/ tracer HTTP':>15}   least .. most")
    rows = {}
    for name, one in gateways.items():
        over = increment(name)
        rows[name] = {"us": median(one.costs), "over": over, "ratio": over / tracer, "resident": one.envoy.resident}
        range_ = f"{min(one.costs):.1f} .. {max(one.costs):.1f}"
        print(f"{name:<28}{median(one.costs):>8.1f}{over:>12.1f}{over / tracer:>15.2f}   {range_}")
    print(f"\nA/A: {increment(AGAIN):+.1f} us; the base is {median(base):.1f} us")
    attribution(rows)
    return rows


def attribution(rows: dict):
    """Where the recording filter's increment goes: from rung to rung of the ladder, in Envoy's own time."""
    print(f"\nthe increment of {RECORDING}, {rows[RECORDING]['over']:.1f} us:")
    below = rows[NO_OP]["over"]
    print(f"  {'the no-op':<18}{below:>6.1f}")
    for rung in json.loads((REPLAYS / "ladder.json").read_text())["ladder"]:
        over = rows[rung["name"]]["over"]
        print(f"  {rung['name']:<18}{over - below:>6.1f}   {rung['count']:g} a request")
        below = over
    print(f"  {'code and the rest':<18}{rows[RECORDING]['over'] - below:>6.1f}")


def main():
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SystemExit("this needs two cores: one for Envoy, one for the load")
    envoys, load = cores[0], cores[1]
    os.sched_setaffinity(0, {load})
    running = []
    try:
        running.append(sink := Sink("bench-sink"))
        running.append(rotel := Rotel("bench-rotel", sink.url))
        gateways = {}
        for name, document in all_of_them(sink.port, rotel.grpc_port).items():
            gateways[name] = Gateway(name, document, envoys)
            running.append(gateways[name].envoy)
        for number in range(ROUNDS + 1):
            order = list(gateways.values())
            for one in order if number % 2 else reversed(order):
                one.round(load)
            print(f"\rround {number} of {ROUNDS}", end="", file=sys.stderr, flush=True)
        check_delivery(gateways)
        for one in gateways.values():
            # The first round warms up.
            del one.costs[0]
        rows = report(gateways)
        (REPLAYS / "figures.json").write_text(json.dumps(rows, indent=1))
    finally:
        for one in reversed(running):
            one.stop()


if __name__ == "__main__":
    main()
