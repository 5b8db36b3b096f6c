"""Writes wasm modules that repeat the filter's host calls and do nothing else.

`replay.py MODULE FOLDER` plays requests on the shipped filter with the counting host of `make cost` and records each host
call. It then writes one module for each rung of a ladder: empty callbacks, then the header reads, the properties, the
header changes, the clock, and the exported bytes. In a real Envoy the difference between two rungs is what that kind of
call costs; the difference between the last rung and the filter is the cost of the filter's own code.
"""

import json
import sys
from pathlib import Path
from struct import pack

import wasmtime

import cost
from host import Host, Module

#: What the shipped filter is configured with, here and in the bench.
RECORDING = {
    "formats": {"extract": ["opik", "w3c"], "inject": ["opik", "w3c"], "opik_spelling": "underscore"},
    "backend": {"kind": "opik", "url": "http://opik.test/api", "cluster": "opik", "project": "bench"},
    "export": {"batch_spans": 512, "batch_bytes": 1_000_000, "queue_bytes": 64_000_000, "interval_ms": 100},
}

#: How the arguments of a host call are passed: `value`, `in` (address and length), `out` (an address to write to).
ARGUMENTS = {
    "proxy_get_current_time_nanoseconds": "out",
    "proxy_get_header_map_pairs": "value out out",
    "proxy_get_header_map_value": "value in out out",
    "proxy_get_property": "in out out",
    "proxy_remove_header_map_value": "value in",
    "proxy_replace_header_map_value": "value in in",
}

#: The ladder. Each rung adds these calls to the ones below it.
RUNGS = [
    ("callbacks", []),
    ("header reads", ["proxy_get_header_map_pairs", "proxy_get_header_map_value"]),
    ("properties", ["proxy_get_property"]),
    ("header changes", ["proxy_replace_header_map_value", "proxy_remove_header_map_value"]),
    ("clock", ["proxy_get_current_time_nanoseconds"]),
]
EXPORT = "exported bytes"

NO_OP = "no-op"
STREAM = ("request_headers", "request_body", "response_headers", "response_body", "log", "done", "delete")
PAGE = 65_536
#: Where the replaying module keeps what it passes, what it gets, and the body that it exports.
DATA, RETURNED, BODY, PAGES = 1024, 4 * PAGE, 8 * PAGE, 32
#: At most this many spans are in one exported body.
BATCH = RECORDING["export"]["batch_spans"]


class Recorder(Host):
    """Notes each host call: in which callback, its name, and its arguments with the bytes that they point to."""

    def __init__(self, *arguments):
        self.callback, self.notes = "", []
        super().__init__(*arguments)

    def call(self, name, *arguments):
        self.callback = name
        return super().call(name, *arguments)

    def _called(self, name, arguments):
        super()._called(name, arguments)
        self.notes.append((self.callback, name, self._passed(name, arguments)))

    def _passed(self, name, arguments) -> list:
        rest, passed = list(arguments), []
        for kind in ARGUMENTS.get(name, "").split():
            if kind == "in":
                start, size = rest.pop(0), rest.pop(0)
                passed.append(self._read(start, size))
            else:
                value = rest.pop(0)
                passed.append(value if kind == "value" else None)
        return passed


def recorded(module: Module, configuration: dict):
    """The calls of one request, and the bytes of one span."""
    host = Recorder(module, cost.PROPERTIES)
    host.configure(json.dumps(configuration).encode())
    headers = cost.PLAIN + cost.OTHER[:1] + [cost.W3C]
    for number in range(2 * BATCH):
        host.notes = []
        cost.request(host, 2 + number, headers)
    notes = list(host.notes)
    assert all(name in ARGUMENTS for _, name, _ in notes), {name for _, name, _ in notes}
    return notes, cost.tick(host) // (2 * BATCH)


def text(data: bytes) -> str:
    return "".join(f"\\{byte:02x}" for byte in data)


