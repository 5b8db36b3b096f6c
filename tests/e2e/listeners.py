"""Listeners in a file that Envoy watches, so that they can be changed while it runs."""

import json
import os

import bootstrap as b
from places import KEPT, WASM
from wire import send

UPDATED = "listener_manager.lds.update_success"


class Listeners:
    def __init__(self, name: str):
        self.path = KEPT / f"{name}.lds.json"

    def write(self, *listeners):
        typed = [{"@type": b.TYPE + "envoy.config.listener.v3.Listener", **one} for one in listeners]
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps({"resources": typed}))
        # Envoy looks when a file is moved into place.
        os.replace(part, self.path)

    def bootstrap(self, *clusters) -> dict:
        document = b.bootstrap([], list(clusters))
        document["node"] = {"id": "test", "cluster": "test"}
        source = {"path": str(self.path)}
        document["dynamic_resources"] = {"lds_config": {"path_config_source": source, "resource_api_version": "V3"}}
        return document


def gate(port, export=None, wasm=WASM, **rule) -> dict:
    """A listener with the filter. Unless `export` says otherwise, what is recorded waits."""
    config = {"rule": rule, "backends": [b.opik("updates")], "export": {"interval_ms": 60_000, **(export or {})}}
    return b.listener("gateway", b.manager([b.plugin(config, wasm=wasm)]), port)


def updated(start, app, collector: int, export=None, **options):
    """An Envoy whose old listener goes as soon as it has drained; its listeners, and the port."""
    listeners = Listeners(f"updates-{collector}")
    listeners.write(gate(0, export))
    clusters = b.cluster("app", app.port), b.cluster("opik", collector)
    envoy = start(listeners.bootstrap(*clusters), drain=1, **options)
    envoy.until(envoy.listening)
    return envoy, listeners, next(iter(envoy.listening().values()))


def enforces(port) -> bool:
    """Whether the new rules answer, which refuse every request without a trace."""
    try:
        return send(port).status == 400
    except OSError:
        # It was in the backlog of the old socket, and reset with it.
        return False
