"""A host of proxy-wasm that counts: what a module calls, what comes back, and the fuel that it burns.

Nothing here depends on the machine: header maps and properties come from tables, time and random bytes count up. Two
runs of one module agree to the last unit. It answers as Envoy does; `tests/abi` has one that does not.
"""

from collections import Counter
from struct import pack, unpack_from

import wasmtime

OK, NOT_FOUND = 0, 1
REQUEST, RESPONSE, CALL_RESPONSE = 0, 2, 6
REQUEST_BODY, RESPONSE_BODY = 0, 1
PLUGIN_CONFIGURATION = 7
MICROSECOND = 1_000
FUEL = 1 << 60


def wire_form(pairs: list) -> bytes:
    """A header map as it crosses."""
    lengths = b"".join(pack("<II", len(name), len(value)) for name, value in pairs)
    return pack("<I", len(pairs)) + lengths + b"".join(name + b"\0" + value + b"\0" for name, value in pairs)


class Module:
    """A module, compiled once for all the VMs that run it."""

    def __init__(self, code: bytes):
        config = wasmtime.Config()
        config.consume_fuel = True
        self.engine = wasmtime.Engine(config)
        self.code = wasmtime.Module(self.engine, code)
        self.imports = list(self.code.imports)
        #: The callbacks that it exports, and how many arguments each takes.
        self.callbacks = {name: len(type_.params) for name, type_ in self.functions()}

    def functions(self) -> list:
        """The functions that it exports, and their types."""
        types = [(one.name, one.type) for one in self.code.exports]
        return [(name, type_) for name, type_ in types if isinstance(type_, wasmtime.FuncType)]


class Host:
    """One VM without any context."""

    ROOT = 1

    def __init__(self, module: Module, properties: dict):
        self._store = wasmtime.Store(module.engine)
        self._store.set_fuel(FUEL)
        self._properties = properties
        self._now = 1_772_446_530_125_000_000
        self._random = 0
        self._tokens = 0
        #: What VMs share; there is this one.
        self._shared = None
        #: What the maps and the buffers hold at this moment, by the ABI's numbers.
        self.maps, self.buffers = {}, {}
        #: Calls by name, and how many of them brought bytes into the module.
        self.calls, self.returning = Counter(), 0
        #: Bodies of the HTTP calls that wait for an answer, by token.
        self.pending = {}
        self.logged = []
        imports = [self._import(one) for one in module.imports]
        self._exports = wasmtime.Instance(self._store, module.code, imports).exports(self._store)
        self._memory = self._exports["memory"]
        self._allocate = self._exports["proxy_on_memory_allocate"]

    def configure(self, configuration: bytes):
        """Makes the root context."""
        self.buffers[PLUGIN_CONFIGURATION] = configuration
        self.call("proxy_on_context_create", self.ROOT, 0)
        if not self.call("proxy_on_configure", self.ROOT, len(configuration)):
            raise SystemExit("the module refuses the configuration:\n" + "\n".join(self.logged))

    def call(self, name: str, *arguments):
        """A callback, if the module wants it."""
        callback = self._exports.get(name)
        return callback(self._store, *arguments) if callback else None

    def fuel(self) -> int:
        """All that was burnt up to now."""
        return FUEL - self._store.get_fuel()

    def memory_bytes(self) -> int:
        return self._memory.data_len(self._store)

    def _import(self, wanted):
        function = getattr(self, wanted.name)

        def counted(*arguments):
            self._called(wanted.name, arguments)
            return function(*arguments)

        return wasmtime.Func(self._store, wanted.type, counted)

    def _called(self, name: str, _arguments):
        self.calls[name] += 1

    def _read(self, start, size) -> bytes:
        return bytes(self._memory.read(self._store, start, start + size))

    def _write(self, start, data: bytes):
        self._memory.write(self._store, data, start)

    def _return(self, data, at, size_at):
        """Hands bytes over as Envoy does: into memory that the module is asked for."""
        if data is None:
            return NOT_FOUND
        self.returning += 1
        place = self._allocate(self._store, len(data)) if data else 0
        self._write(place, data)
        self._write(at, pack("<I", place))
        self._write(size_at, pack("<I", len(data)))
        return OK

    # The calls of the ABI that the module imports, by their names.

    def proxy_log(self, _level, text, size):
        self.logged.append(self._read(text, size).decode())
        return OK

    def proxy_get_current_time_nanoseconds(self, at):
        self._now += MICROSECOND
        self._write(at, pack("<Q", self._now))
        return OK

    def proxy_set_tick_period_milliseconds(self, _millis):
        return OK

    def proxy_get_buffer_bytes(self, kind, start, length, at, size_at):
        return self._return(self.buffers.get(kind, b"")[start : start + length], at, size_at)

    def proxy_get_header_map_pairs(self, map_, at, size_at):
        return self._return(wire_form(self.maps.get(map_, [])), at, size_at)

    def proxy_get_header_map_value(self, map_, name, size, at, size_at):
        wanted = self._read(name, size)
        found = [value for name, value in self.maps.get(map_, []) if name == wanted]
        return self._return(found[0] if found else None, at, size_at)

    def proxy_replace_header_map_value(self, map_, name, size, value, value_size):
        name, value = self._read(name, size), self._read(value, value_size)
        kept = [pair for pair in self.maps.get(map_, []) if pair[0] != name]
        self.maps[map_] = [*kept, (name, value)]
        return OK

    def proxy_remove_header_map_value(self, map_, name, size):
        name = self._read(name, size)
        self.maps[map_] = [pair for pair in self.maps.get(map_, []) if pair[0] != name]
        return OK

    def proxy_get_property(self, path, size, at, size_at):
        return self._return(self._properties.get(self._read(path, size)), at, size_at)

    def proxy_set_property(self, path, size, value, value_size):
        self._properties = {**self._properties, self._read(path, size): self._read(value, value_size)}
        return OK

    def proxy_call_foreign_function(self, _name, _size, _argument, _argument_size, _at, _size_at):
        return OK

    def proxy_http_call(self, _up, _up_size, headers, _size, body, body_size, _trailers, _tsize, _timeout, token_at):
        assert unpack_from("<I", self._read(headers, 4))[0] >= 4, "a call needs a method, an authority, a path"
        self._tokens += 4
        self.pending[self._tokens] = self._read(body, body_size)
        self._write(token_at, pack("<I", self._tokens))
        return OK

    def proxy_define_metric(self, _kind, _name, _size, at):
        self._write(at, pack("<I", 1))
        return OK

    def proxy_increment_metric(self, _metric, _offset):
        return OK

    def proxy_get_shared_data(self, _name, _size, at, size_at, version_at):
        self._write(version_at, pack("<I", 1))
        return self._return(self._shared, at, size_at)

    def proxy_set_shared_data(self, _name, _size, data, data_size, _version):
        self._shared = self._read(data, data_size)
        return OK

    def proxy_send_local_response(self, *_):
        return OK

    def proxy_set_effective_context(self, _context):
        return OK

    def proxy_continue_stream(self, _kind):
        return OK

    def proxy_done(self):
        return OK

    def random_get(self, at, size):
        self._random += 1
        self._write(at, bytes((self._random * 31 + place * 7) % 251 for place in range(size)))
        return OK

    def environ_sizes_get(self, count, size):
        self._write(count, pack("<I", 0))
        self._write(size, pack("<I", 0))
        return OK

    def environ_get(self, _entries, _texts):
        return OK