class Writer:
    """A module in wasm's text form, put together part by part."""

    def __init__(self, module: Module):
        self._types = {one.name: one.type for one in module.code.imports}
        self._callbacks = module.callbacks
        self._imports, self._segments, self._functions, self._end = {}, [], [], DATA

    def _kept(self, data: bytes) -> int:
        at, self._end = self._end, self._end + len(data)
        self._segments.append(f'(data (i32.const {at}) "{text(data)}")')
        assert self._end < RETURNED
        return at

    def call(self, name: str, *operands: str) -> str:
        """A host call whose result is not looked at."""
        if name not in self._imports:
            type_ = self._types[name]
            module = "wasi_snapshot_preview1" if not name.startswith("proxy_") else "env"
            kinds = " ".join(str(one) for one in type_.params)
            self._imports[name] = f'(import "{module}" "{name}" (func ${name} (param {kinds}) (result i32)))'
        return f"(drop (call ${name} {' '.join(operands)}))"

    def repeated(self, name: str, passed: list) -> str:
        operands, slot = [], 16
        for kind, value in zip(ARGUMENTS[name].split(), passed, strict=True):
            if kind == "in":
                operands += [f"(i32.const {self._kept(value)})", f"(i32.const {len(value)})"]
            elif kind == "value":
                operands.append(f"(i32.const {value})")
            else:
                operands.append(f"(i32.const {slot})")
                slot += 8
        return self.call(name, *operands)

    def callback(self, name: str, body: str, result: str = ""):
        """`result` is what it returns, if it returns something."""
        params = " ".join(["i32"] * self._callbacks[f"proxy_on_{name}"])
        returns = "(result i32)" if result else ""
        self._functions.append(f'(func (export "proxy_on_{name}") (param {params}) {returns} {body} {result})')

    def exporting(self, bytes_a_span: int):
        """Counts ended streams, and on each tick sends a body of as many spans."""
        headers = [(b":method", b"POST"), (b":authority", b"opik.test"), (b":path", b"/api/replay")]
        lengths = b"".join(pack("<II", len(name), len(value)) for name, value in headers)
        pairs = b"".join(name + b"\0" + value + b"\0" for name, value in headers)
        wire, cluster = pack("<I", len(headers)) + lengths + pairs, b"opik"
        number = "(select (local.get 1) (i32.const {batch}) (i32.lt_u (local.get 1) (i32.const {batch})))".format(batch=BATCH)
        operands = [
            f"(i32.const {self._kept(cluster)})", f"(i32.const {len(cluster)})",
            f"(i32.const {self._kept(wire)})", f"(i32.const {len(wire)})",
            f"(i32.const {BODY})", f"(i32.mul (local.get 2) (i32.const {bytes_a_span}))",
            f"(i32.const {self._kept(pack('<I', 0))})", "(i32.const 4)", "(i32.const 5000)", "(i32.const 16)",
        ]
        send = self.call("proxy_http_call", *operands)
        body = f"""(local i32 i32) (local.set 1 (global.get $spans)) (global.set $spans (i32.const 0))
          (block (loop (br_if 1 (i32.eqz (local.get 1))) (local.set 2 {number}) {send}
          (local.set 1 (i32.sub (local.get 1) (local.get 2))) (br 0)))"""
        self.callback("tick", body)
        assert BODY + BATCH * bytes_a_span < PAGES * PAGE
        every = self.call("proxy_set_tick_period_milliseconds", "(i32.const 100)")
        self.callback("configure", every, "(i32.const 1)")

    def module(self) -> bytes:
        allocate = f'(func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const {RETURNED}))'
        parts = [
            *self._imports.values(),
            f'(memory (export "memory") {PAGES})',
            "(global $spans (mut i32) (i32.const 0))",
            '(func (export "proxy_abi_version_0_2_1"))',
            allocate,
            *self._functions,
            *self._segments,
        ]
        return wasmtime.wat2wasm("(module " + "\n".join(parts) + ")")


def rung(module: Module, notes: list, calls: set, bytes_a_span: int) -> bytes:
    """A module with the filter's callbacks that makes only these calls, and exports spans of this size if it is not 0."""
    writer = Writer(module)
    results = {"request_headers": "(i32.const 0)", "request_body": "(i32.const 0)", "done": "(i32.const 1)"}
    results |= {"response_headers": "(i32.const 0)", "response_body": "(i32.const 0)"}
    for name in STREAM:
        if f"proxy_on_{name}" not in module.callbacks:
            continue
        of_it = [(call, passed) for callback, call, passed in notes if callback == f"proxy_on_{name}" and call in calls]
        body = " ".join(writer.repeated(call, passed) for call, passed in of_it)
        if name == "log" and bytes_a_span:
            body += " (global.set $spans (i32.add (global.get $spans) (i32.const 1)))"
        writer.callback(name, body, results.get(name, ""))
    if bytes_a_span:
        writer.exporting(bytes_a_span)
    return writer.module()


def no_op(module: Module) -> bytes:
    """The least that a filter can be: one callback."""
    writer = Writer(module)
    writer.callback("request_headers", "", "(i32.const 0)")
    return writer.module()


def main(path: str, folder: str):
    module, to = Module(Path(path).read_bytes()), Path(folder)
    to.mkdir(parents=True, exist_ok=True)
    notes, bytes_a_span = recorded(module, RECORDING)
    (to / f"{NO_OP}.wasm").write_bytes(no_op(module))
    calls, ladder = set(), []
    counted = lambda names: sum(call in names for _, call, _ in notes)
    for name, more in RUNGS:
        calls |= set(more)
        (to / f"{name}.wasm").write_bytes(rung(module, notes, calls, 0))
        count = sum(f"proxy_on_{one}" in module.callbacks for one in STREAM) if name == "callbacks" else counted(more)
        ladder.append({"name": name, "count": count})
    (to / f"{EXPORT}.wasm").write_bytes(rung(module, notes, calls, bytes_a_span))
    ladder.append({"name": EXPORT, "count": bytes_a_span})
    (to / "ladder.json").write_text(json.dumps({"ladder": ladder, "recording": RECORDING}))


if __name__ == "__main__":
    main(*sys.argv[1:])
