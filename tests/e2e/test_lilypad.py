"""Lilypad's SDK behind the gateway, with every propagator that it knows: one tree, whoever begins it."""

import os
from pathlib import Path

import bootstrap as b
import pytest
from backends import KEY, PROJECT, lilypad
from envoy import Envoy
from places import KEPT, binary
from ports import answers, free
from process import Process
from sink import Sink
from wire import send

SERVICES = Path(__file__).parent / "services"
B3_MULTI = {"x-b3-traceid", "x-b3-spanid", "x-b3-sampled"}
#: The words of LILYPAD_PROPAGATOR, and the headers in which each is spelt.
WORDS = {
    "tracecontext": {"traceparent"},
    "b3": {"b3"},
    "b3multi": B3_MULTI,
    "jaeger": {"uber-trace-id"},
    "composite": {"traceparent", "b3", "uber-trace-id", *B3_MULTI},
}
KNOWN = {*WORDS["composite"], "tracestate", "x-b3-parentspanid", "x-b3-flags", "opik_trace_id", "opik-trace-id"}


@pytest.fixture(scope="module")
def sink():
    """With a queue, as the hosted server had one: without it a tree is kept only if it comes in one call."""
    with Sink("lilypad-queue", "127.0.0.1:0", "--lilypad-key", f"{KEY}={PROJECT}", "--lilypad-queue") as sink:
        yield sink


@pytest.fixture(scope="module")
def applications(sink):
    """The port of one for each word."""
    python, ports = Path(binary("GATESPAN_PARTS")), {word: free() for word in WORDS}
    settings = {
        "LILYPAD_BASE_URL": f"{sink.url}/v0",
        "LILYPAD_PROJECT_ID": PROJECT,
        "LILYPAD_API_KEY": KEY,
        # The SDK calls ruff.
        "PATH": f"{python.parent}:{os.environ['PATH']}",
    }
    command = [python, SERVICES / "lilypad_apps.py", *(f"{word}={port}" for word, port in ports.items())]
    with Process("lilypad-apps", command, KEPT / "lilypad-apps.log", env=settings) as served:
        served.until(lambda: all(answers(port) for port in ports.values()), 60)
        yield ports


@pytest.fixture(scope="module")
def gates(sink, applications):
    """The ports of one Envoy: for each word a listener that speaks it, in front of the application that does."""
    listeners, clusters = [], [b.cluster("lilypad", sink.port)]
    for word, port in applications.items():
        formats = {"extract": [word], "inject": [word]}
        config = {"formats": formats, "backends": [lilypad()], "export": {"interval_ms": 50}}
        listeners.append(b.listener(word, b.manager([b.plugin(config)], [b.route(word)])))
        clusters.append(b.cluster(word, port))
    with Envoy("lilypad-envoy", b.bootstrap(listeners, clusters)) as envoy:
        yield envoy.ports


def branch(sink, trace: str, spans: int) -> list:
    """The spans from the root down, each the only child of the one before."""
    assert sink.wait(lilypad=spans, trace=trace), sink.tree(trace)
    found = []
    level = sink.tree(trace, "lilypad")["spans"]
    while level:
        (span,) = level
        assert span["missing"] == [] and span["project_name"] == PROJECT
        found.append(span)
        level = span["children"]
    assert len(found) == spans
    return found


@pytest.mark.parametrize("word", WORDS)
def test_the_gateway_begins_the_tree(word, gates, sink):
    told = send(gates[word], target="/answer").json()
    gateway, answer, inner = branch(sink, told["trace"], 3)
    assert [span["name"] for span in (gateway, answer, inner)] == ["GET /answer", "answer", "inner"]
    assert (gateway["scope"]["name"], answer["scope"]["name"]) == ("gatespan", "lilypad")
    assert (told["parent"], told["span"]) == (gateway["id"], answer["id"])
    assert gateway["parent_span_id"] is None and gateway["attributes"]["gatespan.decision"] == "minted"
    assert KNOWN & set(told["headers"]) == WORDS[word]
    assert sink.refused() == sink.lilypad()["lost"] == []


