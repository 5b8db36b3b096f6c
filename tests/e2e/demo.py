"""`make run`: a sink, an application and Envoy with envoy/demo.yaml; requests as they come in, what goes upstream, and the
trace of it. Standard library only."""

import os
import secrets
import signal
import socket
import sys
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from json import dumps

import demo_config
import replies
from app import App
from envoy import Envoy
from places import KEPT
from sink import Sink
from wire import send

OPIK_URL = os.environ.get("OPIK_URL", "").rstrip("/")
# They are somebody else's than the local sink's.
API_KEY = OPIK_URL and os.environ.get("OPIK_API_KEY", "")
WORKSPACE = OPIK_URL and os.environ.get("OPIK_WORKSPACE", "")
PROJECT = "demo"
CALLS = {
    "openai-json": "a model is asked in the manner of OpenAI: the span says which, and what it counted",
    "openai-stream": "the same as a stream: also when its first token came",
    "anthropic-stream": "a stream in the manner of Anthropic, with what came from the cache",
}


def v7() -> str:
    digits = f"{int(time.time() * 1000):012x}7{secrets.token_hex(2)[1:]}{8 + secrets.randbelow(4):x}{secrets.token_hex(8)[1:]}"
    return "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])


def now() -> str:
    seconds = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1e6):06}Z"


class Traced:
    """A caller or an application that writes its own spans to Opik, as its SDK would."""

    def __init__(self, opik: str):
        self._opik = opik

    def write(self, kind: str, **row):
        # last_updated_at always: without it a row of somebody else could win.
        row = {"project_name": PROJECT, "source": "sdk", "end_time": now(), "last_updated_at": now(), **row}
        headers = {"content-type": "application/json"}
        if API_KEY:
            headers["authorization"] = API_KEY
        if WORKSPACE:
            headers["comet-workspace"] = WORKSPACE
        url = f"{self._opik}/v1/private/{kind}/batch"
        body = dumps({kind: [row]}).encode()
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20):
            pass


@dataclass
class Sample:
    """A request, and what has to come of it."""

    title: str
    path: str
    headers: list = field(default_factory=list)
    status: int = 200
    #: The ids of the caller's own trace and span, where that is the trace.
    caller: tuple = None
    #: The call of a model, a row of tests/scenarios/genai.
    call: dict = None


def samples():
    trace, span = v7(), v7()
    yield Sample(
        "a service traced by Opik: its trace is joined",
        "/v1/chat",
        [f"opik_trace_id: {trace}", f"opik_parent_span_id: {span}"],
        caller=(trace, span),
    )
    otel = secrets.token_hex(16)
    yield Sample(
        "a service traced by OpenTelemetry: its id is kept, and Opik gets one that ends alike",
        "/v1/chat",
        [f"traceparent: 00-{otel}-{secrets.token_hex(8)}-01"],
    )
    yield Sample("nobody traced it yet: a new trace", "/v1/chat")
    yield Sample(
        "a malformed id, where ids are required: refused, and the application never sees it",
        "/strict/chat",
        ["opik_trace_id: not-a-uuid"],
        status=400,
    )
    for name, title in CALLS.items():
        row = replies.ROWS[name]
        yield Sample(title, row["path"], ["content-type: application/json"], call=row)


def show(number: int, sample, gateway: int, app: App, traced: Traced, sink) -> list:
    """Sends one sample and prints what came of it; returns what is not as it should be."""
    print(f"\n── {sample.title}")
    began = now()
    case = f"sample-{number}"
    body = replies.asked(sample.call) if sample.call else b""
    answer = send(gateway, [*sample.headers, f"x-case: {case}"], method="POST", target=sample.path, body=body)
    lines("came in", sample.headers or ["(no trace header)"])
    arrived = app.of(case)
    went = [line for one in arrived for line in one.lines() if line.startswith(("opik", "trace"))]
    lines("upstream", went or ["(nothing)"])
    lines("answer", [f"{answer.status}" + (f" {answer.body.decode()}" if answer.status != 200 else "")])
    faults = []
    if answer.status != sample.status:
        faults.append(f"answered {answer.status}, not {sample.status}")
    if sample.status != 200:
        return faults + (["it reached the application"] if arrived else [])
    trace = answer.one("x-gatespan-trace-id")
    if len(arrived) != 1 or not trace or arrived[0].all("opik_trace_id") != [trace.encode()]:
        return [*faults, f"trace {trace}, and the application got {went}"]
    # The two others of this trace write what is theirs.
    if sample.caller:
        traced.write("traces", id=trace, name="the caller", start_time=began)
        traced.write("spans", id=sample.caller[1], trace_id=trace, name="the caller", type="general", start_time=began)
    parent = arrived[0].one("opik_parent_span_id")
    traced.write(
        "spans", id=v7(), trace_id=trace, parent_span_id=parent, name="the application", type="general", start_time=began
    )
    return faults + drawn(trace, parent, 3 if sample.caller else 2, sample.call, sink)


