"""OTLP towards Opik: whole trees with the rows of their traces, each in the project that its request asks for."""

import pytest
from accounts import settled
from backends import gateway, otlp_opik
from scenario import dated
from wire import send

QUICK = {"interval_ms": 50}
#: A caller of Opik's.
U, P = dated(-3600), dated(-3599)
PAIR = [f"opik_trace_id: {U}", f"opik_parent_span_id: {P}"]


@pytest.fixture
def chain(app, sink, start):
    """The outer one of two gateways, one behind the other; both send to Opik's receiver of OTLP."""
    sink.reset()
    config = {"backends": [otlp_opik(project="tree")], "export": QUICK}
    inner = start(gateway(config, app.port, opik=sink.port))
    return start(gateway(config, inner.port, opik=sink.port))


def branch(sink, trace: str) -> list:
    """The spans from the root down, each the only child of the one before."""
    spans = []
    level = sink.tree(trace)["spans"]
    while level:
        (span,) = level
        spans.append(span)
        level = span["children"]
    return spans


def test_a_trace_of_ours_has_its_row(chain, app, sink):
    send(chain.port, ["x-case: minted"], target="/minted")
    got = app.of("minted")[0]
    trace = got.one("opik_trace_id")
    assert sink.wait(traces=1, spans=2, trace=trace), sink.refused()
    outer, inner = branch(sink, trace)
    assert (inner["id"], inner["parent_span_id"]) == (got.one("opik_parent_span_id"), outer["id"])
    assert (outer.get("parent_span_id"), outer["missing"], inner["missing"]) == (None, [], [])
    assert {span["via"] for span in (outer, inner)} == {"otlp"}
    # One row, of the gateway that made the trace.
    (row,) = sink.traces()
    assert (row["id"], row["name"], row["project_name"]) == (trace, "GET /minted", "tree")
    # Both spellings of one id; and nothing of ours went where Opik files what it does not know.
    assert outer["otel"]["trace_id"] == trace.replace("-", "")
    assert outer["metadata"]["opik.metadata.gatespan.decision"] == "minted"
    assert "input" not in outer and sink.refused() == []


def test_a_trace_of_the_caller_gets_none(chain, app, sink):
    """A second row would wipe the caller's."""
    send(chain.port, [*PAIR, "x-case: joined"])
    assert sink.wait(spans=2, trace=U), sink.refused()
    outer, inner = branch(sink, U)
    assert (outer["parent_span_id"], inner["parent_span_id"]) == (P, outer["id"])
    assert app.of("joined")[0].one("opik_parent_span_id") == inner["id"]
    assert sink.traces() == [] and not sink.requests("traces/batch")


def test_projects_never_mix(app, sink, start):
    """The receiver looks at a header for the project, so that a call is of one."""
    sink.reset()
    routes = [{"match": {"path_prefix": f"/{name}"}, "project": name} for name in ("one", "two")]
    config = {"backends": [otlp_opik(project="others")], "routes": routes, "export": QUICK}
    envoy = start(gateway(config, app.port, opik=sink.port))
    paths = [f"/{('one', 'two', 'three')[number % 3]}/{number}" for number in range(30)]
    for path in paths:
        send(envoy.port, target=path)
    settled(envoy, len(paths))
    wanted = {"one": "one", "two": "two", "three": "others"}
    for rows in (sink.spans(), sink.traces()):
        found = {row["name"].removeprefix("GET "): row["project_name"] for row in rows}
        assert found == {path: wanted[path.split("/")[1]] for path in paths}
    calls = sink.requests("otel/v1/traces")
    assert {one["headers"]["projectname"] for one in calls} == set(wanted.values())
    assert sink.refused() == []


def test_a_row_and_its_span_are_one_unit(app, sink, start):
    """Of two calls the second is lost: it alone is made again, and what it brings is there once."""
    sink.reset()
    config = {"backends": [otlp_opik(project="unit")], "export": {**QUICK, "backoff_ms": 50}}
    envoy = start(gateway(config, app.port, opik=sink.port))
    sink.fault({"kind": "reset_mid_body", "only": "otel/v1/traces", "store": True, "times": 1})
    send(envoy.port)
    stats = settled(envoy, 1)
    assert (stats["spans.exported"], stats["export.calls.outcome.retry"]) == (1, 1), stats
    assert len(sink.requests("traces/batch")) == 1 and len(sink.requests("otel/v1/traces")) == 2
    assert (len(sink.traces()), len(sink.spans())) == (1, 1)
