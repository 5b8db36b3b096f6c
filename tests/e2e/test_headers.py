"""Headers as nobody should send them: right answers, no 5xx, and the next request is fine."""

import re

import bootstrap as b
import pytest
from envoy import Envoy
from wire import send

T, Q = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
U, P = "019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814", "019a8b1c-6f3e-7b60-9c1b-2281eda8d7fe"
CLEAN = [f"opik_trace_id: {U}", f"opik_parent_span_id: {P}"]

KNOWN = [
    "traceparent tracestate baggage b3 x-b3-traceid x-b3-spanid x-b3-sampled x-b3-flags x-b3-parentspanid uber-trace-id",
    "jaeger-debug-id jaeger-baggage uberctx-a opik_trace_id opik-trace-id opik_parent_span_id opik-parent-span-id",
    "opik_project_name opik_thread_id opik_tags",
]
NAMES = " ".join(KNOWN).split()

#: What comes in, beside a valid Opik pair if the second is true.
ROWS = {
    "bytes that are no UTF-8, in a header of somebody": ([b"x-odd: \xff\xfe\x80", b"user-agent: \xc3\x28"], True),
    "bytes that are no UTF-8, in baggage": ([b"baggage: a=\xff,b=\xfe"], True),
    "bytes that are no UTF-8, in every known header": ([name.encode() + b": \xff\xfe" for name in NAMES], False),
    "an empty value in every known header": ([name.encode() + b": " for name in NAMES], False),
    "sixty headers": ([f"x-number-{n}: {n}".encode() for n in range(60)], True),
    "sixty of one name": ([b"x-same: %d" % n for n in range(60)], True),
    "sixty baggage headers": ([b"baggage: k%d=v" % n for n in range(60)], True),
    "8 KB in a header of somebody": ([b"x-long: " + b"l" * 8192], True),
    "8 KB in baggage": ([b"baggage: long=" + b"l" * 8192], True),
    "8 KB in tracestate": ([f"traceparent: 00-{T}-{Q}-01".encode(), b"tracestate: long=" + b"l" * 8192], True),
    "8 KB in every id": ([name.encode() + b": " + b"0" * 2000 for name in NAMES], False),
    "every known header twice": ([name.encode() + b": 1" for name in NAMES for _ in "ab"], False),
    "a tab": ([b"baggage: a=\tb", b"tracestate: a=\tb"], True),
}


@pytest.fixture(scope="module")
def envoy(app, sink):
    config = {
        "formats": {"extract": ["opik", "opik_baggage", "w3c", "b3", "b3multi", "jaeger"]},
        "span": {"headers": ["x-case", "user-agent", "x-odd"]},
        "backends": [b.opik("headers")],
        "export": {"interval_ms": 100},
    }
    with Envoy("headers", b.gateway(config, app.port, sink.port)) as envoy:
        yield envoy


def upstream(app, case: str):
    (one,) = app.of(case)
    for _, value in one.headers:
        assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", value), value
    return one


@pytest.mark.parametrize("case", ROWS)
def test_odd(case, envoy, app, sink):
    odd, paired = ROWS[case]
    got = send(envoy.port, [*odd, *(CLEAN if paired else []), f"x-case: {case}"])
    assert got.status == 200, got
    arrived = upstream(app, case)
    if paired:
        assert arrived.one("opik_trace_id") == U
    # Whatever came: what the application reads is well formed.
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", arrived.one("opik_trace_id"))
    for name, value in odd_kept(odd):
        assert value in arrived.all(name), name
    send(envoy.port, [*CLEAN, f"x-case: after {case}"])
    assert upstream(app, f"after {case}").one("opik_trace_id") == U
    envoy.eventually(lambda stats: stats["spans.exported"] == stats["spans.recorded"])
    assert sink.refused() == []


def odd_kept(odd):
    """Headers that are no business of ours arrive byte for byte."""
    for line in odd:
        name, _, value = line.partition(b": ")
        if name.startswith((b"x-odd", b"x-long", b"x-same", b"x-number", b"user-agent")):
            yield name.decode(), value


def test_poison_costs_nobody(envoy, app, sink):
    """One bad id would make Opik refuse the batch that everybody's spans are in."""
    sink.reset()
    bad = ["not-a-uuid", "019a8b1c-6f3e-4c41-9a3e-5d0f6b72e814", "ffffffff-ffff-7fff-bfff-ffffffffffff", "%00", ""]
    for number in range(40):
        lines = [f"opik_trace_id: {bad[number % len(bad)]}", f"opik_parent_span_id: {P}"] if number % 2 else CLEAN
        assert send(envoy.port, [*lines, f"x-case: poison {number}"]).status == 200
        arrived = upstream(app, f"poison {number}").one("opik_trace_id")
        assert arrived not in bad and (arrived == U) == (number % 2 == 0)
    assert sink.wait(spans=40), "every span came"
    assert sink.refused() == []


def test_nothing_fell_over(envoy):
    """Last in this file: no VM of this Envoy ever ended."""
    reloads = {name: n for name, n in envoy.stats("vm_reload").items() if n}
    assert reloads == {}
    assert not re.findall(r"panicked|proxy_on_\w+ failed|Uncaught RuntimeError", envoy.log)
