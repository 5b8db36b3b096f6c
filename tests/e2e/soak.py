"""A soak: a steady load through a real Envoy while the collector of one of two backends goes through every trouble, and the
other one's is well. `python soak.py SECONDS` prints a table, and fails when anything in it is not as it must be."""

import sys
import time
from contextlib import ExitStack
from statistics import quantiles

import bootstrap as b
from accounts import backends, dropped, missing
from app import App
from backends import otlp
from envoy import Envoy
from places import binary
from sink import Sink
from soak_callers import TABLE
from soak_load import Load
from soak_phoenix import Phoenix

#: Requests a second.
RATE = 120
WORKERS = 2
#: No phase of trouble is longer: then there are several rounds.
LONGEST_PHASE = 13
#: Seconds until everything is delivered after the last trouble. Generous: a busy machine is no fault of the gateway.
SETTLES = 60
#: What Envoy may grow by, in MB, besides the queues that it is allowed: allocators' slack and two answers of 10 MB, which it
#: holds as a whole.
ALLOWANCE = 40


def phases(seconds: float) -> list:
    """(name, steps, seconds); the first and the last are healthy."""
    faults = TABLE["faults"]
    ends = max(2.0, seconds / 12)
    between = max(seconds - 2 * ends, 8.0)
    rounds = max(1, round(between / (LONGEST_PHASE * len(faults))))
    each = between / (rounds * len(faults))
    trouble = [(name, [scaled(step, each)], each) for name, step in faults.items()]
    return [("warm-up", TABLE["warm_up"], ends), *trouble * rounds, ("healthy", [], ends)]


def scaled(step: dict, seconds: float) -> dict:
    """A silence is no longer than its phase."""
    longest = int(seconds * 1000)
    return {**step, "ms": min(step["ms"], longest)} if step["kind"] == "silent" else step


def document(app, collectors: dict) -> dict:
    """Two listeners: one with the filter, one without, to the same application."""
    kinds = {"opik": b.opik("soak"), "otlp": otlp(), "phoenix": otlp(name="phoenix", cluster="phoenix")}
    config = {"backends": [kinds[name] for name in collectors], "export": TABLE["export"]}
    clusters = [b.cluster("app", app.port), *(b.cluster(name, one.port) for name, one in collectors.items())]
    listeners = [b.listener("gate", b.manager([b.plugin(config)])), b.listener("plain", b.manager([]))]
    return b.bootstrap(listeners, clusters)


