"""Configurations of Envoy as the YAML that people write."""

import textwrap

import yaml

from places import EXAMPLES, KEPT, WASM

#: One listener, one application, one collector. What is in angle brackets differs.
GATEWAY = """\
admin: { address: { socket_address: { address: 127.0.0.1, port_value: 0 } } }
static_resources:
  listeners:
  - name: gateway
    address: { socket_address: { address: 127.0.0.1, port_value: 0 } }
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: gateway
          http_filters:
          - name: gatespan
            typed_config:
              "@type": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
              config:
                name: gatespan
                root_id: gatespan
                failure_policy: FAIL_RELOAD
                vm_config: { vm_id: gatespan, runtime: envoy.wasm.runtime.v8, code: { local: { filename: <wasm> } } }
                configuration:
                  "@type": type.googleapis.com/google.protobuf.Struct
                  value:
<document>
          - name: envoy.filters.http.router
            typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
          route_config:
            virtual_hosts:
            - { name: all, domains: ["*"], routes: [{ name: app, match: { prefix: / }, route: { cluster: app } }] }
  clusters:
  - name: app
    load_assignment:
      cluster_name: app
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: <app> } } } }] }]
  - name: opik
    load_assignment:
      cluster_name: opik
      endpoints: [{ lb_endpoints: [{ endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: <opik> } } } }] }]
"""


def gateway(document: str, app=1, opik=1) -> str:
    """The text of a bootstrap with this document, whose lines are put where they belong."""
    indented = textwrap.indent(textwrap.dedent(document).strip("\n"), " " * 20)
    parts = {"<wasm>": str(WASM), "<app>": str(app), "<opik>": str(opik), "<document>": indented}
    text = GATEWAY
    for name, part in parts.items():
        text = text.replace(name, part)
    return text


class Plain(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):
    """Writes a value that is there twice two times, and not as an alias."""

    def ignore_aliases(self, data):
        return True


def dumped(document: dict) -> str:
    """A document that a test has put together. It is YAML, because Envoy reads the decimals of JSON as numbers, and those of
    YAML as text."""
    return yaml.dump(document, Dumper=Plain, sort_keys=False)


def kept(name: str, text: str):
    """The text as a file."""
    path = KEPT / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def example(name: str, **ports) -> str:
    """The text of a shipped example on free ports, with its clusters on those of the test and without TLS to them. Nothing
    else is touched."""
    text = (EXAMPLES / name).read_text()
    edits = []

    def put(node, value):
        edits.append((node.start_mark.index, node.end_mark.index, str(value)))

    root = yaml.compose(text)
    listeners, clusters = (at(root, "static_resources", kind).value for kind in ("listeners", "clusters"))
    put(at(root, "admin", "address", "socket_address", "port_value"), 0)
    for one in listeners:
        put(at(one, "address", "socket_address", "port_value"), 0)
    for one in clusters:
        (group,) = at(one, "load_assignment", "endpoints").value
        (endpoint,) = at(group, "lb_endpoints").value
        address = at(endpoint, "endpoint", "address", "socket_address")
        put(at(address, "address"), "127.0.0.1")
        put(at(address, "port_value"), ports[at(one, "name").value])
        for key, value in one.value:
            if key.value == "transport_socket":
                line = text.rindex("\n", 0, key.start_mark.index)
                edits.append((line, text.rindex("\n", 0, value.end_mark.index), ""))
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text


def at(node, *names):
    """The node under these keys."""
    for name in names:
        node = next(value for key, value in node.value if key.value == name)
    return node
