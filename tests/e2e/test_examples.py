"""Every configuration that is shipped is one that works."""

import os
import re

import as_yaml
import bootstrap as b
import demo_config
import pytest
import replies
import yaml
from app import App
from envoy import Envoy, validate
from places import EXAMPLES, KEPT, ROOT
from wire import send

NAMES = sorted(path.name for path in EXAMPLES.glob("*.yaml"))
T, Q = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACED = f"traceparent: 00-{T}-{Q}-01"
SECRET = {"GATE_SECRET": "a-secret-of-ours"}


def test_all_of_them_are_here():
    assert {name.removesuffix(".yaml") for name in NAMES} >= {"demo", "join", "require", "edge", "egress", "llm", "headers-only", "tracer"}


@pytest.mark.parametrize("name", NAMES)
def test_envoy_takes_it(name):
    run = validate(EXAMPLES / name, {**os.environ, **SECRET})
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("name", NAMES)
def test_what_each_must_have(name):
    text = (EXAMPLES / name).read_text()
    assert "failure_policy: FAIL_RELOAD" in text and "backoff:" in text
    assert "headers_with_underscores_action: ALLOW" in text
    assert "# CHANGE: " in text
    assert "address: 127.0.0.1, port_value: 9901" in text, "the admin port is nobody else's"
    assert "normalize_path: true" in text, "a rule that goes by path"
    if "cluster: opik" in text:
        assert "circuit_breakers" in text and "tcp_keepalive" in text
    assert max(map(len, text.split("\n"))) <= 160
    # What no machine has in common with ours: addresses, where things lie, and the project.
    ours = [line for line in text.split("\n") if re.match(r" *[^ #].*\b(port_value|url|uri|filename|project):", line)]
    assert [line for line in ours if "# CHANGE: " not in line and "port_value: 9901" not in line] == []


@pytest.fixture
def started(request, app, sink):
    """The example of this test's first argument, on free ports."""
    running = []

    def start(name: str, **ports):
        # The third party of egress.yaml is our application here.
        text = as_yaml.example(name, **{"app": app.port, "opik": sink.port, **ports})
        running.append(Envoy(f"example-{name}", as_yaml.kept(f"example-{name}", text), env=SECRET))
        return running[-1]

    sink.reset()
    yield start
    for one in running:
        one.stop()


def test_join(started, app, sink):
    envoy = started("join.yaml")
    send(envoy.port, [TRACED, "x-case: join"])
    assert app.of("join")[0].one("traceparent") == TRACED.split(": ")[1]
    assert sink.wait(traces=1, spans=1)
    assert app.of("join")[0].one("opik_parent_span_id") == sink.spans()[0]["id"]


def test_require(started, app):
    envoy = started("require.yaml")
    assert send(envoy.port).json()["fault"] == "missing"
    assert send(envoy.port, ["traceparent: garbage"]).json()["fault"] == "invalid"
    assert send(envoy.port, [TRACED]).status == 200
    assert send(envoy.port, target="/healthz").status == 200
    # The route's metadata names the stricter rule, however its path is spelt.
    for path in ("/v1/chat", "//v1/chat", "/x/../v1/chat"):
        assert send(envoy.port, [TRACED], target=path).status == 400, path
    assert send(envoy.port, [TRACED], target="/%2fv1/chat").status == 307


def test_edge(started, app, sink):
    # Callers come from loopback, which is not of 10.0.0.0/8, whatever they say.
    envoy = started("edge.yaml")
    stranger = [TRACED, "baggage: a=b", "sentry-trace: a-b-1", "x-datadog-trace-id: 1", "x-forwarded-for: 10.1.1.1"]
    linked = send(envoy.port, [*stranger, "x-case: linked"])
    send(envoy.port, [*stranger, "x-case: restarted"], target="/public/a?token=t")
    send(envoy.port, [*stranger, f"x-gate-secret: {SECRET['GATE_SECRET']}", "x-case: friend"])
    for case in ("linked", "restarted"):
        arrived = app.of(case)[0]
        assert T not in " ".join(arrived.lines())
        assert [name for name in ("baggage", "sentry-trace", "x-datadog-trace-id") if arrived.all(name)] == []
    friend = app.of("friend")[0]
    assert T in friend.one("traceparent") and not friend.all("x-gate-secret")
    # The health checks are `inbound: off`: nothing is touched except the proof.
    proof = f"x-gate-secret: {SECRET['GATE_SECRET']}"
    send(envoy.port, [*stranger, proof, "x-case: health"], target="/healthz")
    health = app.of("health")[0]
    assert not health.all("x-gate-secret") and T in health.one("traceparent")
    assert health.one("sentry-trace") == "a-b-1" and health.one("baggage") == "a=b"
    assert sink.wait(spans=3)
    spans = {span["metadata"]["gatespan.decision"]: span["metadata"] for span in sink.spans()}
    assert spans["linked"]["gatespan.client.trace_id"] == T
    assert "gatespan.client.trace_id" not in spans["restarted"]
    assert spans["restarted"]["url.query"] == "token=REDACTED"
    assert spans.keys() == {"linked", "restarted", "joined"}
    assert linked.one("x-gatespan-trace-id") == app.of("linked")[0].one("opik_trace_id")


def test_egress(started, app, sink):
    u, p = "019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814", "019a8b1c-6f3e-7b60-9c1b-2281eda8d7fe"
    envoy = started("egress.yaml", llm=app.port)
    others = ["baggage: tenant=a", "X-Amzn-Trace-Id: Root=1-2-3", "x-datadog-origin: rum", "grpc-trace-bin: AABL"]
    send(envoy.port, [f"opik_trace_id: {u}", f"opik_parent_span_id: {p}", TRACED, "opik_tags: [1]", *others, "x-case: egress"])
    arrived = app.of("egress")[0]
    assert {name.decode() for name, _ in arrived.headers} == {"host", "x-case"}, arrived.lines()
    assert arrived.one("host") == "api.llm.example"
    assert sink.wait(spans=1)
    (span,) = sink.spans()
    assert (span["trace_id"], span["parent_span_id"], span["tags"]) == (u, p, ["egress"])


