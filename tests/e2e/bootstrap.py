"""Configurations of Envoy for tests, as documents."""

import json

import yaml

from places import EXAMPLES, WASM

TYPE = "type.googleapis.com/"
HCM = TYPE + "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = {
    "name": "envoy.filters.http.router",
    "typed_config": {"@type": TYPE + "envoy.extensions.filters.http.router.v3.Router"},
}
OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def opik(project: str, **more) -> dict:
    """A backend, for a plugin's configuration."""
    return {"kind": "opik", "cluster": "opik", "url": "http://opik.test/api", "project": project, **more}


def plugin(config, name="gatespan", env=(), kind="Struct", vm_id="gatespan", wasm=WASM, holds=False) -> dict:
    """The filter. `config` is a document, a text for what is no JSON, or None. `holds` is whether it may hold a request
    and see its body meanwhile."""
    body = {
        "name": name,
        "root_id": "gatespan",
        "failure_policy": "FAIL_RELOAD",
        "reload_config": {"backoff": {"base_interval": "0.1s", "max_interval": "1s"}},
        "vm_config": {
            "vm_id": vm_id,
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": str(wasm)}},
        },
    }
    if holds:
        body["allow_on_headers_stop_iteration"] = True
    if env:
        body["vm_config"]["environment_variables"] = {"host_env_keys": list(env)}
    if kind == "Struct" and isinstance(config, dict):
        body["configuration"] = {"@type": TYPE + "google.protobuf.Struct", "value": config}
    elif config is not None:
        text = config if isinstance(config, str) else json.dumps(config)
        body["configuration"] = {"@type": TYPE + "google.protobuf.StringValue", "value": text}
    wasm = TYPE + "envoy.extensions.filters.http.wasm.v3.Wasm"
    return {"name": name, "typed_config": {"@type": wasm, "config": body}}


def route(cluster="app", match=None, rule=None, name="app", **more) -> dict:
    one = {"name": name, "match": match or {"prefix": "/"}, **more}
    if cluster:
        one["route"] = {"cluster": cluster, "timeout": "5s", **one.get("route", {})}
    if rule:
        one["metadata"] = {"filter_metadata": {"gatespan": {"rule": rule}}}
    return one


def manager(filters, routes=None, access_log=None, **more) -> dict:
    """An HTTP connection manager; `more` replaces its keys."""
    hcm = {
        "@type": HCM,
        "stat_prefix": "gateway",
        "common_http_protocol_options": {"headers_with_underscores_action": "ALLOW"},
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "route_config": {
            "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes or [route()]}]
        },
        "http_filters": [*filters, ROUTER],
    }
    if access_log:
        hcm["access_log"] = [logged_to(access_log)]
    return {**hcm, **more}


def logged_to(path) -> dict:
    """A JSON line for each request, in which a test finds its own by `case`."""
    words = {
        "case": "%REQ(X-CASE)%",
        "status": "%RESPONSE_CODE%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "flags": "%RESPONSE_FLAGS%",
        "grpc": "%GRPC_STATUS_NUMBER%",
    }
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": TYPE + "envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": str(path),
            "log_format": {"json_format": words},
        },
    }


def listener(name: str, hcm: dict, port=0, tls=None, callers=None, quic=False, lenient=False) -> dict:
    """`tls` is a pair of files, certificate and key; `callers` the file of the authority that clients need. A lenient listener
    takes clients without a certificate, or with one that nobody can verify."""
    address = {"address": "127.0.0.1", "port_value": port}
    chain = {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": hcm}]}
    one = {"name": name, "address": {"socket_address": address}, "filter_chains": [chain]}
    if quic:
        address["protocol"] = "UDP"
        one["udp_listener_config"] = {"quic_options": {}, "downstream_socket_config": {"prefer_gro": True}}
    if tls:
        pair = {"certificate_chain": {"filename": str(tls[0])}, "private_key": {"filename": str(tls[1])}}
        common = {"tls_certificates": [pair]}
        if quic:
            context = "envoy.extensions.transport_sockets.quic.v3.QuicDownstreamTransport"
            chain["transport_socket"] = {
                "name": "envoy.transport_sockets.quic",
                "typed_config": {"@type": TYPE + context, "downstream_tls_context": {"common_tls_context": common}},
            }
        else:
            context = {"@type": TYPE + "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"}
            if callers:
                common["validation_context"] = {"trusted_ca": {"filename": str(callers)}}
                context["require_client_certificate"] = not lenient
                if lenient:
                    common["validation_context"]["trust_chain_verification"] = "ACCEPT_UNTRUSTED"
            context["common_tls_context"] = common
            chain["transport_socket"] = {"name": "envoy.transport_sockets.tls", "typed_config": context}
    return one


def cluster(name: str, port: int, http2=False, **more) -> dict:
    endpoint = {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}
    one = {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}]},
        **more,
    }
    if http2:
        protocol = {"explicit_http_config": {"http2_protocol_options": {}}}
        one["typed_extension_protocol_options"] = {OPTIONS: {"@type": TYPE + OPTIONS, **protocol}}
    return one


def bootstrap(listeners: list, clusters: list) -> dict:
    return {
        "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
        "stats_config": example("demo.yaml")["stats_config"],
        "static_resources": {"listeners": listeners, "clusters": clusters},
    }


def gateway(config, app: int, sink: int, routes=None, plugin_options=None, **hcm) -> dict:
    """One listener, one application, one collector: what most tests need."""
    one = manager([plugin(config, **(plugin_options or {}))], routes, **hcm)
    return bootstrap([listener("gateway", one)], [cluster("app", app), cluster("opik", sink)])


def example(name: str) -> dict:
    return yaml.safe_load((EXAMPLES / name).read_text())