def drawn(trace: str, own: str, count: int, call, sink) -> list:
    if not sink:
        lines("trace", [f"{trace}, in the project {PROJECT}"])
        return []
    came = sink.wait(traces=1, spans=count, trace=trace)
    tree = sink.tree(trace)
    row = tree["trace"]
    lines("trace", [f"{trace} {row['name'] if row else '(no row of this trace came)'}"])
    ids, said = [], None

    def draw(spans, depth):
        nonlocal said
        for span in spans:
            ids.append(span["id"])
            decision = span.get("metadata", {}).get("gatespan.decision")
            mark = f"  ◀ the gateway: {decision}" if decision else ""
            print(f"             {'   ' * depth}└─ {span['id']} {span['name']}{mark}")
            if span["id"] == own and call:
                said = {name: span.get(name) for name in ("model", "usage", "ttft")}
                print(f"             {'   ' * depth}   {told(**said)}")
            draw(span.get("children", []), depth + 1)

    draw(tree["spans"], 0)
    faults = [] if came and row and own in ids and len(ids) == count else ["the trace is not whole"]
    if call and said and (said["model"], said["usage"]) != (call["opik"]["model"], call["opik"]["usage"]):
        faults.append(f"the call says {call}, and its span {said}")
    return faults


def told(model, usage, ttft) -> str:
    counts = usage or {}
    words = [str(model), f"{counts.get('prompt_tokens')} tokens in, {counts.get('completion_tokens')} out"]
    return ", ".join(words + ([f"the first after {ttft:.0f} ms"] if ttft else []))


def lines(word: str, texts):
    for text in texts:
        print(f"   {word:<9} {text}")


def free(port: int) -> int:
    """This port, or any when it is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return port
        except OSError:
            probe.bind(("127.0.0.1", 0))
            print(f"run: port {port} is taken, so it is {probe.getsockname()[1]} this time")
            return probe.getsockname()[1]


def main(stack: ExitStack) -> int:
    sink = None if OPIK_URL else stack.enter_context(Sink("run-sink", f"127.0.0.1:{free(demo_config.SINK)}"))
    opik = OPIK_URL or f"{sink.url}/api"
    app = App(("127.0.0.1", free(demo_config.APP)), usual="reply")
    stack.callback(app.stop)
    gateway, admin = free(demo_config.GATEWAY), free(demo_config.ADMIN)
    config = KEPT / "run.yaml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(demo_config.demo(gateway, app.port, admin, opik, bool(API_KEY), WORKSPACE))
    envoy = stack.enter_context(Envoy("run-envoy", config, level="warning"))
    traced = Traced(opik)

    faults, requests = [], list(samples())
    for number, sample in enumerate(requests):
        faults += [f"{sample.title}: {fault}" for fault in show(number, sample, gateway, app, traced, sink)]
    if not sink:
        # Without a read-back this is how it is known that Opik took the spans.
        passed = sum(sample.status == 200 for sample in requests)
        envoy.eventually(lambda now: now.get("spans.exported", 0) >= passed, seconds=20)
        print(f"\n   the {passed} spans of the gateway were taken by {opik}")

    print(f"\n   gateway   http://127.0.0.1:{gateway}   (curl -i it; /strict demands a trace)")
    print(f"   traces    {sink.url if sink else opik}")
    print(f"   metrics   http://127.0.0.1:{admin}/stats/prometheus")
    print(f"   Envoy     {config}, {envoy.log_path}\n", flush=True)
    for fault in faults:
        print(f"run: FAILED: {fault}", file=sys.stderr)
    if not os.environ.get("ONCE"):
        print("   Ctrl-C ends it.", flush=True)
        while envoy.code is None:
            time.sleep(0.2)
        print(f"run: Envoy ended by itself with {envoy.code}:\n{envoy.log[-3000:]}", file=sys.stderr)
        return 1
    return 1 if faults else 0


def ended(*_):
    raise KeyboardInterrupt


if __name__ == "__main__":
    # By name also the one that Python knows: what starts us in the background may have it ignored.
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, ended)
    try:
        with ExitStack() as everything:
            sys.exit(main(everything))
    except KeyboardInterrupt:
        print()
    except (RuntimeError, OSError, AssertionError) as error:
        sys.exit(f"run: {error}")