def test_llm(started, app, sink):
    """Providers are told nothing of us, a server of one's own is told all; of each call the span says whose it was."""
    envoy = started("llm.yaml", openai=app.port, anthropic=app.port, ollama=app.port)
    # How the services' own clients would ask, if this were their base URL.
    for reply, before, host in (
        ("openai-stream", "/openai", "api.openai.com"),
        ("anthropic-stream", "/anthropic", "api.anthropic.com"),
        ("openai-json", "/ollama", "localhost"),
    ):
        row = replies.ROWS[reply]
        sent = ["content-type: application/json", TRACED, f"x-case: {reply}", f"x-app: reply={reply}", "authorization: Bearer k"]
        got = send(envoy.port, sent, "POST", before + row["path"], body=replies.asked(row))
        assert (got.status, got.body) == (200, b"".join(replies.pieces(row)))
        arrived = app.of(reply)[0]
        assert (arrived.target, arrived.one("host"), arrived.body) == (row["path"], host, replies.asked(row))
        is_ours = before == "/ollama"
        assert bool(arrived.all("traceparent")) == bool(arrived.all("opik_trace_id")) == is_ours
    assert sink.wait(spans=3)
    spans = {span["metadata"]["url.path"].split("/")[1]: span for span in sink.spans()}
    for provider, reply in (("openai", "openai-stream"), ("anthropic", "anthropic-stream")):
        span, told = spans[provider], replies.ROWS[reply]["opik"]
        assert {name: span[name] for name in told} == told and span["ttft"] > 0
    assert spans["ollama"]["provider"] == "ollama" and spans["ollama"]["type"] == "llm"


def test_headers_only(started, app):
    envoy = started("headers-only.yaml")
    send(envoy.port, [f"b3: {T}-{Q}-1", "x-case: only"])
    assert app.of("only")[0].one("traceparent") == f"00-{T}-{Q}-01"


def test_tracer(started, app, sink):
    """Envoy's own tracer is on, and yet what we wrote arrives; its spans are exported beside ours."""
    collector = App()
    envoy = started("tracer.yaml", otel=collector.port)
    send(envoy.port, [f"opik_trace_id: 019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814", "tracestate: a=1", "x-case: tracer"])
    assert sink.wait(spans=1)
    own = sink.spans()[0]["id"].replace("-", "")
    arrived = app.of("tracer")[0]
    assert arrived.all("traceparent") == [f"00-019a8b1c6f3e7c419a3e5d0f6b72e814-{own[16:]}-01".encode()]
    assert arrived.all("tracestate") == []
    envoy.until(lambda: [one for one in collector.arrived if one.target == "/v1/traces"], what="export its own spans")
    collector.stop()


def test_readme(app, sink, start):
    """The filters of README, in the connection manager that it describes."""
    text = re.search(r"```yaml\n(http_filters:.*?)```", (ROOT / "README.md").read_text(), re.S)[1]
    document = yaml.safe_load(as_yaml.gateway("{}", app.port, sink.port))
    (listener,) = document["static_resources"]["listeners"]
    manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
    assert manager["http_filters"][1] == yaml.safe_load(text)["http_filters"][1]
    manager.update(yaml.safe_load(text), common_http_protocol_options={"headers_with_underscores_action": "ALLOW"})
    envoy = start(as_yaml.kept("readme", as_yaml.dumped(document)))
    assert send(envoy.port, target="/v1/chat").json()["fault"] == "missing"
    assert send(envoy.port, [TRACED], target="/v1/chat").status == 200
    assert send(envoy.port, target="/healthz").status == 200
    assert sink.wait(spans=1)


def test_demo_for_another_opik():
    """What `make run` makes of demo.yaml when OPIK_URL and its friends are set."""
    text = demo_config.demo(opik="https://opik.example/opik/api", key=True, workspace="ours")
    path = KEPT / "demo-for-the-cloud.yaml"
    path.write_text(text)
    run = validate(path, {**os.environ, "OPIK_API_KEY": "key-of-a-test"})
    assert run.returncode == 0, run.stderr
    for there in ("url: https://opik.example/opik/api", "sni: opik.example", "workspace: ours", "port_value: 443"):
        assert there in text
    assert not re.search(r"www\.comet\.com|10002", text)


def test_prometheus_has_labels(app, sink, start):
    document = b.gateway({"rule": {"missing": "reject"}, "backends": [b.opik("labels")]}, app.port, sink.port)
    envoy = start(document)
    send(envoy.port)
    envoy.eventually(lambda stats: stats["rejects.reason.missing"] == 1)
    text = envoy.prometheus()
    for line in (
        r'gatespan_requests_decision\{.*decision="rejected".*\} 1|gatespan_requests\{.*decision="rejected".*\} 1',
        r'gatespan_rejects\{.*reason="missing".*\} 1',
        r'gatespan_requests_unrecorded\{.*reason="rule".*\} 0',
        r'gatespan_spans_dropped\{.*reason="queue_full".*\} 0',
        r'gatespan_export_calls\{.*outcome="ok".*\} 0',
        r"gatespan_spans_recorded\{\} 0",
        r"gatespan_queue_bytes\{\} 0",
    ):
        assert re.search(f"^{line}$", text, re.M), line + "\n" + "\n".join(re.findall("^gatespan.*", text, re.M))
