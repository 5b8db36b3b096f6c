"""A host that answers as it is told, truly or not, and shows every call to the laws.

How a call is answered:

```text
honest    as Envoy does
7         with that status, whatever it is, and nothing done
done-7    with that status, and everything done
null      well, but nothing is written to where the module awaits it
empty     with memory of the module in which there is nothing
short     with half of what there is, in memory for all of it
wide      with all of it, in more memory than it needs
long      with more than there is memory for
stray     with a place that the module never gave
again     well, after a callback of the module came in between
```
"""

from collections import Counter
from struct import pack

from crossing import Export, Import, Memory, Signature
from host import MICROSECOND, NOT_FOUND, OK, PLUGIN_CONFIGURATION, Host, Module
from laws import Broken, Laws, unsigned

BAD_MEMORY = 6
HONEST = "honest"
#: What is answered for more than there is, or in more memory.
MORE = 4096
NOWHERE = 0xFFFF_FF00
LATEST = (1 << 64) - 1
RANDOM = bytes(place * 167 % 251 for place in range(65_536 + 251))
MEASURING = ("proxy_define_metric", "proxy_increment_metric", "proxy_get_shared_data", "proxy_set_shared_data")


class Subject(Module):
    """A module that is played."""

    def __init__(self, code: bytes):
        super().__init__(code)
        self.wanted = {one.name: Signature(one.type) for one in self.imports}
        self.exported = {name: Signature(type_) for name, type_ in self.functions()}


