"""What a request costs in the shipped module, counted: fuel, host calls by name, bytes brought in, the module's size.

Counts and not times, so it is a gate: past the budget in budget.json it fails. `cost.py MODULE`
"""

import json
import sys
from collections import Counter
from pathlib import Path
from struct import pack

from host import CALL_RESPONSE, REQUEST, REQUEST_BODY, RESPONSE, RESPONSE_BODY, Host, Module

BUDGET = json.loads(Path(__file__).with_name("budget.json").read_text())
WARM_UP, MEASURED, BATCH = 400, 1000, 200

#: What every case has, as Envoy's map has it; most cases add two, and have ten headers.
PLAIN = [
    (b":authority", b"gateway.example.com"),
    (b":path", b"/v1/chat/completions?stream=true"),
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64)"),
    (b"accept", b"*/*"),
    (b"x-forwarded-proto", b"http"),
    (b"x-request-id", b"5f8b1c6d-0b0a-4c0e-9f0e-7d1f2a3b4c5d"),
]
W3C = (b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
OPIK = [
    (b"opik_trace_id", b"019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814"),
    (b"opik_parent_span_id", b"019a8b1c-6f3e-7b60-9c1b-2281eda8d7fe"),
]
OTHER = [(b"accept-language", b"en"), (b"content-type", b"application/json")]

RECORDING = {
    "formats": {"extract": ["opik", "w3c"], "inject": ["opik", "w3c"], "opik_spelling": "underscore"},
    "backend": {"kind": "opik", "url": "http://opik.internal:8080/api", "cluster": "opik", "project": "gateway"},
    "export": {"batch_spans": BATCH, "queue_bytes": 16777216},
}
HEADERS_ONLY = {key: value for key, value in RECORDING.items() if key != "backend"}
STRICT = {**RECORDING, "rule": {"missing": "reject", "require": ["opik", "w3c"]}}

#: What is measured: name, configuration, the request's headers.
CASES = [
    ("minted", RECORDING, PLAIN + OTHER),
    ("joined from opik", RECORDING, PLAIN + OPIK),
    ("joined from w3c", RECORDING, PLAIN + OTHER[:1] + [W3C]),
    ("joined from both", RECORDING, PLAIN[:-1] + OPIK + [W3C]),
    ("required", STRICT, PLAIN + OTHER[:1] + [W3C]),
    ("refused", STRICT, PLAIN + OTHER),
    ("headers only", HEADERS_ONLY, PLAIN + OTHER[:1] + [W3C]),
    ("sixty headers", RECORDING, PLAIN + OPIK + [(b"x-%d" % n, b"value") for n in range(50)]),
]

#: What the encoding of a span is measured for.
BACKENDS = [
    ("opik", {"kind": "opik", "project": "gateway"}),
    ("otlp", {"kind": "otlp"}),
    ("otlp as JSON", {"kind": "otlp", "encoding": "json"}),
    ("otlp to Opik", {"kind": "otlp", "dialect": "opik", "project": "gateway"}),
    ("lilypad", {"kind": "lilypad", "project_id": "019a8b1c-6f3e-4c41-9a3e-5d0f6b72e814"}),
]

PROPERTIES = {
    b"response\0code": pack("<q", 200),
    b"response\0flags": pack("<q", 0),
    b"response\0code_details": b"via_upstream",
}


def request(host: Host, context: int, headers: list):
    """One stream from its begin to its end, in Envoy's order."""
    host.maps = {REQUEST: list(headers)}
    host.call("proxy_on_context_create", context, Host.ROOT)
    goes_on = host.call("proxy_on_request_headers", context, len(headers), 0) == 0
    if goes_on:
        host.call("proxy_on_request_body", context, 300, 1)
        host.call("proxy_on_response_headers", context, 5, 0)
        host.call("proxy_on_response_body", context, 500, 0)
        host.call("proxy_on_response_body", context, 0, 1)
    else:
        host.call("proxy_on_response_headers", context, 5, 0)
        host.call("proxy_on_response_body", context, 200, 1)
    host.call("proxy_on_log", context)
    host.call("proxy_on_done", context)
    host.call("proxy_on_delete", context)


#: The first byte of OTLP in protocol buffers.
EXPORT_REQUEST = b"\x0a"


def tick(host: Host) -> int:
    """A tick, and answers to the calls that it makes, until it makes no more. The bytes of their bodies."""
    sent = 0
    host.call("proxy_on_tick", Host.ROOT)
    while host.pending:
        token, body = host.pending.popitem()
        assert body[:1] == EXPORT_REQUEST or json.loads(body), "what is sent is OTLP or JSON"
        sent += len(body)
        host.maps[CALL_RESPONSE] = [(b":status", b"204")]
        host.call("proxy_on_http_call_response", Host.ROOT, token, 1, 0, 0)
    return sent


class Cost:
    """The counts of the measured requests of a case."""

    def __init__(self, module: Module, configuration: dict, headers: list):
        host = Host(module, PROPERTIES)
        host.configure(json.dumps(configuration).encode())
        context = Host.ROOT
        for number in range(WARM_UP + MEASURED):
            if number == WARM_UP:
                fuel, ticks, memory, sent = host.fuel(), 0, host.memory_bytes(), 0
                host.calls, host.returning = Counter(), 0
            context += 1
            request(host, context, headers)
            if (number + 1) % BATCH == 0:
                before, calls, returning = host.fuel(), host.calls.copy(), host.returning
                bytes_sent = tick(host)
                if number >= WARM_UP:
                    ticks += host.fuel() - before
                    sent += bytes_sent
                host.calls, host.returning = calls, returning
        self.fuel = (host.fuel() - fuel - ticks) / MEASURED
        self.tick_fuel = ticks / MEASURED
        self.calls = {name: count / MEASURED for name, count in sorted(host.calls.items())}
        self.returning = host.returning / MEASURED
        self.sent = sent / MEASURED
        self.grown = host.memory_bytes() - memory
        self.logged = host.logged

    def figures(self) -> dict:
        return {
            "fuel": self.fuel + self.tick_fuel,
            "host_calls": sum(self.calls.values()),
            "returning_calls": self.returning,
            "random_get": self.calls.get("random_get", 0),
            "memory_growth": self.grown,
        }


def encoding(module: Module, backend: dict) -> dict:
    """What a span costs with this backend: that of a second one like it, where everything else is done for the first."""
    ours = [{"url": "http://a.internal", "cluster": "a", "name": name, **backend} for name in ("one", "two")]
    document = {key: value for key, value in RECORDING.items() if key != "backend"}
    one, two = (Cost(module, {**document, "backends": ours[:count]}, PLAIN + OTHER) for count in (1, 2))
    return {"fuel": two.fuel - one.fuel, "bytes": two.sent - one.sent}


#: An answer of a model as it streams: events of a usual size, and at the end what was counted.
EVENT = b'data: {"id":"chatcmpl-9fV3kq","object":"chat.completion.chunk","created":1772446530,"model":"gpt-4o-2024-08-06",' \
    b'"choices":[{"index":0,"delta":{"content":" and so on, word by word, to the end of it"},"finish_reason":null}]}\n\n'
LAST = b'data: {"id":"chatcmpl-9fV3kq","model":"gpt-4o-2024-08-06","choices":[],' \
    b'"usage":{"prompt_tokens":120,"completion_tokens":48,"total_tokens":168}}\n\ndata: [DONE]\n\n'
ASKED = b'{"model":"gpt-4o","stream":true,"messages":[{"role":"user","content":"' + b"word " * 200 + b'"}]}'
STREAMS = 200


class Streaming:
    """What answers of so many events cost, and the calls that they make."""

    def __init__(self, module: Module, events: int):
        host = Host(module, PROPERTIES)
        host.configure(json.dumps({**RECORDING, "rule": {"genai": "metadata"}}).encode())
        fuel, sent = 0, 0
        for context in range(2, 2 + STREAMS + WARM_UP):
            if context == 2 + WARM_UP:
                fuel, host.calls, host.returning = host.fuel(), Counter(), 0
            self.stream(host, context, events)
            if context % BATCH == 0:
                before, calls, returning = host.fuel(), host.calls.copy(), host.returning
                sent = tick(host)
                fuel += (host.fuel() - before) if context >= 2 + WARM_UP else 0
                host.calls, host.returning = calls, returning
        assert sent > 0 and not host.logged, host.logged
        self.fuel = (host.fuel() - fuel) / STREAMS
        self.calls, self.returning = sum(host.calls.values()) / STREAMS, host.returning / STREAMS

    @staticmethod
    def stream(host: Host, context: int, events: int):
        host.maps = {REQUEST: PLAIN + OTHER, RESPONSE: [(b":status", b"200"), (b"content-type", b"text/event-stream")]}
        host.call("proxy_on_context_create", context, Host.ROOT)
        host.call("proxy_on_request_headers", context, 10, 0)
        host.buffers[REQUEST_BODY] = ASKED
        host.call("proxy_on_request_body", context, len(ASKED), 1)
        host.call("proxy_on_response_headers", context, 2, 0)
        for chunk in [EVENT] * events + [LAST]:
            host.buffers[RESPONSE_BODY] = chunk
            host.call("proxy_on_response_body", context, len(chunk), 0)
        host.call("proxy_on_response_body", context, 0, 1)
        host.call("proxy_on_log", context)
        host.call("proxy_on_done", context)
        host.call("proxy_on_delete", context)


def streaming(module: Module) -> list:
    """An answer of 20 events, and one more event of it."""
    short, long = Streaming(module, 20), Streaming(module, 40)
    event = {name: (getattr(long, name) - getattr(short, name)) / 20 for name in ("fuel", "calls", "returning")}
    return [("an answer", vars(short)), ("an event of it", event)]


def main(path: str):
    code = Path(path).read_bytes()
    module = Module(code)
    over = []

    def judge(place: str, figures: dict, budget: dict):
        for name, most in budget.items():
            if figures[name] > most:
                over.append(f"{place}: {name} is {figures[name]:g}, the budget {most:g}")

    print(f"module: {len(code):,} bytes")
    judge("module", {"bytes": len(code)}, BUDGET["module"])
    print(f"{'a request':<18}{'fuel':>8}{'of ticks':>10}{'host calls':>12}{'returning':>11}  by name")
    for name, configuration, headers in CASES:
        cost = Cost(module, configuration, headers)
        figures = cost.figures()
        calls = ", ".join(f"{call.removeprefix('proxy_')} {count:g}" for call, count in cost.calls.items())
        print(
            f"{name:<18}{figures['fuel']:>8.0f}{cost.tick_fuel:>10.0f}{figures['host_calls']:>12g}"
            f"{figures['returning_calls']:>11g}  {calls}"
        )
        judge(name, figures, {**BUDGET["request"], **BUDGET["cases"].get(name, {})})
        if cost.logged:
            over.append(f"{name}: the module complained: {cost.logged[:3]}")
    print(f"{'a span':<18}{'fuel':>8}{'bytes':>10}")
    for name, backend in BACKENDS:
        figures = encoding(module, backend)
        print(f"{name:<18}{figures['fuel']:>8.0f}{figures['bytes']:>10.0f}")
        judge(f"a span for {name}", figures, BUDGET["spans"][name])
    print(f"{'a model that streams':<22}{'fuel':>8}{'host calls':>12}{'returning':>11}")
    for name, figures in streaming(module):
        print(f"{name:<22}{figures['fuel']:>8.0f}{figures['calls']:>12g}{figures['returning']:>11g}")
        judge(name, figures, BUDGET["streaming"][name])
    for line in over:
        print(f"over budget: {line}", file=sys.stderr)
    sys.exit(bool(over))


if __name__ == "__main__":
    main(*sys.argv[1:])
