"""How a request ended, as its span tells it: from Envoy's flags and details, and not from the status alone."""

import time

import bootstrap as b
import pytest
from app import App
from envoy import Envoy
from sink import soon
from websockets.sync.client import connect as websocket
from wire import answer, connect, head, pairs, send, until

#: Path, what the application does, status for the caller, `gatespan.end`, error_info's type.
ROWS = {
    "answered": ("/", "", 200, "complete", None),
    "caller's mistake": ("/", "status=404", 404, "complete", None),
    "upstream says 503": ("/", "status=503", 503, "complete", "503"),
    "event stream": ("/", "sse=3,20", 200, "complete", None),
    "upstream resets before its answer": ("/", "reset", 503, "upstream_reset", "upstream_reset"),
    "upstream resets inside its answer": ("/", "reset_body", 200, "upstream_reset", "upstream_reset"),
    "upstream speaks no HTTP": ("/", "garbage", 502, "upstream_reset", "upstream_reset"),
    "upstream takes too long": ("/short", "stall", 504, "timeout", "timeout"),
    "upstream refuses connections": ("/refused", "", 503, "upstream_unavailable", "upstream_unavailable"),
    "no such cluster": ("/ghost", "", 503, "no_route", "503"),
    "no route": ("/nowhere", "", 404, "no_route", None),
    "Envoy answers itself": ("/direct", "", 418, "local_reply", None),
    "Envoy redirects": ("/moved", "", 301, "local_reply", None),
    "a filter behind ours refuses": ("/denied", "", 403, "local_reply", None),
    "a filter behind ours fails": ("/broken", "", 503, "local_reply", "503"),
    "a filter behind ours delays": ("/delayed", "", 200, "complete", None),
    "nothing moves for too long": ("/idle", "stall", 504, "timeout", "timeout"),
    "an event stream lives too long": ("/mortal", "sse=100,50", 200, "timeout", "timeout"),
    "every attempt is answered 503": ("/retried", "status=503", 503, "complete", "503"),
    "every attempt takes too long": ("/tried", "stall", 504, "timeout", "timeout"),
}


def routes():
    return [
        b.route(match={"path": "/"}),
        b.route(match={"path": "/short"}, route={"timeout": "0.3s"}),
        b.route("refused", match={"path": "/refused"}),
        b.route("ghost", match={"path": "/ghost"}),
        b.route(None, match={"path": "/direct"}, direct_response={"status": 418}),
        b.route(None, match={"path": "/moved"}, redirect={"path_redirect": "/"}),
        b.route(match={"path": "/denied"}),
        b.route(match={"path": "/broken"}),
        b.route(match={"path": "/delayed"}),
        b.route(match={"path": "/idle"}, route={"idle_timeout": "0.3s"}),
        b.route(match={"path": "/mortal"}, route={"max_stream_duration": {"max_stream_duration": "0.5s"}}),
        b.route(match={"path": "/retried"}, route={"retry_policy": {"retry_on": "5xx", "num_retries": 2}}),
        b.route(match={"path": "/tried"}, route={"retry_policy": {"retry_on": "5xx", "per_try_timeout": "0.2s"}}),
    ]


def denying(path: str) -> dict:
    """A filter that answers 403."""
    rule = {"principals": [{"any": True}], "permissions": [{"url_path": {"path": {"exact": path}}}]}
    rbac = b.TYPE + "envoy.extensions.filters.http.rbac.v3.RBAC"
    return {"name": "rbac", "typed_config": {"@type": rbac, "rules": {"action": "DENY", "policies": {"all": rule}}}}


def faulty(path: str, **what) -> dict:
    """A filter that does this to every request."""
    ((name, how),), always = what.items(), {"percentage": {"numerator": 100}}
    only = [{"name": ":path", "string_match": {"exact": path}}]
    fault = b.TYPE + "envoy.extensions.filters.http.fault.v3.HTTPFault"
    return {"name": name, "typed_config": {"@type": fault, name: {**how, **always}, "headers": only}}


@pytest.fixture(scope="module")
def envoy(app, sink):
    hosts = [{"name": "all", "domains": ["*"], "routes": routes()}]
    config = {
        "span": {"headers": ["x-case"]},
        "rule": {"expose": True},
        "backends": [b.opik("ends")],
        "export": {"interval_ms": 100},
    }
    filters = [b.plugin(config), denying("/denied")]
    filters += [faulty("/broken", abort={"http_status": 503}), faulty("/delayed", delay={"fixed_delay": "0.05s"})]
    hcm = b.manager(filters, route_config={"virtual_hosts": hosts, "validate_clusters": False})
    gone = App()
    gone.stop()
    clusters = [b.cluster("app", app.port), b.cluster("opik", sink.port), b.cluster("refused", gone.port)]
    with Envoy("ends", b.bootstrap([b.listener("gateway", hcm)], clusters)) as envoy:
        yield envoy


