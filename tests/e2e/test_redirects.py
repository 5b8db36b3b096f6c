"""Internal redirects: Envoy sends a request through the filter again, and it stays one request with one judgement (law 17)."""

import json
import time

import bootstrap as b
import pytest
from certificates import Authority, dns
from envoy import Envoy
from places import KEPT
from scenario import SECRET
from test_ends import faulty
from test_protocols import http2, http3
from wire import Answer, answer, connect, head, pairs, send

U, P = "019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814", "019a8b1c-6f3e-7b60-9c1b-2281eda8d7fe"
T, Q = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
OPIK = [f"opik_trace_id: {U}", f"opik_parent_span_id: {P}"]
PROOF = ["x-internal: open-sesame"]
BY_HEADER = {"header": {"name": "x-internal", "equals_env": "GATE_SECRET"}}
NOBODY = {"cidr": ["192.0.2.0/24"]}

#: Each rule has a path of its name.
RULES = {
    "plain": {},
    "secret": {"trust": BY_HEADER, "untrusted": "reject"},
    "near": {"trust": {"cidr": ["127.0.0.0/8"]}, "untrusted": "reject"},
    "stranger": {"trust": NOBODY, "untrusted": "link"},
    "closed": {"trust": NOBODY, "untrusted": "reject"},
    "link": {"inbound": "link"},
    "restart": {"inbound": "restart"},
    "strip": {"upstream": "strip"},
    "strict": {"missing": "reject", "require": ["opik"]},
    "off": {"inbound": "off"},
    "never": {"sample": 0},
    "silent": {"record": False},
    "models": {"genai": "metadata", "genai_api": "openai_chat"},
    "tools": {"genai": "metadata", "genai_api": "mcp", "mcp_parent": "meta"},
    "slow": {},
}

#: What the client sends, the paths that its request takes, the decision, and the trace if it is known.
CONTINUED = {
    "minted": ([], ["plain", "plain/2"], "minted", None),
    "joined": (OPIK, ["plain", "plain/2"], "joined", U),
    "joined by traceparent": ([f"traceparent: 00-{T}-{Q}-01"], ["plain", "plain/2"], "joined", None),
    "two redirects": (OPIK, ["plain", "strip", "plain/2"], "joined", U),
    "trusted by a header": (PROOF + OPIK, ["secret", "secret/2"], "joined", U),
    "trusted by a header, shown to a rule without trust": (PROOF + OPIK, ["plain", "secret"], "joined", U),
    "trusted by a header, shown to a rule that strips": (PROOF + OPIK, ["strip", "secret"], "joined", U),
    "trusted by address": (OPIK, ["near", "near/2"], "joined", U),
    "trusted by the first rule": (OPIK, ["near", "closed"], "joined", U),
    "strict after strip": (OPIK, ["strip", "strict"], "joined", U),
    "strict after strip, minted": ([], ["strip", "strict"], "minted", None),
    "linked": (OPIK, ["link", "link/2"], "linked", None),
    "linked, then joined": (OPIK, ["link", "strict"], "linked", None),
    "a stranger, then joined": (OPIK, ["stranger", "plain"], "linked", None),
    "joined, then linked": (OPIK, ["plain", "link"], "joined", U),
    "restarted": (OPIK, ["restart", "restart/2"], "restarted", None),
    "restarted, then joined": (OPIK, ["restart", "strict"], "restarted", None),
    "joined, then stripped": (OPIK, ["plain", "strip"], "joined", U),
    "held back by a filter before ours": (PROOF + OPIK, ["secret", "slow"], "joined", U),
    "off in the middle": (OPIK, ["strip", "off", "strict"], "joined", U),
}

#: What the client sends, the paths, and the fault.
REFUSED = {
    "a stranger stays one": (OPIK, ["stranger", "closed"], "untrusted"),
    "no proof was shown": (OPIK, ["plain", "secret"], "untrusted"),
    "a wrong proof was shown": (["x-internal: x", *OPIK], ["plain", "secret"], "untrusted"),
    "off, and then nothing is there": ([], ["off", "strict"], "missing"),
}


@pytest.fixture(scope="module")
def envoy(app, sink):
    config = {
        "formats": {"extract": ["opik", "w3c"], "inject": ["opik", "w3c"]},
        "span": {"headers": ["x-case"]},
        "rules": RULES,
        "backends": [b.opik("redirects")],
        "export": {"interval_ms": 50},
    }
    policy = {"internal_redirect_policy": {"max_internal_redirects": 4, "allow_cross_scheme_redirect": True}}
    routes = [b.route(match={"path_separated_prefix": f"/{rule}"}, rule=rule, name=rule, route=policy) for rule in RULES]
    routes.append(b.route(match={"path_separated_prefix": "/unknown"}, rule="unknown", name="unknown"))
    filters = [faulty("/slow", delay={"fixed_delay": "0.5s"}), b.plugin(config, env=SECRET, holds=True)]
    hcm = b.manager(filters, routes)
    tls = Authority(KEPT / "redirects.certificates").issue("quic", dns("localhost"))
    quic = {**hcm, "codec_type": "HTTP3", "upgrade_configs": []}
    listeners = [b.listener("plain", hcm), b.listener("quic", quic, tls=tls, quic=True)]
    clusters = [b.cluster("app", app.port), b.cluster("opik", sink.port)]
    with Envoy("redirects", b.bootstrap(listeners, clusters), env=SECRET) as envoy:
        yield envoy


