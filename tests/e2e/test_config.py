"""The configuration: how it comes, and what is said about a faulty one."""

import json

import bootstrap as b
import pytest
from envoy import Envoy
from sink import Sink
from wire import send

TRACED = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
RULE = {"rule": {"missing": "reject", "require": ["w3c"]}}

#: What no line may repeat.
SECRET = "secret-4d7c90b2"

#: A document that is faulty, and the lines about it.
FAULTY = {
    "text that is no JSON": ("{", ["document: is not JSON"]),
    "a typing error": ({"routes": [{"match": {"path": "/"}, "missing": "mnt"}]}, ['routes[0].missing: unknown value "mnt"']),
    "two faults": (
        {"rule": {"sample": 2, "record": "yes"}, "colour": "red"},
        ["rule.sample", "rule.record", "colour"],
    ),
    "no cluster": ({"backend": {"kind": "opik", "url": "http://opik.test/api"}}, ["cluster"]),
    "a secret that is not there": (
        {"backend": {**b.opik("x"), "api_key_env": "NOBODY_SET_THIS"}},
        ["NOBODY_SET_THIS"],
    ),
    "a fault beside a secret": (
        {"backend": {**b.opik("x"), "api_key": SECRET, "colour": 1}, "export": {"interval_ms": SECRET}},
        ['backend: unknown key "colour"', "export.interval_ms"],
    ),
    "two names that are one in Prometheus": (
        {"backends": [b.opik("x", name="a-b"), b.opik("x", name="a_b")]},
        ['backends[1].name: "a_b" and "a-b" of backends[0] are the same name in Prometheus'],
    ),
    "a secret with a fault": ({"backend": {**b.opik("x"), "api_key": f"{SECRET}\n"}}, ["backend.api_key"]),
}


@pytest.mark.parametrize("kind", ["Struct", "StringValue"])
@pytest.mark.parametrize("case", FAULTY)
def test_a_faulty_document_is_refused(case, kind, app, sink):
    document, lines = FAULTY[case]
    name = f"faulty-{kind}-{case}".replace(" ", "-")
    envoy = Envoy(name, b.gateway(document, app.port, sink.port, plugin_options={"kind": kind}), ready=False)
    with envoy:
        assert envoy.wait() == 1
        said = [line for line in envoy.plugin_log() if "configuration: " in line]
        assert SECRET not in "".join(said)
        # Every VM that was started says it once.
        different = list(dict.fromkeys(said))
        assert len(different) == len(lines), said
        for line in lines:
            assert sum(line in one for one in different) == 1, (line, said)


def test_an_unknown_rule_is_logged_once(app, sink, start):
    envoy = start(b.gateway({}, app.port, sink.port, [b.route(rule="nobody-wrote-it")]))
    for _ in range(3):
        assert send(envoy.port).status == 500
    said = [line for line in envoy.plugin_log() if "nobody-wrote-it" in line]
    assert len(said) == 1, said


@pytest.mark.parametrize("kind", ["Struct", "StringValue"])
def test_both_ways_to_write_it(kind, app, sink, start):
    envoy = start(b.gateway(RULE, app.port, sink.port, plugin_options={"kind": kind}))
    assert send(envoy.port).status == 400
    assert send(envoy.port, [TRACED]).status == 200


def test_no_document(app, sink, start):
    envoy = start(b.gateway(None, app.port, sink.port))
    assert send(envoy.port, ["x-case: no document"]).status == 200
    assert app.of("no document")[0].one("traceparent").endswith("-03")


def test_the_key_reaches_the_collector_and_nothing_else(app, start):
    key = "key-that-nobody-may-read"
    with Sink("key-sink", "127.0.0.1:0", "--key", key, "--workspace", "ours") as sink:
        backend = b.opik("key", api_key_env="OPIK_API_KEY", workspace="ours")
        config = {"backends": [backend], "export": {"interval_ms": 50}}
        document = b.gateway(config, app.port, sink.port, plugin_options={"env": ["OPIK_API_KEY"]})
        envoy = start(document, env={"OPIK_API_KEY": key}, level="debug")
        send(envoy.port)
        assert sink.wait(traces=1, spans=1)
        (span,) = sink.spans()
        assert span["workspace"] == "ours"
        ours = "\n".join(envoy.plugin_log())
        assert key not in ours and key not in envoy.admin("/config_dump") and key not in json.dumps(span)


def test_off_by_envoy_on_one_route(app, sink, start):
    off = {"@type": b.TYPE + "envoy.config.route.v3.FilterConfig", "disabled": True}
    health = b.route(match={"path": "/healthz"}, typed_per_filter_config={"gatespan": off})
    envoy = start(b.gateway(RULE, app.port, sink.port, routes=[health, b.route()]))
    assert send(envoy.port, target="/healthz").status == 200
    assert send(envoy.port).status == 400


def test_a_filter_for_one_route_only(app, sink, start):
    """Named filters that are off unless a route asks for them; all in one VM."""
    strict = {**b.plugin(RULE, name="gatespan.strict"), "disabled": True}
    on = {"@type": b.TYPE + "envoy.config.route.v3.FilterConfig", "config": {}}
    asks = b.route(match={"prefix": "/v1/"}, typed_per_filter_config={"gatespan.strict": on})
    hcm = b.manager([strict], [asks, b.route()])
    envoy = start(b.bootstrap([b.listener("gateway", hcm)], [b.cluster("app", app.port)]))
    assert send(envoy.port, target="/v1/chat").status == 400
    assert send(envoy.port, target="/").status == 200
