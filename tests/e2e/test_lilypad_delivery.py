"""What becomes of spans at Lilypad, which stores each id once and does not always say that it stored nothing."""

import pytest
from accounts import settled
from backends import KEY, PROJECT, gateway, lilypad
from sink import Sink
from wire import send

#: A batch is full with these, and leaves on the next tick.
MANY = 6
EXPORT = {"batch_spans": MANY, "interval_ms": 60_000, "backoff_ms": 50, "backoff_max_ms": 100, "timeout_ms": 600}
CALLER = ["traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]


KEYS_KNOWN = ["--lilypad-key", f"{KEY}={PROJECT}", "--lilypad-key", f"another key={PROJECT[:-1]}5"]


@pytest.fixture(scope="module")
def alone():
    """The server without a queue."""
    with Sink("lilypad-alone", "127.0.0.1:0", *KEYS_KNOWN) as sink:
        sink.has_queue = False
        yield sink


@pytest.fixture(scope="module")
def queued():
    with Sink("lilypad-queued", "127.0.0.1:0", *KEYS_KNOWN, "--lilypad-queue") as sink:
        sink.has_queue = True
        yield sink


@pytest.fixture(params=["alone", "queued"])
def server(request):
    return request.getfixturevalue(request.param)


def config(**more) -> dict:
    return {"backends": [lilypad()], "export": EXPORT, **more}


def call(envoy, count=MANY, lines=()):
    for number in range(count):
        assert send(envoy.port, lines, target=f"/{number}").status == 200


def ids(rows) -> list:
    return [row.get("id") or row["span_id"] for row in rows]


def sent(app, count=MANY) -> list:
    """The ids of our spans, as the application got them."""
    return [one.one("traceparent").split("-")[2] for one in app.arrived[-count:]]


def test_a_caller_that_is_joined_is_not_kept_without_a_queue(server, app, start):
    """The server wants the root in the same call. It says how many it stored, and the gateway hears it."""
    server.reset()
    envoy = start(gateway(config(), app.port, lilypad=server.port))
    call(envoy, 4)
    call(envoy, 2, CALLER)
    *roots, one, other = sent(app)
    stats = settled(envoy, MANY)
    lost = [] if server.has_queue else [one, other]
    assert stats["spans.dropped.reason.refused"] == len(lost), stats
    assert stats["spans.exported"] == MANY - len(lost)
    found = server.lilypad()
    assert ids(found["lost"]) == lost
    assert sorted(ids(found["spans"])) == sorted({*roots, one, other} - {*lost})
    assert len(server.requests()) == 1
    # What a server without a queue would drop is said when the gateway starts.
    assert any(line.startswith("gatespan: backend lilypad: a server without a queue") for line in envoy.plugin_log())


def test_no_caller_is_joined_and_nobody_is_warned(alone, app, start):
    envoy = start(gateway(config(rule={"inbound": "link"}), app.port, lilypad=alone.port))
    alone.reset()
    call(envoy, lines=CALLER)
    assert settled(envoy, MANY)["spans.exported"] == MANY
    assert [line for line in envoy.plugin_log() if "gatespan: backend" in line] == []
    found = alone.lilypad()
    assert found["lost"] == [] and len(found["spans"]) == MANY
    links = [(link["trace_id"], link["span_id"]) for span in found["spans"] for link in span["links"]]
    assert links == [tuple(CALLER[0].split("-")[1:3])] * MANY


#: The spans are stored, and the gateway does not learn of it.
LOST = {
    "a reset inside the answer": {"kind": "reset_mid_body"},
    "silence": {"kind": "silent"},
    "502 from what stands before": {"kind": "status", "code": 502},
}


@pytest.mark.parametrize("case", LOST)
def test_a_lost_answer_neither_doubles_nor_loses(case, server, app, start):
    server.reset()
    envoy = start(gateway(config(), app.port, lilypad=server.port))
    server.fault({**LOST[case], "store": True, "times": 1})
    call(envoy)
    stats = settled(envoy, MANY)
    assert (stats["spans.exported"], stats["export.calls.outcome.retry"]) == (MANY, 1), stats
    found = server.lilypad()
    assert sorted(ids(found["spans"])) == sorted(sent(app))
    # The second try: a database alone refuses what is there, a queue takes it and it is dropped behind.
    statuses = [one["status"] for one in server.requests()]
    assert statuses[1:] == [200 if server.has_queue else 500]
    assert len(found["lost"]) == (MANY if server.has_queue else 0)


def test_a_database_that_is_away_for_a_moment(alone, app, start):
    """It answers as if something in the batch were bad."""
    alone.reset()
    envoy = start(gateway(config(), app.port, lilypad=alone.port))
    alone.fault({"kind": "status", "code": 500, "times": 1})
    call(envoy)
    assert settled(envoy, MANY)["spans.exported"] == MANY
    assert len(alone.requests()) == 2 and len(alone.lilypad()["spans"]) == MANY


#: Keys that let nobody in.
KEYS = {"unknown": 401, "another key": 400}


@pytest.mark.parametrize("key", KEYS)
def test_a_key_that_is_not_good_stops_the_export(key, alone, app, start):
    alone.reset()
    quick = {"interval_ms": 50, "backoff_ms": 60_000, "backoff_max_ms": 60_000}
    envoy = start(gateway({"backends": [lilypad(api_key=key)], "export": quick}, app.port, lilypad=alone.port))
    call(envoy, 1)
    envoy.eventually(lambda stats: stats["export.calls.outcome.failed"] == 1)
    assert [one["status"] for one in alone.requests()] == [KEYS[key]]
    # The parent that a caller brings stays, because ours would not arrive.
    call(envoy, 1, CALLER)
    assert app.arrived[-1].one("traceparent") == CALLER[0].removeprefix("traceparent: ")
    stats = envoy.eventually(lambda stats: stats["requests.unrecorded.reason.export_stopped"] == 1)
    assert stats["queue.spans"] == 1 and alone.lilypad()["spans"] == []
    assert "another key" not in envoy.log