@pytest.mark.parametrize("word", WORDS)
def test_the_sdk_begins_the_tree(word, applications, gates, sink):
    """The same application calls itself by way of the gateway: both ends are the SDK's."""
    begun = send(applications[word], [f"x-next: http://127.0.0.1:{gates[word]}/answer"], target="/call").json()
    told = begun["next"]
    assert told["trace"] == begun["trace"]
    spans = branch(sink, told["trace"], 4)
    assert [span["name"] for span in spans] == ["call", "GET /answer", "answer", "inner"]
    assert (spans[0]["id"], spans[1]["id"]) == (begun["span"], told["parent"])
    assert spans[1]["attributes"]["gatespan.decision"] == "joined"
    # Among several headers the SDK's Jaeger comes first, and always says debug: B3 has a header of its own for that.
    debug = {"x-b3-sampled"} ^ {"x-b3-flags"} if word == "composite" else set()
    assert KNOWN & set(told["headers"]) == WORDS[word] ^ debug
    assert sink.refused() == sink.lilypad()["lost"] == []


#: A caller of each family; all ids differ.
DIGITS = {"w3c": "a", "b3": "b", "b3multi": "c", "jaeger": "d"}
IDS = {family: (digit * 31 + "1", digit * 15 + "1") for family, digit in DIGITS.items()}
SPELT = {
    "w3c": ["traceparent: 00-{}-{}-01"],
    "b3": ["b3: {}-{}-1"],
    "b3multi": ["x-b3-traceid: {}", "x-b3-spanid: {}", "x-b3-sampled: 1"],
    "jaeger": ["uber-trace-id: {}:{}:0:1"],
}


def carrying(*families) -> list:
    whole = {family: "\n".join(SPELT[family]).format(*IDS[family]) for family in families}
    return "\n".join(whole.values()).split("\n")


def spelt_ids(headers: dict) -> set:
    """Trace and parent, in every family that there is."""
    found = {tuple(headers["traceparent"].split("-")[1:3]), tuple(headers["b3"].split("-")[:2])}
    found.add((headers["x-b3-traceid"], headers["x-b3-spanid"]))
    return found | {tuple(headers["uber-trace-id"].split(":")[:2])}


@pytest.mark.parametrize("families", ["w3c b3 b3multi jaeger", "w3c b3 b3multi", "w3c b3multi", "w3c"])
def test_of_families_that_disagree_the_gateway_takes_the_one_that_the_sdk_would(families, applications, gates, sink):
    families = families.split()
    lines = carrying(*families)
    trace, parent = IDS[families[-1] if "jaeger" in families or "b3" not in families else "b3"]
    direct = send(applications["composite"], lines, target="/answer").json()
    assert (direct["trace"], direct["parent"]) == (trace, parent)

    sink.reset()
    told = send(gates["composite"], lines, target="/answer").json()
    assert sink.wait(lilypad=3, trace=trace)
    (gateway,) = [span for span in sink.lilypad()["spans"] if span["name"] == "GET /answer"]
    assert (told["trace"], told["parent"]) == (trace, gateway["id"])
    assert gateway["parent_span_id"] == parent
    assert ("gatespan.conflict" in gateway["attributes"]) == (len(families) > 1)
    # And nobody behind the gateway can be of another mind.
    assert spelt_ids(told["headers"]) == {(trace, gateway["id"])}


#: What the SDK makes of a caller whose traceparent is good, when one thing beside it is not.
SPOILT = {
    "a b3 of zeros": [f"b3: {'0' * 32}-{'0' * 16}-1"],
    "a Jaeger with a sign": [f"uber-trace-id: -5:{'d' * 16}:0:1"],
    "a Jaeger with too many digits": [f"uber-trace-id: {'d' * 40}:{'d' * 16}:0:1"],
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_spoilt_family_costs_the_sdk_its_trace_but_not_behind_the_gateway(case, applications, gates):
    lines = [*carrying("w3c"), *SPOILT[case]]
    trace, _ = IDS["w3c"]
    assert send(applications["composite"], lines, target="/answer").json()["trace"] != trace
    told = send(gates["composite"], lines, target="/answer").json()
    assert told["trace"] == trace
    assert spelt_ids(told["headers"]) == {(trace, told["parent"])}