class Hostile(Host):
    def __init__(self, module: Subject, laws: Laws):
        self._laws = laws
        self._answers = {}
        self._how = HONEST
        self._told = (0, 0)
        self._last = None
        self.environ = b""
        #: The last configuration that was handed over.
        self.document = b""
        #: Maps by number in the form in which they cross, in place of their headers.
        self.raw = {}
        #: Metrics by the number under which the module knows them, and their values.
        self.names, self.values = {}, Counter()
        self._numbers = {}
        #: Whether one was told of since this was last looked at.
        self.moved = False
        #: Whether every call for a metric was answered as it should be.
        self.counts = True
        #: What a sequence reached, and how often each call was answered how.
        self.edges, self.answered = set(), Counter()
        self._wanted = module.callbacks
        self._signatures = module.wanted
        super().__init__(module, {})
        exports = {name: self._exports[name] for name in module.exported}
        self._enter = {name: Export(self._store, one, module.exported[name]) for name, one in exports.items()}
        self._memory = Memory(self._store, self._memory)

    def close(self):
        """The store holds us, and we hold the store."""
        self._store.close()

    def answer(self, name: str, how: str, times: int):
        self._answers[name] = [how, times]

    def answer_honestly(self):
        self._answers.clear()

    def has(self, name: str) -> bool:
        return name in self._wanted

    def enter(self, name: str, arguments: list):
        """A callback, with as many arguments as it wants."""
        wanted = self._wanted[name]
        self._last = None
        return self._enter[name](*[*arguments, *[0] * wanted][:wanted])

    def grant(self, fuel: int):
        self._store.set_fuel(fuel)

    def left(self) -> int:
        return self._store.get_fuel()

    def now(self, nanos: int):
        self._now = nanos & LATEST

    def go_on(self, nanos: int):
        self._now = min(max(self._now + nanos, 0), LATEST)

    def at_hand(self) -> int:
        """How many bytes of input a callback can ask for."""
        pairs = [pair for pairs in self.maps.values() for pair in pairs]
        texts = [*self.buffers.values(), *self.raw.values(), *self._properties.values(), self.environ]
        return sum(len(name) + len(value) + 10 for name, value in pairs) + sum(map(len, texts))

    def hold(self, path: bytes, value: bytes):
        self._properties[path.replace(b".", b"\0")] = value

    def metrics(self) -> dict:
        return {name: self.values[number] for number, name in self.names.items()}

    def allocate(self, size: int) -> int:
        return unsigned(self._enter["proxy_on_memory_allocate"](size))

    def memory_bytes(self) -> int:
        return len(self._memory)

    def read(self, at: int, size: int) -> bytes:
        try:
            return self._memory.read(unsigned(at), unsigned(size))
        except IndexError as error:
            raise Broken("memory", f"the module names {error}") from None

    _read = read

    def _write(self, start, data):
        self._memory.write(unsigned(start), data)

    def _import(self, wanted):
        name = wanted.name
        act = getattr(self, name)

        def answered(*arguments):
            self._laws.watch(self, name, arguments)
            self._how = how = self._next(name)
            self.counts &= how == HONEST or name not in MEASURING
            if how == "again":
                self._laws.reenter(self)
            done, _, status = how.rpartition("-")
            is_idle = how == "null" or status.isdigit() and not done
            result = OK if is_idle else act(*arguments)
            result = int(status) if status.isdigit() else result
            self.reach(name, result)
            return result

        return Import(self._store, self._signatures[name], answered)

    def _next(self, name: str) -> str:
        how, times = self._answers.get(name, (HONEST, 0))
        if times == 1:
            del self._answers[name]
        elif times:
            self._answers[name][1] -= 1
        return how

    def reach(self, name: str, result: int):
        self.answered[name, unsigned(result)] += 1
        self.edges.add((self._laws.callback, self._last, name, unsigned(result)))
        self._last = name

    def _return(self, data, at, size_at):
        if data is None:
            return NOT_FOUND
        how = self._how
        asked = len(data) + (MORE if how == "wide" else 0)
        place = self.allocate(asked) if asked or how == "empty" else 0
        if asked and not place:
            return BAD_MEMORY
        data = self._told_of(data)
        self._write(place, data)
        self._write(at, pack("<I", NOWHERE if how == "stray" else place))
        self._write(size_at, pack("<I", len(data) + (MORE if how == "long" else 0)))
        return OK

    def _told_of(self, data: bytes) -> bytes:
        most = {"short": len(data) // 2, "empty": 0}
        return data[: most.get(self._how, len(data))]

    # What the tables of an honest host do not have.

    def proxy_log(self, _level, text, size):
        self.logged.append(self.read(text, size).decode(errors="replace"))
        return OK

    def proxy_get_current_time_nanoseconds(self, at):
        self.go_on(MICROSECOND)
        self._write(at, pack("<Q", self._now))
        return OK

    def proxy_get_header_map_pairs(self, map_, at, size_at):
        if map_ in self.raw:
            return self._return(self.raw[map_], at, size_at)
        return super().proxy_get_header_map_pairs(map_, at, size_at)

    def proxy_get_buffer_bytes(self, kind, start, length, at, size_at):
        start, length = unsigned(start), unsigned(length)
        if kind == PLUGIN_CONFIGURATION:
            document = self.buffers.get(kind, b"")[start : start + length]
            self.document = self._told_of(document)
        return super().proxy_get_buffer_bytes(kind, start, length, at, size_at)

    def proxy_define_metric(self, _kind, name, size, at):
        name = self.read(name, size).decode()
        number = self._numbers.setdefault(name, len(self._numbers) + 1)
        self.names[number] = name
        self._write(at, pack("<I", number))
        return OK

    def proxy_increment_metric(self, metric, offset):
        self.values[unsigned(metric)] += offset
        return OK

    def random_get(self, at, size):
        """As the honest host's, in a hundredth of the time."""
        self._random = (self._random + 31) % 251
        self._write(at, RANDOM[self._random :][: unsigned(size)])
        return OK

    def environ_sizes_get(self, count, size):
        entries = self.environ.split(b"\0") if self.environ else []
        told = len(entries), sum(len(entry) + 1 for entry in entries)
        if self._how == "short":
            told = told[0] // 2, told[1] // 2
        elif self._how in ("wide", "long"):
            more = MORE if self._how == "wide" else NOWHERE
            told = told[0] + more, told[1] + more
        self._told = told
        for at, number in zip((count, size), told, strict=True):
            self._write(at, pack("<I", unsigned(number)))
        return OK

    def environ_get(self, entries, texts):
        """Never more than was told: what a host writes beyond that nobody can survive."""
        count, size = self._told
        at = 0
        for place, entry in enumerate(self.environ.split(b"\0")[:count]):
            self._write(entries + 4 * place, pack("<I", unsigned(texts + at)))
            self._write(texts + at, (entry + b"\0")[: size - at])
            at = min(at + len(entry) + 1, size)
        return OK
