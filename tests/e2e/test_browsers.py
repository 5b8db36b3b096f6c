"""The configurations of docs/browsers-and-health-checks.md: read from the page and handed to Envoy as YAML."""

import json
import re
from textwrap import indent

import grpc
import pytest
import yaml
from envoy import Envoy
from places import EXAMPLES, KEPT, ROOT
from test_protocols import calls  # noqa: F401  a fixture
from wire import send

PAGE = (ROOT / "docs/browsers-and-health-checks.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.M | re.S)
DOCUMENT, CORS, POLICY, HEALTH = (text for language, text in BLOCKS if language == "yaml")

T, Q = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACED = f"traceparent: 00-{T}-{Q}-01"
PAGE_ORIGIN = "https://app.example.com"
ORIGIN = f"origin: {PAGE_ORIGIN}"
PREFLIGHT = [ORIGIN, "access-control-request-method: POST", "access-control-request-headers: traceparent"]

FILTERS = "          http_filters:\n"
ROUTER = "          - name: envoy.filters.http.router\n"
DOMAINS = '              domains: ["*"]\n'
CLUSTER = "  clusters:\n  - name: app\n"
#: What makes of the cluster of join.yaml one of a gRPC service.
HTTP2 = """\
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: { http2_protocol_options: {} }
"""


def replaced(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, (old, text.count(old))
    return text.replace(old, new)


def configuration(app: int, sink: int, first="", last="", policy="", document=DOCUMENT, http2=False) -> str:
    """join.yaml with the blocks of the page where the page puts them. `first` and `last` are filters before and after
    Gatespan."""
    text = (EXAMPLES / "join.yaml").read_text()
    (routes,) = re.findall(r"^ {20}routes:\n(?: {20}- .*\n)+", text, re.M)
    text = replaced(text, routes, indent(document, " " * 20))
    text = replaced(text, FILTERS, FILTERS + indent(first, " " * 10))
    text = replaced(text, ROUTER, indent(last, " " * 10) + ROUTER)
    text = replaced(text, DOMAINS, DOMAINS + indent(policy, " " * 14))
    if http2:
        text = replaced(text, CLUSTER, CLUSTER + HTTP2)
    for ours, theirs in {"10000": 0, "9901": 0, "8080": app, "5173": sink}.items():
        text = replaced(text, f"port_value: {ours} ", f"port_value: {theirs} ")
    return text


@pytest.fixture
def serve(request, app, sink):
    """Starts an Envoy with these blocks."""
    running = []

    def serve(port=app.port, **blocks):
        path = KEPT / f"{request.node.name}-{len(running)}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(configuration(port, sink.port, **blocks))
        running.append(Envoy(path.stem, path))
        return running[-1]

    sink.reset()
    yield serve
    for one in running:
        one.stop()


def counted(envoy, **expected):
    """Waits until the filter has counted so many spans, and so many requests without a span for each reason."""

    def holds(stats):
        found = {name: stats.get(f"requests.unrecorded.reason.{name}", 0) for name in ("rule", "preflight")}
        found["recorded"] = stats.get("spans.recorded", 0)
        return found == {"rule": 0, "preflight": 0, "recorded": 0, **expected}

    envoy.eventually(holds)


def test_every_configuration_of_the_page_is_run():
    """The blocks for the Worker are run by tests/edge/browsers.test.mjs."""
    assert [language for language, _ in BLOCKS] == ["yaml", "json", "yaml", "yaml", "js", "yaml"]
    (document,) = (text for language, text in BLOCKS if language == "json")
    assert json.loads(document) == yaml.safe_load(DOCUMENT), "the document is the same in both hosts"


def test_a_preflight_reaches_a_service_that_answers_it(serve, app):
    envoy = serve()
    assert send(envoy.port, [*PREFLIGHT, "x-case: own preflight"], method="OPTIONS").status == 200
    assert app.of("own preflight")[0].method == "OPTIONS"
    rejected = send(envoy.port, [ORIGIN])
    assert rejected.status == 400 and rejected.all("access-control-allow-origin") == []
    counted(envoy, preflight=1)


def test_the_cors_filter_answers_a_preflight_before_gatespan(serve, app):
    envoy = serve(first=CORS, policy=POLICY)
    answer = send(envoy.port, [*PREFLIGHT, "x-case: preflight"], method="OPTIONS")
    assert answer.status == 200 and answer.one("access-control-allow-origin") == PAGE_ORIGIN
    allowed = answer.one("access-control-allow-headers").split(", ")
    assert {"traceparent", "opik_trace_id", "opik_parent_span_id"} <= set(allowed)
    assert app.of("preflight") == []
    counted(envoy, preflight=1)


def test_a_script_reads_rejections_and_the_trace_id(serve, sink):
    envoy = serve(first=CORS, policy=POLICY)
    rejected = send(envoy.port, [ORIGIN])
    assert rejected.status == 400 and rejected.json()["fault"] == "missing"
    assert rejected.one("access-control-allow-origin") == PAGE_ORIGIN
    answer = send(envoy.port, [ORIGIN, TRACED])
    assert answer.status == 200 and answer.one("access-control-allow-origin") == PAGE_ORIGIN
    assert answer.one("access-control-expose-headers") == "x-gatespan-trace-id"
    assert sink.wait(spans=1)
    assert answer.one("x-gatespan-trace-id") == sink.spans()[0]["trace_id"]
    stranger = send(envoy.port, ["origin: https://evil.example", TRACED])
    assert stranger.all("access-control-allow-origin") == []


def test_the_cors_filter_after_gatespan_misses_rejections(serve):
    envoy = serve(last=CORS, policy=POLICY)
    answer = send(envoy.port, PREFLIGHT, method="OPTIONS")
    assert answer.status == 200 and answer.one("access-control-allow-origin") == PAGE_ORIGIN
    rejected = send(envoy.port, [ORIGIN])
    assert rejected.status == 400 and rejected.all("access-control-allow-origin") == []
    counted(envoy, preflight=1)


def test_an_http_health_check_passes_and_is_not_recorded(serve, app):
    envoy = serve()
    assert send(envoy.port, ["x-case: health"], target="/healthz").status == 200
    assert [line.split(":")[0] for line in app.of("health")[0].lines()].count("traceparent") == 0
    assert send(envoy.port, target="/healthz/other").status == 400
    counted(envoy, rule=1)


def test_envoy_answers_a_health_check(serve, app):
    envoy = serve(first=HEALTH)
    assert send(envoy.port, ["x-case: answered"], target="/healthz").status == 200
    counted(envoy, rule=1)
    # Without the route of the document it is recorded.
    envoy = serve(first=HEALTH, document="rule:\n  missing: mint\n")
    assert send(envoy.port, ["x-case: answered"], target="/healthz").status == 200
    counted(envoy, recorded=1)
    assert app.of("answered") == []


def test_a_grpc_health_check_passes_and_is_not_recorded(serve, calls):  # noqa: F811
    envoy = serve(calls.port, http2=True)
    with grpc.insecure_channel(f"127.0.0.1:{envoy.port}") as channel:
        for method in ("Check", "List"):
            assert channel.unary_unary(f"/grpc.health.v1.Health/{method}")(b"", timeout=10) == b""
        assert list(channel.unary_stream("/grpc.health.v1.Health/Watch-stream")(b"", timeout=10)) == [b""] * 3
        with pytest.raises(grpc.RpcError) as raised:
            channel.unary_unary("/test.Echo/echo")(b"", timeout=10)
    assert raised.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    counted(envoy, rule=3)
