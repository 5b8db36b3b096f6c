"""The scenario table through a real Envoy: a listener for each row."""

import json
from collections import Counter

import bootstrap as b
import pytest
import scenario as s
from app import App
from certificates import Authority
from envoy import Envoy
from pattern import Bound, same
from places import KEPT
from wire import send

DRIVEN = [row for row in s.ROWS.values() if not s.needs(row)]
#: Rows whose backend has to be in trouble before.
TROUBLED = [row for row in DRIVEN if "export" in row]
EASY = [row for row in DRIVEN if row not in TROUBLED]


class Run:
    """Every row's request sent once; the tests below only look at what came of it."""

    def __init__(self, envoy, sink, app, log, rows):
        self.envoy, self.sink, self.app = envoy, sink, app
        self._log = log
        self.answers = {row["name"]: send(envoy.ports[row["name"]], **s.request(row, AUTHORITY)) for row in rows}

    def logged(self, case: str) -> dict:
        """The line of the access log; Envoy writes it some time later."""
        lines = self.envoy.until(
            lambda: [line for line in map(json.loads, self._log.read_text().splitlines()) if line["case"] == case],
            what=f"log {case}",
        )
        assert len(lines) == 1, lines
        return lines[0]


AUTHORITY = Authority(KEPT / "scenarios.certificates")


def started(name, rows, app, **clusters):
    log = KEPT / f"{name}.access.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    ports = {"app": app.port, **clusters}
    document = b.bootstrap(
        [s.listener(row, log, AUTHORITY) for row in rows], [b.cluster(name, port) for name, port in ports.items()]
    )
    return Envoy(name, document, env=s.SECRET), log


@pytest.fixture(scope="module")
def easy(app, sink):
    envoy, log = started("scenarios", EASY, app, opik=sink.port, otlp=sink.port)
    with envoy:
        run = Run(envoy, sink, app, log, EASY)
        counts = {"traces": "opik row", "spans": "opik span", "otlp": "otlp span"}
        sink.wait(**{name: lines(word) for name, word in counts.items()}, seconds=8)
        yield run


def lines(begin: str, rows=EASY) -> int:
    """How many lines of what rows write begin so."""
    return sum(line.startswith(begin) for row in rows for line in row.get("written", []))


@pytest.fixture(scope="module")
def troubled(app, sink):
    stopped, silent = App(usual="status=401"), App(usual="stall")
    envoy, log = started("troubled", TROUBLED, app, stopped=stopped.port, queue_full=silent.port)
    with envoy:
        for row in TROUBLED:
            word = {"stopped": "export_stopped"}.get(row["export"], row["export"])
            until_unrecorded(envoy, row["name"], word)
        yield Run(envoy, sink, app, log, TROUBLED)
    stopped.stop()
    silent.stop()


def until_unrecorded(envoy, port: str, reason: str):
    """Sends until the filter says that it did not record, for this reason. One request is over before the next begins: a
    span that is open still holds a place, and what was not recorded beside it could be once it is closed."""

    def unrecorded() -> int:
        return envoy.gatespan().get(f"requests.unrecorded.reason.{reason}", 0)

    def told() -> int:
        return envoy.gatespan().get("spans.recorded", 0) + unrecorded()

    def refused():
        was, asked = unrecorded(), told()
        send(envoy.ports[port], ["x-case: before"])
        envoy.until(lambda: told() == asked + 1, what="tell what became of the request")
        return unrecorded() > was

    envoy.until(refused, what=f"stop recording ({reason})")


@pytest.mark.parametrize("name", s.ROWS)
def test_row(name, request):
    row = s.ROWS[name]
    if why := s.needs(row):
        pytest.skip(why)
    run = request.getfixturevalue("troubled" if row in TROUBLED else "easy")
    answer = run.answers[name]
    found = s.outcome(row, answer, run.app.of(name), run.sink)
    bound = Bound()
    gone = tuple(s.wanted(row, "gone"))
    traces = [line for line in found.upstream if not line.startswith("x-") or line.startswith("x-b3-")]
    for what, wanted, lines in (
        ("refused", s.wanted(row, "refused"), found.refused),
        ("upstream", s.wanted(row, "upstream"), traces),
        ("written", s.wanted(row, "written"), found.written),
        ("exposed", s.wanted(row, "exposed"), found.exposed),
        ("gone", [], [line for line in found.upstream if gone and line.startswith(gone)]),
    ):
        assert same(wanted, lines, bound), (
            f"{name} ({row['why']})\n{what}:\n  wanted {wanted}\n  found  {lines}\n"
            f"  bound  {bound}\n  answer {answer.status} {answer.headers} {answer.body[:300]}"
        )
    if "refused" in row:
        logged = run.logged(name)
        assert logged["details"] == f"gatespan_{row['refused']['fault']}", logged
    if "alike" in row:
        made, of = row["alike"]
        assert bound[made][24:] == s.IDS[of][20:], "both ids end alike"


def test_counters_add_up(easy):
    """What the rows say about themselves, against what the filter counted over all of them."""
    unrecorded = Counter(row["unrecorded"] for row in EASY if "unrecorded" in row)
    rejects = Counter(row["refused"]["fault"] for row in EASY if "refused" in row)
    # The plain counters are those of a row's first backend.
    spans = sum(lines(f"{row['backend'].split()[0]} span", [row]) for row in EASY)

    stats = easy.envoy.eventually(lambda stats: stats.get("spans.exported") == spans)
    assert stats["spans.recorded"] == spans
    for kind, counted in (("requests.unrecorded", unrecorded), ("rejects", rejects)):
        prefix = f"{kind}.reason."
        found = {name.removeprefix(prefix): n for name, n in stats.items() if name.startswith(prefix) and n}
        assert found == dict(counted), kind
    assert stats["requests.decision.rejected"] == sum(rejects.values())


def test_the_collector_refused_nothing(easy):
    assert easy.sink.refused() == []
