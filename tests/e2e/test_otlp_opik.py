"""OTLP towards Opik: whole trees with their rows, in the project that each request asks for."""

import bootstrap as b
import pytest
from accounts import settled
from backends import otlp_opik
from wire import send

QUICK = {"interval_ms": 50}
U, P = "019a8b1c-6f3e-7c41-9a3e-5d0f6b72e814", "019a8b1c-6f3e-7b60-9c1b-2281eda8d7fe"


def dated(id_: str) -> str:
    """An id of now: Opik takes none that is a day old."""
    from scenario import IDS

    return IDS["NOW"][:13] + id_[13:]


def config(**more) -> dict:
    return {"backends": [otlp_opik(project="tree")], "export": QUICK, **more}


@pytest.fixture
def chain(app, sink, start):
    """Two gateways, one behind the other; the port of the outer one."""
    sink.reset()
    outer, inner = (b.manager([b.plugin(config(), vm_id=name)], [b.route(cluster)]) for name, cluster in (("outer", "inner"), ("inner", "app")))
    listeners = [b.listener("outer", outer), b.listener("inner", inner)]
    envoy = start(b.bootstrap(listeners, [b.cluster("app", app.port), b.cluster("opik", sink.port), b.cluster("inner", 1)]))
    return envoy
