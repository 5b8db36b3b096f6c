"""The gateways that are compared: a name, and the bootstrap of an Envoy for each. All answer by themselves, so that no
upstream's work is measured."""

import json

import bootstrap as b
from places import ROOT

REPLAYS = ROOT / "target/bench-envoy"
ALONE, AGAIN = "Envoy alone", "Envoy alone, again"
TRACER = "OTel tracer, HTTP, 512"
TRACER_GRPC = "OTel tracer, gRPC, 512"
NO_OP = "wasm no-op"
HEADERS, RECORDING = "gatespan, headers only", "gatespan, recording"

ROUTE = b.route(cluster=None, direct_response={"status": 200, "body": {"inline_string": "ok"}})

#: What an operator might write by hand in Lua: continue a valid traceparent or make one, and set three headers.
LUA = """
local hex = "0123456789abcdef"
local function random(digits)
  local text = {}
  for place = 1, digits do local at = math.random(16); text[place] = hex:sub(at, at) end
  return table.concat(text)
end
function envoy_on_request(handle)
  local headers = handle:headers()
  local parent = headers:get("traceparent")
  local trace
  if parent then trace = parent:match("^00%-(%x+)%-(%x+)%-(%x%x)$") end
  if not trace or #trace ~= 32 then trace = random(32) end
  local span = random(16)
  headers:replace("traceparent", "00-" .. trace .. "-" .. span .. "-01")
  headers:replace("opik_trace_id", trace)
  headers:replace("opik_parent_span_id", span)
end
"""


def lua() -> dict:
    kind = b.TYPE + "envoy.extensions.filters.http.lua.v3.Lua"
    return {"name": "lua", "typed_config": {"@type": kind, "default_source_code": {"inline_string": LUA}}}


def mutation() -> dict:
    sets = [{"header": {"key": f"x-set-{n}", "value": "0123456789abcdef" * 2}} for n in range(3)]
    changes = [{"append": {**one, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}} for one in sets]
    kind = b.TYPE + "envoy.extensions.filters.http.header_mutation.v3.HeaderMutation"
    return {"name": "mutation", "typed_config": {"@type": kind, "mutations": {"request_mutations": changes}}}


def tracer(**service) -> dict:
    kind = b.TYPE + "envoy.config.trace.v3.OpenTelemetryConfig"
    provider = {"name": "envoy.tracers.opentelemetry", "typed_config": {"@type": kind, "service_name": "gateway", **service}}
    return {"tracing": {"provider": provider}}


def envoy(ports: dict, filters=(), http2=(), **hcm) -> dict:
    one = b.listener("gateway", b.manager(list(filters), [ROUTE], **hcm))
    document = b.bootstrap([one], [b.cluster(name, port, http2=name in http2) for name, port in ports.items()])
    # The tracer sends five spans a request by default, which costs it twice as much.
    layer = {"name": "bench", "static_layer": {"tracing.opentelemetry.min_flush_spans": 512}}
    document["layered_runtime"] = {"layers": [layer]}
    return document


def replay(name: str, ports: dict) -> dict:
    return envoy(ports, [b.plugin(None, wasm=REPLAYS / f"{name}.wasm")])


def all_of_them(sink: int, otlp_grpc: int) -> dict:
    """Bootstraps by name, in the order of the report."""
    told = json.loads((REPLAYS / "ladder.json").read_text())
    recording = told["recording"]
    headers_only = {key: value for key, value in recording.items() if key != "backend"}
    ports = {"opik": sink}
    uri = {"uri": "http://otlp.test/v1/traces", "cluster": "otlp", "timeout": "5s"}
    grpc = {"envoy_grpc": {"cluster_name": "otlp"}, "timeout": "5s"}
    return {
        ALONE: envoy({}),
        AGAIN: envoy({}),
        "header_mutation, 3 headers": envoy({}, [mutation()]),
        "Lua, no recording": envoy({}, [lua()]),
        TRACER: envoy({"otlp": sink}, **tracer(http_service={"http_uri": uri})),
        TRACER_GRPC: envoy({"otlp": otlp_grpc}, http2=("otlp",), **tracer(grpc_service=grpc)),
        NO_OP: replay("no-op", ports),
        HEADERS: envoy(ports, [b.plugin(headers_only)]),
        RECORDING: envoy(ports, [b.plugin(recording)]),
        **{rung["name"]: replay(rung["name"], ports) for rung in told["ladder"]},
    }
