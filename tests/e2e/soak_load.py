"""A steady load: callers of every kind on connections that stay, each answer held against what the application gave."""

import threading
import time
from collections import Counter
from dataclasses import dataclass, field

from soak_callers import TABLE, Caller, seen
from wire import answer, connect, head, pairs, until

CONNECTIONS = 8
#: Every so many requests one goes past the filter.
PLAIN = 5
EVENTS = 5
APP = {"events": f"sse={EVENTS},30", "leaves": "sse=200,30"}
#: What is told of what went wrong; all of it is counted.
TOLD = 5


@dataclass
class Load:
    gate: int
    plain: int
    app: object
    rate: float
    phase: str = ""
    requests: int = 0
    plain_requests: int = 0
    #: Seconds of whole answers, by phase and whether they came by the filter.
    took: dict = field(default_factory=dict)
    wrong: Counter = field(default_factory=Counter)
    told: list = field(default_factory=list)
    #: By `x-case`: who has called, and is not judged yet.
    waiting: dict = field(default_factory=dict)
    #: The ids of spans that the application was told of.
    spans: list = field(default_factory=list)
    opik: list = field(default_factory=list)
    #: Requests that must be recorded, and those of which Opik's headers say that Opik gets no span.
    recorded: int = 0
    unannounced: int = 0

    def __post_init__(self):
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._call, args=(n,), daemon=True) for n in range(CONNECTIONS)]

    def start(self):
        for one in self._threads:
            one.start()

    def stop(self):
        """Every request that was begun is answered behind this."""
        self._over.set()
        for one in self._threads:
            one.join()
        self.judge()
        for case in self.waiting:
            self._tell(case, "it never reached the application")

    def _tell(self, case: str, what):
        with self._lock:
            self.wrong[case.split("/")[0]] += 1
            if len(self.told) < TOLD:
                self.told.append(f"{case}: {what!r}"[:1000])

    def _call(self, own: int):
        streams = {}
        interval = CONNECTIONS / self.rate
        due = time.monotonic() + interval * own / CONNECTIONS
        number = own
        while not self._over.wait(max(0.0, due - time.monotonic())):
            # Who is late does not hurry: a machine that is busy gets less to do.
            due = max(due + interval, time.monotonic())
            turn, number = number // CONNECTIONS, number + CONNECTIONS
            is_plain = turn % PLAIN == 0
            # The connections begin at different rows.
            row = TABLE["callers"][0 if is_plain else (turn + 3 * own) % len(TABLE["callers"])]
            caller = Caller(row, f"{'plain' if is_plain else row['name']}/{number}".replace(" ", "-"))
            try:
                self._one(caller, streams, is_plain)
            except (OSError, AssertionError, ValueError) as fault:
                self._tell(caller.case, fault)
                if stream := streams.pop(is_plain, None):
                    stream.close()
        for stream in streams.values():
            stream.close()

    def _one(self, caller: Caller, streams: dict, is_plain: bool):
        app, body = caller.row.get("app"), b"x" * caller.row.get("body", 0)
        port = self.plain if is_plain else self.gate
        lines = [*caller.lines(), f"x-case: {caller.case}"]
        lines += [f"x-app: {APP[app]}"] if app else []
        lines += [f"content-length: {len(body)}"] if body else []
        asked = head("POST" if body else "GET", f"/{caller.case}", "localhost", pairs(lines)) + body
        with self._lock:
            if is_plain:
                self.plain_requests += 1
            else:
                self.requests += 1
                self.recorded += caller.sampled
                self.waiting[caller.case] = caller
        if app == "leaves":
            with connect(port) as stream:
                stream.sendall(asked)
                until(stream, b"data: 1\n")
            return
        stream = streams.setdefault(is_plain, None) or connect(port)
        streams[is_plain] = stream
        begin = time.monotonic()
        stream.sendall(asked)
        got = answer(stream)
        took = time.monotonic() - begin
        if app == "events":
            assert (got.status, got.body) == (200, b"".join(b"data: %d\n\n" % n for n in range(EVENTS))), got
            return
        echo = got.json()
        assert (got.status, echo["target"], echo["bytes"]) == (200, f"/{caller.case}", len(body)), got
        with self._lock:
            self.took.setdefault((self.phase, is_plain), []).append(took)

    def judge(self):
        """Looks at what has reached the application since, and forgets it."""
        arrived = self.app.arrived[:]
        del self.app.arrived[: len(arrived)]
        for one in arrived:
            case = one.one("x-case")
            if case.startswith("plain/"):
                continue
            caller = self.waiting.pop(case, None)
            try:
                assert caller, "it reached the application twice"
                found = seen(caller, one)
            except AssertionError as fault:
                self._tell(case, str(fault))
                continue
            if caller.sampled:
                self.spans.append(found.span)
                self.unannounced += found.opik is None
            if found.opik:
                self.opik.append(found.opik)