class Soak:
    def __init__(self, name: str, seconds: float, say=lambda text: None, with_phoenix=False):
        #: What must not be.
        self.faults = []
        self.say = say
        with ExitStack() as stage:
            self.app = App()
            stage.callback(self.app.stop)
            self.collectors = {kind: stage.enter_context(Sink(f"{name}-{kind}", *ROWS)) for kind in ("opik", "otlp")}
            if with_phoenix:
                self.collectors["phoenix"] = stage.enter_context(Phoenix(f"{name}-phoenix"))
            self.envoy = stage.enter_context(Envoy(name, document(self.app, self.collectors), concurrency=WORKERS))
            self.load = Load(self.envoy.ports["gate"], self.envoy.ports["plain"], self.app, RATE)
            self.memory = {}
            self._drive(phases(seconds))
            self._settle()
            self._check()

    def _must(self, holds, what: str):
        if not holds and what not in self.faults:
            self.faults.append(what)

    def _drive(self, phases):
        self.load.start()
        for name, steps, seconds in phases:
            self.say(f"{name}: {seconds:.1f} s")
            self.load.phase = name
            self.collectors["opik"].fault(*steps)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                time.sleep(min(0.5, max(0.0, end - time.monotonic())))
                self._look()
            if name == "warm-up":
                self.memory["start"] = self.envoy.resident
        self.load.stop()

    def _look(self):
        """What holds at any moment."""
        self.load.judge()
        stats = self.envoy.gatespan()
        # Envoy reads one counter after the other: it may have read in the middle of a change, but not again and again.
        for _ in range(5):
            unclear = [of for of in backends(stats) if missing(stats, of)]
            if not unclear:
                break
            stats = self.envoy.gatespan()
        self._must(not unclear, f"while it ran the sum did not hold for {unclear}")
        most = WORKERS * TABLE["export"]["queue_bytes"]
        for of in backends(stats):
            self._must(stats[f"{of}queue.bytes"] <= most, f"{of}queue.bytes above what is allowed")

    def _settle(self):
        end = time.monotonic() + SETTLES
        while not self._is_settled() and time.monotonic() < end:
            time.sleep(0.2)
        self.memory["end"] = self.envoy.resident

    def _is_settled(self) -> bool:
        self.stats = self.envoy.gatespan()
        # A worker tells its counters when it ticks, and not at each request.
        told = [self.stats[f"{of}spans.recorded"] >= self.load.recorded for of in backends(self.stats)]
        return all(told) and not any(self.stats[f"{of}queue.spans"] for of in backends(self.stats))

    def of(self, backend: str) -> dict:
        of = f"backend.{backend}."
        names = {name: self.stats[of + name] for name in ("spans.recorded", "spans.exported", "queue.spans")}
        begin = f"{of}spans.dropped.reason."
        reasons = {name.removeprefix(begin): n for name, n in self.stats.items() if name.startswith(begin) and n}
        return {**names, "dropped": dropped(self.stats, of), "missing": missing(self.stats, of), "reasons": reasons}

    def _check(self):
        load = self.load
        self._must(not load.wrong, f"wrong answers: {dict(load.wrong)}; the first of them: {load.told}")
        for name in self.collectors:
            one = self.of(name)
            self._must(one["missing"] == 0, f"{name}: {one['missing']} spans are unaccounted for")
            self._must(one["spans.recorded"] == load.recorded, f"{name}: recorded is not what should be, {load.recorded}")
            if name == "otlp":
                self._must(one["spans.exported"] == load.recorded, f"{name} is well, and has lost spans")
        self._stored()
        queues = len(self.collectors) * WORKERS * TABLE["export"]["queue_bytes"] / 1e6
        self.allowed = queues + ALLOWANCE
        grown = self.memory["end"] - self.memory["start"]
        self._must(grown <= self.allowed, f"Envoy has grown by {grown:.1f} MB")

    def _stored(self):
        """What was exported is what the collectors have, by the ids that the application was told."""
        came = self.collectors["otlp"].otlp()
        self._must(sorted(one["id"] for one in came) == sorted(self.load.spans), "otlp has other spans than were announced")
        self._must(all(one["times"] == 1 for one in came), "otlp has got spans twice")
        opik, stored = self.of("opik"), {one["id"] for one in self.collectors["opik"].spans()}
        self._must(stored <= set(self.load.opik), "Opik has spans that were not announced")
        full, given_up = (opik["reasons"].get(name, 0) for name in ("queue_full", "gave_up"))
        self._must(full == self.load.unannounced, f"{self.load.unannounced} requests kept Opik's parent; {full} found no room")
        # A call that was given up may have been stored, and its answer lost.
        exported = opik["spans.exported"]
        self._must(exported <= len(stored) <= exported + given_up, f"Opik has {len(stored)} spans, exported are {exported}")
        self.phoenix = None
        if "phoenix" in self.collectors:
            self._read_back(self.of("phoenix"))

    def _read_back(self, sent: dict):
        """Each request has a trace of its own. Where Phoenix was slow a call may have been given up, and stored."""
        least, most = sent["spans.exported"], sent["spans.recorded"]
        self.phoenix = self.collectors["phoenix"].traces(least)
        self._must(least <= self.phoenix <= most, f"Phoenix has {self.phoenix} traces, exported are {least}")

    def table(self) -> list:
        """Lines for people."""
        load = self.load
        rows = [
            ("requests", f"{load.requests} through the filter, {load.plain_requests} past it"),
            ("wrong answers", f"{sum(load.wrong.values())}"),
            ("should record", f"{load.recorded}"),
        ]
        for name in self.collectors:
            one = self.of(name)
            sums = [f"recorded {one['spans.recorded']}", f"exported {one['spans.exported']}"]
            sums += [f"dropped {one['dropped']} {one['reasons'] or ''}".rstrip(), f"queued {one['queue.spans']}"]
            rows.append((name, " = ".join([sums[0], " + ".join(sums[1:])])))
        if self.phoenix is not None:
            rows.append(("read back", f"{self.phoenix} traces from Phoenix, sent {self.of('phoenix')['spans.exported']}"))
        rows.append(("resident MB", "{start:.1f} after the warm-up, {end:.1f} at the end".format(**self.memory)))
        rows[-1] = (rows[-1][0], f"{rows[-1][1]}; {self.allowed:.0f} more are allowed")
        return [f"{name:15}{text}" for name, text in rows] + ["added latency"] + [f"  {line}" for line in self._latency()]

    def _latency(self) -> list:
        """By phases. It never fails anything."""
        lines = []
        for phase in dict.fromkeys(phase for phase, _ in self.load.took):
            ours, plain = (self.load.took.get((phase, is_plain), []) for is_plain in (False, True))
            if min(len(ours), len(plain)) < 2:
                continue
            p99 = [quantiles(took, n=100)[98] * 1000 for took in (ours, plain)]
            ratio = f"p99 {p99[0]:.1f} ms, {p99[0] / p99[1]:.2f} times that past the filter"
            lines.append(f"{phase:15}{ratio}; the slowest {max(ours) * 1000:.1f} ms, past it {max(plain) * 1000:.1f} ms")
        return lines


#: All are kept, and nobody listens but us.
ROWS = ("127.0.0.1:0", "--rows", "10000000")


def main():
    binary("GATESPAN_PHOENIX")
    soak = Soak("soak", float(sys.argv[1]), lambda text: print(f"   {text}", flush=True), with_phoenix=True)
    print("\n".join(soak.table()))
    for fault in soak.faults:
        print(f"FAULT: {fault}", file=sys.stderr)
    sys.exit(1 if soak.faults else 0)


if __name__ == "__main__":
    main()