def span_of(sink, case: str) -> dict:
    """The one span of this request."""
    return soon(lambda: [one for one in sink.spans() if one["metadata"].get("http.request.header.x-case") == case])


def check(span, status, ended, error):
    metadata = span["metadata"]
    assert metadata["gatespan.end"] == ended, metadata
    assert metadata.get("http.response.status_code") == status, metadata
    info = span.get("error_info")
    assert (info and info["exception_type"]) == error, span
    if info:
        assert info["message"] and info["traceback"], info


@pytest.mark.parametrize("case", ROWS)
def test_end(case, envoy, sink):
    path, wish, status, ended, error = ROWS[case]
    got = send(envoy.port, [f"x-case: {case}", *([f"x-app: {wish}"] if wish else [])], target=path)
    assert got.status == status
    span = span_of(sink, case)
    check(span, status, ended, error)
    # Also what Envoy answered itself shows the caller its trace.
    assert got.one("x-gatespan-trace-id") == span["trace_id"]


@pytest.fixture
def behind(app, sink, start):
    """An Envoy in which another filter, before ours, answers for two paths."""
    sink.reset()
    config = {
        "rule": {"expose": True},
        "routes": [{"match": {"path": "/strict"}, "missing": "reject"}],
        "span": {"headers": ["x-case"]},
        "backends": [b.opik("before")],
        "export": {"interval_ms": 50},
    }
    hcm = b.manager([denying("/denied"), denying("/strict"), b.plugin(config)])
    return start(b.bootstrap([b.listener("gateway", hcm)], [b.cluster("app", app.port), b.cluster("opik", sink.port)]))


def test_a_filter_before_ours_answers(behind, sink):
    """We hear of such a request when it has ended. It is recorded, and there is nothing to change any more."""
    got = send(behind.port, ["x-case: before"], target="/denied")
    assert (got.status, got.one("x-gatespan-trace-id")) == (403, None)
    check(span_of(sink, "before"), 403, "local_reply", None)
    assert behind.plugin_log() == []


def test_a_filter_before_ours_answers_what_we_would_refuse(behind):
    assert send(behind.port, target="/strict").status == 403
    assert send(behind.port).status == 200


def test_the_caller_leaves_before_any_answer(envoy, sink):
    with connect(envoy.port) as stream:
        stream.sendall(head("GET", "/", "localhost", pairs(["x-case: left early", "x-app: stall=2"])))
        time.sleep(0.2)
    check(span_of(sink, "left early"), None, "downstream_reset", None)


def test_the_caller_leaves_inside_an_event_stream(envoy, sink):
    with connect(envoy.port) as stream:
        stream.sendall(head("GET", "/", "localhost", pairs(["x-case: left inside", "x-app: sse=100,50"])))
        until(stream, b"data: 0")
    check(span_of(sink, "left inside"), 200, "downstream_reset", None)


def test_malformed(envoy, sink):
    """No header of it could be read, and yet it is told."""
    with connect(envoy.port) as stream:
        stream.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\nbroken header line\r\n\r\n")
        assert answer(stream).status == 400
    span = soon(lambda: [one for one in sink.spans() if one["metadata"]["gatespan.end"] == "malformed"])
    check(span, 400, "malformed", None)


def test_a_websocket_is_told_when_it_closes(envoy, sink, app):
    headers = {"x-case": "websocket"}
    with websocket(f"ws://127.0.0.1:{envoy.port}/", additional_headers=headers, proxy=None) as socket:
        for text in ("a", "b" * 300):
            socket.send(text)
            assert socket.recv() == text
        time.sleep(0.5)
        assert not [s for s in sink.spans() if s["metadata"].get("http.request.header.x-case") == "websocket"]
    span = span_of(sink, "websocket")
    check(span, 101, "complete", None)
    assert app.of("websocket")[0].one("opik_trace_id") == span["trace_id"]
    assert span["metadata"]["http.request.body.size"] > 300


def test_sizes(envoy, sink):
    got = send(envoy.port, ["x-case: sizes", "x-app: big=10000000"], method="POST", body=b"y" * 100_000)
    assert len(got.body) == 10_000_000
    metadata = span_of(sink, "sizes")["metadata"]
    assert metadata["http.request.body.size"] == 100_000
    assert metadata["http.response.body.size"] == 10_000_000


def test_a_stream_is_not_held_back(envoy, app):
    """The application sends its next event when the one before has arrived: one that is held back ends this."""
    with connect(envoy.port) as stream:
        stream.sendall(head("GET", "/", "localhost", pairs(["x-app: steps"])))
        for number in range(5):
            app.step(f"event-{number}")
            until(stream, f"data: event-{number}\n\n".encode())
        app.step("")
        until(stream, b"0\r\n\r\n")
