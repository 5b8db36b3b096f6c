"""Backends other than Opik's own API, for configurations, and a gateway that has several."""

import bootstrap as b

#: Lilypad's project, which is a UUID, and its key.
PROJECT = "019cae0b-ba4d-7c41-9a3e-5d0f6b72e814"
KEY = "a key of Lilypad"


def otlp(encoding="protobuf", **more) -> dict:
    return {"kind": "otlp", "cluster": "otlp", "url": "http://otlp.test", "encoding": encoding, **more}


def otlp_opik(**more) -> dict:
    """Opik's own receiver of OTLP."""
    url = "http://opik.test/api/v1/private/otel"
    return {"kind": "otlp", "cluster": "opik", "url": url, "workspace": "default", **more}


def lilypad(**more) -> dict:
    one = {"kind": "lilypad", "cluster": "lilypad", "url": "http://lilypad.test/v0", "project_id": PROJECT, "api_key": KEY}
    return {**one, **more}


def gateway(config: dict, app: int, **collectors) -> dict:
    """`collectors` are ports by the names of their clusters."""
    clusters = [b.cluster("app", app), *(b.cluster(name, port) for name, port in collectors.items())]
    return b.bootstrap([b.listener("gateway", b.manager([b.plugin(config)]))], clusters)
