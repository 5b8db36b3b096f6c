"""What the filter says in Envoy's log, at its most talkative, holds no secret and nothing that a caller sent."""

import re

import bootstrap as b
import pytest
from app import App
from envoy import Envoy
from sink import Sink
from test_headers import NAMES, P, Q, T, U
from wire import send

KEY, PROOF = "key-5f1d0c6b", "proof-9a27e4d3"
#: In every value that a caller sends.
WORD = "word-c0ffee11"

#: Rules under which something is refused; what is sent to them, beside the word.
RULES = {
    "/": ({}, []),
    "/off": ({"inbound": "off"}, []),
    "/missing": ({"missing": "reject"}, []),
    "/invalid": ({"invalid": "reject"}, []),
    "/conflict": ({"conflict": "reject"}, [f"baggage: opik.trace_id={U},opik.span_id={U}"]),
    "/linked": ({"inbound": "link"}, []),
    "/trust": ({"trust": {"header": {"name": "x-proof", "equals_env": "PROOF"}}, "untrusted": "reject"}, []),
}
#: Everything wrong; everything right; right ids and odd company.
SENT = {
    "malformed": [f"{name}: {WORD}" for name in NAMES],
    "right": [f"opik_trace_id: {U}", f"opik_parent_span_id: {P}", f"traceparent: 00-{T}-{Q}-01", f"x-proof: {PROOF}"],
    "odd": [f"opik_trace_id: {U}", b"baggage: " + WORD.encode() + b"=\xff", f"x-proof: {PROOF}{WORD}", f"tracestate: {WORD}={WORD}"],
}
ANYWHERE = [f"authorization: Bearer {WORD}", f"cookie: session={WORD}", f"x-api-key: {WORD}", f"user-agent: {WORD}"]


@pytest.fixture(scope="module")
def said(app):
    """All that Envoy's log holds of the filter, and the whole of that log."""
    routes = [{"match": {"path": path}, **rule} for path, (rule, _) in RULES.items()]
    backends = [
        {**b.opik(f"secrets-{cluster}", api_key_env="KEY"), "cluster": cluster, "name": cluster}
        for cluster in ("locked", "resetting", "nowhere")
    ]
    config = {"routes": routes, "span": {"headers": ["user-agent"]}, "backends": backends, "export": {"interval_ms": 50}}
    hosts = [b.route(match={"path": "/unknown"}, rule="nobody-wrote-it"), b.route()]
    resetting = App(usual="reset_body")
    with Sink("secrets-sink", "127.0.0.1:0", "--key", "another one") as sink:
        hcm = b.manager([b.plugin(config, env={"KEY": KEY, "PROOF": PROOF})], hosts)
        clusters = [b.cluster("app", app.port), b.cluster("locked", sink.port), b.cluster("resetting", resetting.port)]
        document = b.bootstrap([b.listener("gateway", hcm)], clusters)
        with Envoy("secrets", document, env={"KEY": KEY, "PROOF": PROOF}, level="debug", wasm="trace") as envoy:
            for path, (_, more) in RULES.items():
                for lines in SENT.values():
                    send(envoy.port, [*lines, *more, *ANYWHERE], target=f"{path}?token={WORD}")
            send(envoy.port, ANYWHERE, target="/unknown")
            envoy.eventually(lambda stats: stats["backend.locked.export.calls.outcome.failed"] > 0)
            envoy.eventually(lambda stats: stats["backend.resetting.export.calls.outcome.retry"] > 0)
            yield re.findall(r"^\[[^\]]*\]\[\d+\]\[\w+\]\[wasm\].*$", envoy.log, re.M), envoy.log
    resetting.stop()


@pytest.mark.parametrize("secret", [KEY, PROOF, WORD, U, P, T])
def test_no_line_of_ours_holds(secret, said):
    ours, whole = said
    assert [line for line in ours if secret in line] == []
    assert secret == KEY or secret in whole, "it was sent, and Envoy's own debug lines show it"


@pytest.mark.parametrize("line", ["backend locked answers 401", "no call to backend nowhere"])
def test_and_it_does_say(line, said):
    ours, _ = said
    assert [one for one in ours if line in one], ours[-20:]
