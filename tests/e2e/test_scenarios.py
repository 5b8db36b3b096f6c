"""The scenario table through a real Envoy: a listener for each row."""

import json
from collections import Counter

import bootstrap as b
import pytest
import scenario as s
from app import App
from envoy import Envoy
from pattern import Bound, same
from places import KEPT
from sink import Sink
from wire import send

DRIVEN = [row for row in s.ROWS.values() if not s.needs(row)]


class Run:
    """Every row's request sent once; the tests below only look at what came of it."""

    def __init__(self, envoy, sink, app, log):
        self.envoy, self.sink, self.app = envoy, sink, app
        self.answers = {row["name"]: send(envoy.ports[row["name"]], **s.request(row)) for row in DRIVEN}
        written = [row for row in DRIVEN if "opik" in s.kinds(row) and "written" in row]
        of = {word: sum(line.startswith(f"opik {word}") for row in written for line in row["written"]) for word in ("row", "span")}
        self.all_came = sink.wait(of["row"], of["span"], seconds=8)
        self._log = log

    def logged(self, case: str) -> dict:
        """The line of the access log; Envoy writes it some time later."""
        lines = self.envoy.until(
            lambda: [line for line in map(json.loads, self._log.read_text().splitlines()) if line["case"] == case],
            what=f"log {case}",
        )
        assert len(lines) == 1, lines
        return lines[0]


@pytest.fixture(scope="module")
def run():
    log = KEPT / "scenarios.access.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("")
    with Sink("scenarios-sink") as sink:
        app = App()
        document = b.bootstrap(
            [s.listener(row, log) for row in DRIVEN], [b.cluster("app", app.port), b.cluster("opik", sink.port)]
        )
        with Envoy("scenarios", document, env=s.SECRET) as envoy:
            yield Run(envoy, sink, app, log)
        app.stop()


@pytest.mark.parametrize("name", s.ROWS)
def test_row(name, request):
    row = s.ROWS[name]
    if why := s.needs(row):
        pytest.skip(why)
    run = request.getfixturevalue("run")
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


def test_counters_add_up(run):
    """What the rows say about themselves, against what the filter counted over all of them."""
    unrecorded = Counter(row["unrecorded"] for row in DRIVEN if "unrecorded" in row)
    rejects = Counter(row["refused"]["fault"] for row in DRIVEN if "refused" in row)
    # A route that names an unknown rule is a fault of the configuration, and no caller's.
    rejects.pop("config", None)
    spans = sum(line.startswith("opik span") for row in DRIVEN for line in row.get("written", []))

    def settled(stats):
        return stats.get("spans.exported") == spans

    stats = run.envoy.eventually(settled)
    assert run.all_came
    assert stats["spans.recorded"] == spans
    for kind, counted in (("requests.unrecorded", unrecorded), ("rejects", rejects)):
        prefix = f"{kind}.reason."
        found = {name.removeprefix(prefix): n for name, n in stats.items() if name.startswith(prefix) and n}
        assert found == dict(counted), kind
    assert stats["requests.decision.rejected"] == sum(rejects.values())


def test_the_collector_refused_nothing(run):
    assert run.sink.refused() == []