def lines(case: str, headers: list, paths: list) -> list:
    return [f"x-case: {case}", *([f"x-app: moved={','.join(f'/{path}' for path in paths[1:])}"] if paths[1:] else []), *headers]


def follow(envoy, case: str, headers: list, paths: list, **more) -> Answer:
    return send(envoy.ports["plain"], lines(case, headers, paths), target=f"/{paths[0]}", **more)


def spans_of(sink, case: str, count: int) -> list:
    """The spans of a request, the first pass first."""
    end = time.monotonic() + 10
    while True:
        found = [one for one in sink.spans() if one["metadata"].get("http.request.header.x-case") == case]
        if len(found) >= count:
            break
        assert time.monotonic() < end, f"{len(found)} of {count} spans"
        time.sleep(0.05)
    assert len(found) == count, found
    return sorted(found, key=lambda one: one["start_time"])


def check_chain(spans: list, status=302):
    """Each is the parent of the next, in one trace; all but the last were redirected, after that status of the upstream."""
    *redirected, last = spans
    for one in redirected:
        metadata = one["metadata"]
        assert (metadata["gatespan.end"], metadata["http.response.status_code"]) == ("redirected", status), one
        assert ("error_info" in one) == (status >= 500), one
    assert last["metadata"]["gatespan.end"] == "complete", last
    assert len({one["trace_id"] for one in spans}) == 1, spans
    assert [one.get("parent_span_id") for one in spans[1:]] == [one["id"] for one in redirected], spans
    assert len({one["metadata"]["gatespan.decision"] for one in spans}) == 1, spans


@pytest.mark.parametrize("case", CONTINUED)
def test_second_pass_continues_the_first(case, envoy, app, sink):
    headers, paths, decision, trace = CONTINUED[case]
    assert follow(envoy, case, headers, paths).status == 200
    recorded = [path for path in paths if not path.startswith("off")]
    spans = spans_of(sink, case, len(recorded))
    check_chain(spans)
    assert spans[0]["metadata"]["gatespan.decision"] == decision
    assert trace in (None, spans[0]["trace_id"])
    # The rule of each pass says what goes upstream.
    arrived = app.of(case)
    assert [one.target for one in arrived] == [f"/{path}" for path in paths]
    by_path = dict(zip(recorded, spans, strict=True))
    for path, one in zip(paths, arrived, strict=True):
        assert not one.all("x-internal")
        if path.split("/")[0] in ("strip", "off"):
            assert not [name for name, _ in one.headers if name.lower() in (b"traceparent", b"opik_trace_id")]
        else:
            span = by_path[path]
            assert (one.one("opik_trace_id"), one.one("opik_parent_span_id")) == (span["trace_id"], span["id"])


@pytest.mark.parametrize("case", REFUSED)
def test_second_rule_may_refuse(case, envoy, app):
    headers, paths, fault = REFUSED[case]
    got = follow(envoy, case, headers, paths)
    assert (got.status, got.json()["fault"]) == (400, fault)
    assert [one.target for one in app.of(case)] == [f"/{paths[0]}"]


def test_second_rule_that_does_not_exist_answers_500(envoy):
    got = follow(envoy, "unknown", OPIK, ["plain", "unknown"])
    assert (got.status, got.json()["fault"]) == (500, "config")


@pytest.mark.parametrize("first", ["never", "silent"])
def test_unrecorded_trace_goes_on(first, envoy, app, sink):
    """Sampled is decided once. What was only forwarded is recorded where a rule records."""
    case = f"first {first}"
    assert follow(envoy, case, [f"traceparent: 00-{T}-{Q}-01"] if first == "silent" else [], [first, "plain"]).status == 200
    near, far = (one.one("traceparent").split("-") for one in app.of(case))
    assert far[1] == near[1]
    if first == "silent":
        spans_of(sink, case, 1)
    else:
        assert near[3] == far[3] == "02"
        time.sleep(0.3)
        assert not [one for one in sink.spans() if one["metadata"].get("http.request.header.x-case") == case]


def test_request_that_was_let_alone_is_judged_by_what_its_client_sent(envoy, sink):
    case = "off first"
    assert follow(envoy, case, OPIK, ["off", "strict"]).status == 200
    (span,) = spans_of(sink, case, 1)
    assert (span["trace_id"], span["parent_span_id"]) == (U, P)


@pytest.mark.parametrize("path", ["models", "tools"])
def test_bodies_are_read_in_each_pass(path, envoy, app, sink):
    """The parent that a message names is that of the first pass."""
    case = f"body {path}"
    meta = {"_meta": {"traceparent": f"00-{T}-{Q}-01"}, "name": "look", "arguments": {}}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": meta}
    body = {"model": "gpt-4o", "messages": []} if path == "models" else call
    got = follow(envoy, case, ["content-type: application/json"], [path, f"{path}/2"], method="POST", body=json.dumps(body).encode())
    assert got.status == 200 and got.json()["bytes"] == len(json.dumps(body))
    spans = spans_of(sink, case, 2)
    check_chain(spans)
    if path == "models":
        assert [one["model"] for one in spans] == ["gpt-4o"] * 2
    else:
        assert spans[0]["metadata"]["gatespan.client.trace_id"] == T
        assert [one["metadata"]["mcp.method.name"] for one in spans] == ["tools/call"] * 2


