"""Real applications of the Opik SDK: caller, gateway and application make one tree."""

import json
import subprocess
import sys
from pathlib import Path

import bootstrap as b
import pytest
from envoy import Envoy
from places import KEPT
from ports import answers, free
from process import Process
from wire import send

SERVICES = Path(__file__).parent / "services"
PROJECT = "sdk"


@pytest.fixture(scope="module")
def opik_env(sink):
    return {
        "OPIK_URL_OVERRIDE": f"{sink.url}/api/",
        "OPIK_PROJECT_NAME": PROJECT,
        "OPIK_WORKSPACE": "default",
        "OPIK_SENTRY_ENABLE": "False",
        "OPIK_ANALYTICS_ENABLE": "False",
    }


def served(name: str, command: list, env: dict) -> Process:
    return Process(name, [sys.executable, "-m", *command], KEPT / f"{name}.log", env=env, cwd=SERVICES)


@pytest.fixture(scope="module", params=["asgi", "wsgi"])
def behind(request, sink, opik_env):
    """The port of a gateway in front of the application."""
    port = free()
    command = {
        "asgi": ["uvicorn", "asgi:app", "--host", "127.0.0.1", "--port", port, "--log-level", "warning"],
        "wsgi": ["gunicorn", "wsgi:app", "--bind", f"127.0.0.1:{port}", "--threads", "4", "--log-level", "warning"],
    }[request.param]
    config = {"backends": [b.opik(PROJECT)], "export": {"interval_ms": 100}}
    with served(f"sdk-{request.param}", command, opik_env) as server:
        server.until(lambda: answers(port), 60)
        with Envoy(f"sdk-{request.param}-envoy", b.gateway(config, port, sink.port)) as envoy:
            yield envoy.port


@pytest.mark.parametrize("style", ["argument", "context"])
def test_one_tree(style, behind, sink, opik_env):
    sink.reset()
    url = f"http://127.0.0.1:{behind}/{style}"
    run = subprocess.run(
        [sys.executable, SERVICES / "caller.py", url],
        env={**opik_env, "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    sent, came = told["sent"], told["answered"]["headers"]
    trace = sent["opik_trace_id"]
    assert came["opik_trace_id"] == trace and came["opik_parent_span_id"] != sent["opik_parent_span_id"]

    assert sink.wait(traces=1, spans=4, trace=trace), sink.tree(trace)
    # caller > gateway > application > its inner span; and one row, which the caller wrote.
    (caller,) = sink.tree(trace)["spans"]
    (gateway,) = caller["children"]
    (answer,) = gateway["children"]
    (inner,) = answer["children"]
    assert [span["name"] for span in (caller, gateway, answer, inner)] == ["caller", f"GET /{style}", "answer", "inner"]
    assert (caller["id"], gateway["id"]) == (sent["opik_parent_span_id"], came["opik_parent_span_id"])
    assert [row["name"] for row in sink.traces()] == ["caller"]
    assert {span["project_name"] for span in sink.spans()} == {PROJECT}
    assert sink.refused() == []


@pytest.mark.parametrize("style", ["argument", "context"])
def test_a_caller_without_a_trace(style, behind, sink):
    """The gateway makes the trace, and writes its row; the application's spans hang below its span."""
    sink.reset()
    came = send(behind, target=f"/{style}").json()["headers"]
    trace = came["opik_trace_id"]
    assert sink.wait(traces=1, spans=3, trace=trace)
    (gateway,) = sink.tree(trace)["spans"]
    (answer,) = gateway["children"]
    assert (gateway["id"], answer["name"]) == (came["opik_parent_span_id"], "answer")
    assert [row["name"] for row in sink.traces()] == [f"GET /{style}"]


@pytest.mark.parametrize("style", ["argument", "context"])
def test_poison(style, behind, sink):
    """What one caller sends malformed costs the application none of the spans that it writes for others."""
    sink.reset()
    good = "019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814"
    parent = "019a8b1c-6f3e-7b60-9c1b-2281eda8d7fe"
    for number in range(10):
        trace = "not-a-uuid" if number % 2 else good
        send(behind, [f"opik_trace_id: {trace}", f"opik_parent_span_id: {parent}"], target=f"/{style}")
    assert sink.wait(traces=5, spans=30)
    assert sink.refused() == []
