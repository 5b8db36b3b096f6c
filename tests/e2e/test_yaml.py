"""The document as people write it: YAML in place, which Envoy turns into a Struct by rules of its own. A decimal becomes text,
and an unquoted `off` becomes false."""

import re

import as_yaml
import pytest
from envoy import Envoy, validate
from wire import send

T, Q = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
BACKEND = "backend: { kind: opik, cluster: opik, url: http://opik.test/api, project: yaml }"
OTLP = "backend: {{ kind: otlp, cluster: opik, url: http://opik.test, {} }}"

#: A document for each kind of value, and the lines about it; none where it is taken.
DOCUMENTS = {
    "a decimal": ("rule: { sample: 0.1 }", []),
    "a decimal without a zero": ("rule: { sample: .25 }", []),
    "a decimal with an exponent": ("rule: { sample: 1e-3 }", []),
    "a decimal of a whole number": ("rule: { sample: 1.0 }\nexport: { batch_spans: 100.0 }", []),
    "a decimal in quotes": ('rule: { sample: "0.1" }', []),
    "a decimal that is too large": ("rule: { sample: 1.5 }", ["rule.sample: is not within 0 and 1"]),
    "a decimal for a whole number": ("export: { attempts: 2.5 }", ["export.attempts: is not a whole number from 1 to 100"]),
    "a whole number beyond 32 bits": ("export: { queue_bytes: 4294967296 }", ["export.queue_bytes: is not a whole number"]),
    "text for a number": ("rule: { sample: half }", ["rule.sample: expected a number, found text"]),
    "not a number": ("rule: { sample: .nan }", ["rule.sample: expected a number, found text"]),
    "true for a number": ("rule: { sample: yes }", ["rule.sample: expected a number, found true or false"]),
    "off": ("rule: { inbound: off, genai: off }", []),
    "off in capitals": ("rule: { genai: OFF }\nroutes: [{ match: { path: /a }, inbound: Off }]", []),
    "off in quotes": ('rule: { inbound: "off", genai: "off" }', []),
    "off in a named rule": ("rules: { health: { inbound: off } }", []),
    "on": ("rule: { genai: on }", ["rule.genai: expected off or metadata, found true or false"]),
    "off where it is no word": ("rule: { missing: off }", ["rule.missing: expected mint, reject or pass, found true or false"]),
    "durations": (BACKEND + "\nexport: { interval_ms: 0.5s, timeout_ms: 5s, backoff_ms: 250ms, backoff_max_ms: 1m }", []),
    "milliseconds": (BACKEND + "\nexport: { interval_ms: 500, timeout_ms: 5000.0 }", []),
    "a duration that is too long": (
        "export: { timeout_ms: 1h }",
        ['export.timeout_ms: expected 10 to 600000 milliseconds, or a duration like "5s" or "250ms"'],
    ),
    "flags": ("rule: { record: no, expose: Yes }", []),
    "a flag in quotes": ('rule: { record: "no" }', ["rule.record: expected true or false, found text"]),
    "texts": ("service: 1.2\nspan: { headers: [x-a], query: [a] }\nrule: { project: 2026-12-01, tags: [v1.10] }", []),
    "a number for a text": ("service: 12", ["service: expected text, found a number: quote this value"]),
    "a flag for a text": ("rule: { project: no }", ["rule.project: expected text, found true or false: quote this value"]),
    "numbers in quotes": ('service: "12"\nrule: { tags: ["1", "no"] }', []),
    "numbers and flags in lists": (
        "rule: { tags: [a, 1] }\nspan: { headers: [y], query: [n] }\n"
        "routes: [{ match: { methods: [GET, ON], header: { name: x-v, value: 1 } }, record: false }]",
        [
            "rule.tags[1]: expected text, found a number: quote this value",
            "span.headers[0]: expected text, found true or false: quote this value",
            "span.query[0]: expected text, found true or false: quote this value",
            "routes[0].match.methods[1]: expected text, found true or false: quote this value",
            "routes[0].match.header.value: expected text, found a number: quote this value",
        ],
    ),
    "a number in a resource": (
        OTLP.format("resource: { service.version: 1.10, build: 7 }"),
        ["backend.resource.build: expected text, found a number: quote this value"],
    ),
    "a number in a header of a backend": (
        OTLP.format("headers: { x-tenant: 7, x-region: no }"),
        [
            "backend.headers.x-tenant: expected text, found a number: quote this value",
            "backend.headers.x-region: expected text, found true or false: quote this value",
        ],
    ),
    "a number for a secret": (
        OTLP.format("api_key: 83749201"),
        ["backend.api_key: expected text, found a number: quote this value"],
    ),
    "nothing": ("rule:", ["rule: expected an object, found null"]),
}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_each_kind_of_value(case):
    document, lines = DOCUMENTS[case]
    run = validate(as_yaml.kept("yaml-" + re.sub(r"\W", "-", case), as_yaml.gateway(document)))
    told = run.stdout + run.stderr
    said = list(dict.fromkeys(re.findall(r"configuration: (.*)", told)))
    assert len(said) == len(lines), told
    for line, start in zip(sorted(said), sorted(lines)):
        assert line.startswith(start), told
    assert (run.returncode == 0) == (not lines), told
    assert "83749201" not in told


@pytest.fixture
def written(request, app, sink):
    """Starts an Envoy with a document as text."""
    running = []

    def written(document: str):
        text = as_yaml.gateway(document, app.port, sink.port)
        running.append(Envoy(request.node.name, as_yaml.kept(request.node.name, text)))
        return running[-1]

    sink.reset()
    yield written
    for one in running:
        one.stop()


def test_off_leaves_a_request_alone(written, app, sink):
    envoy = written(f"rule: {{ missing: reject }}\nroutes: [{{ match: {{ path: /healthz }}, inbound: off }}]\n{BACKEND}")
    assert send(envoy.port).status == 400
    assert send(envoy.port, ["traceparent: garbage", "x-case: off"], target="/healthz").status == 200
    assert app.of("off")[0].one("traceparent") == "garbage"


def test_a_share_is_kept(written, app, sink):
    """The share is 0: a trace that begins here is not sampled, and one that comes in is."""
    envoy = written(f"rule: {{ sample: 0.0 }}\nexport: {{ interval_ms: 50ms }}\n{BACKEND}")
    send(envoy.port, ["x-case: minted"])
    send(envoy.port, [f"traceparent: 00-{T}-{Q}-01", "x-case: joined"])
    assert app.of("minted")[0].one("traceparent").endswith("-02")
    assert sink.wait(spans=1)
    assert [span["metadata"]["gatespan.decision"] for span in sink.spans()] == ["joined"]


def test_an_interval_is_kept(written, sink):
    """A batch that would stay for a minute leaves when the next request has filled it."""
    envoy = written(f"export: {{ interval_ms: 60s, batch_spans: 2 }}\n{BACKEND}")
    send(envoy.port)
    assert not sink.wait(spans=1, seconds=2)
    send(envoy.port)
    assert sink.wait(spans=2)