def test_next_request_of_a_connection_is_another_one(envoy, sink):
    cases = ["kept alive", "kept alive after"]
    with connect(envoy.ports["plain"]) as stream:
        for case, paths in zip(cases, (["secret", "secret/2"], ["secret"]), strict=True):
            headers = [*OPIK, *PROOF] if paths[1:] else OPIK
            stream.sendall(head("GET", f"/{paths[0]}", "localhost", pairs(lines(case, headers, paths))))
            assert answer(stream).status == (200 if paths[1:] else 400)
    check_chain(spans_of(sink, cases[0], 2))


def test_request_that_waits_before_its_second_pass_is_not_mixed_up(envoy, app, sink):
    """A filter before ours holds the second pass back, and others pass meanwhile."""
    with connect(envoy.ports["plain"]) as stream:
        asked = pairs(lines("waits", [*OPIK, *PROOF], ["secret", "slow"]))
        stream.sendall(head("GET", "/secret", "localhost", asked))
        envoy.until(lambda: app.of("waits"), what="pass the request")
        time.sleep(0.1)
        assert [send(envoy.ports["plain"], target="/secret").status for _ in range(3)] == [400] * 3
        assert answer(stream).status == 200
    check_chain(spans_of(sink, "waits", 2))


SPOOFED = ["x-envoy-original-url: http://localhost/secret", "gatespan_pass: 1", "wasm.gatespan_pass: 1"]


def test_client_cannot_say_that_its_request_is_a_second_pass(envoy, sink):
    follow(envoy, "before spoofed", [*OPIK, *PROOF], ["secret", "secret/2"])
    for headers in (SPOOFED, [*SPOOFED, *OPIK]):
        assert follow(envoy, "spoofed", headers, ["secret"]).status == 400
    assert follow(envoy, "spoofed", SPOOFED, ["plain"]).status == 200
    (span,) = spans_of(sink, "spoofed", 1)
    assert span.get("parent_span_id") is None and span["metadata"]["gatespan.decision"] == "minted"


def test_redirects_over_http2_and_http3(envoy, sink):
    asked = [("/secret", lines(f"h2 {n}", [*OPIK, *PROOF], ["secret", "secret/2"])) for n in range(20)]
    assert [one[":status"] for one in http2(envoy.ports["plain"], asked)] == ["200"] * 20
    for n in range(20):
        check_chain(spans_of(sink, f"h2 {n}", 2))
    headers, _ = http3(envoy.ports["quic"], "/secret", lines("h3", [*OPIK, *PROOF], ["secret", "secret/2"]))
    assert headers[b":status"] == b"200"
    check_chain(spans_of(sink, "h3", 2))


def custom_response() -> dict:
    """A filter that fetches another response where the upstream answers 503. It sends the request through all filters again,
    and its headers do not say so."""
    policy = {
        "@type": b.TYPE + "envoy.extensions.http.custom_response.redirect_policy.v3.RedirectPolicy",
        "uri": "http://localhost/secret/sorry",
        "status_code": 200,
    }
    match = {
        "single_predicate": {
            "input": {
                "name": "status",
                "typed_config": {"@type": b.TYPE + "envoy.type.matcher.v3.HttpResponseStatusCodeMatchInput"},
            },
            "value_match": {"exact": "503"},
        }
    }
    action = {"action": {"name": "sorry", "typed_config": policy}}
    matcher = {"matcher_list": {"matchers": [{"predicate": match, "on_match": action}]}}
    custom = b.TYPE + "envoy.extensions.filters.http.custom_response.v3.CustomResponse"
    return {"name": "custom_response", "typed_config": {"@type": custom, "custom_response_matcher": matcher}}


@pytest.mark.parametrize("order", ["ours first", "ours last"])
def test_custom_response_is_fetched_by_the_same_request(order, start, app, sink):
    config = {
        "span": {"headers": ["x-case"]},
        "rule": RULES["secret"],
        "backends": [b.opik("custom")],
        "export": {"interval_ms": 50},
    }
    filters = [b.plugin(config, env=SECRET), custom_response()]
    if order == "ours last":
        filters.reverse()
    hcm = b.manager(filters)
    clusters = [b.cluster("app", app.port), b.cluster("opik", sink.port)]
    envoy = start(b.bootstrap([b.listener("gateway", hcm)], clusters), env=SECRET)
    case = f"custom {order}"
    asked = [f"x-case: {case}", "x-app: status=503", *OPIK, *PROOF]
    assert send(envoy.port, asked, target="/secret").status == 200
    assert [one.target for one in app.of(case)] == ["/secret", "/secret/sorry"]
    check_chain(spans_of(sink, case, 2), status=503)
