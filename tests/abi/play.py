"""Plays a sequence of steps on a VM of its own, under the laws."""

import re
from collections import Counter

import wasmtime
from contexts import Contexts, settle
from hostile import LATEST, Hostile, Subject
from laws import Broken, Laws, add_up, unsigned
from steps import VERBS, unrolled

#: What a callback may burn: so much, and so much for each byte that it can ask for, and each that may be queued.
FUEL, FUEL_A_BYTE, FUEL_A_QUEUED = 3_000_000, 1_500, 16
#: And so much for each stream, which may be let go of in one tick.
FUEL_A_STREAM = 40_000

#: What a VM may hold: so much, and so often what each byte of input and of the queues needs, and each stream.
MEMORY, MEMORY_A_BYTE, MEMORY_A_QUEUED, MEMORY_A_STREAM = 1 << 20, 8, 3, 2 * 46 * 1024

MILLI = 1_000_000


class Play:
    """A VM and what was done with it. `steps` may raise `Broken`; what was reached is told all the same."""

    def __init__(self, module: Subject):
        self._laws = Laws()
        self._contexts = Contexts()
        self.host = Hostile(module, self._laws)
        self._begun_with = self.host.memory_bytes()
        self._most_at_hand = self._allocated = 0
        self.callbacks = Counter()
        #: The largest part of what was allowed that was used, of fuel, and where, and of memory.
        self.fuel, self.memory = (0.0, ""), 0.0
        self.place = 0

    def play(self, steps: list):
        """All of it to the end, and what a host does last."""
        try:
            for self.place, step in enumerate(unrolled(steps)):
                self._step(step)
            self._end()
        finally:
            self.edges = self.host.edges | {("log", kind) for kind in map(kind_of_line, self.host.logged)}
            self.metrics = self.host.metrics() if self.host.counts else {}
            self.host.close()

    def _step(self, step: tuple):
        verb, *words = step
        if verb in VERBS:
            getattr(self, f"_{verb}")(*words)
        else:
            self._enter(verb, words)

    def _buffer(self, kind, data):
        self.host.buffers[kind] = data

    def _map(self, map_):
        self.host.maps[map_] = []
        self.host.raw.pop(map_, None)

    def _header(self, map_, name, value):
        self.host.maps.setdefault(map_, []).append((name, value))

    def _raw(self, map_, data):
        self.host.raw[map_] = data

    def _property(self, path, value):
        self.host.hold(path, value)

    def _number(self, path, number):
        self.host.hold(path, (number & LATEST).to_bytes(8, "little"))

    def _environ(self, data):
        self.host.environ = data

    def _answer(self, call, how, times):
        self.host.answer(call.decode(), how.decode(), times)

    def _clock(self, nanos):
        self.host.now(nanos)

    def _wait(self, millis):
        self.host.go_on(millis * MILLI)

    def _enter(self, callback: str, words: list):
        host, laws = self.host, self._laws
        if callback == "memory_allocate":
            return self._allocate(*words[:1])
        if not host.has(f"proxy_on_{callback}"):
            return None
        arguments = [unsigned(self._token(word)) for word in words]
        at_hand = host.at_hand()
        self._most_at_hand = max(self._most_at_hand, at_hand)
        granted = FUEL + FUEL_A_BYTE * at_hand + FUEL_A_QUEUED * self._contexts.most_queued
        granted += FUEL_A_STREAM * len(self._contexts.streams)
        host.grant(granted)
        host.document = b""
        laws.begin(callback, tuple(arguments))
        self.callbacks[callback] += 1
        try:
            result = host.enter(f"proxy_on_{callback}", arguments)
        except wasmtime.Trap as trap:
            raise Broken(f"trap in {callback}", str(trap).split("\n")[-1] or str(trap)) from None
        except wasmtime.WasmtimeError as error:
            raise Broken(f"trap in {callback}", str(error)) from None
        self.fuel = max(self.fuel, (1 - host.left() / granted, callback))
        laws.may_hold |= b"mcp_parent" in host.document
        laws.returned(result)
        self._contexts.follow(callback, arguments, result, host.document)
        host.edges.add((callback, "returns", result))
        self._weigh()
        self._count()

    def _token(self, word):
        """@0 is the oldest call that waits, @1 the next; its answer is the last that is heard of it."""
        if isinstance(word, int):
            return word
        waiting = list(self.host.pending)
        place = int(word[1:])
        if place >= len(waiting):
            return 0
        del self.host.pending[waiting[place]]
        return waiting[place]

    def _allocate(self, size=0):
        """Memory that nothing is ever written to: the module hears no more of it."""
        size = unsigned(size)
        try:
            if self.host.allocate(size):
                self._allocated += size
        except wasmtime.Trap as trap:
            raise Broken("trap in memory_allocate", str(trap)) from None

    def _weigh(self):
        known = self._contexts
        allowed = (
            self._begun_with
            + MEMORY
            + MEMORY_A_BYTE * self._most_at_hand
            + MEMORY_A_QUEUED * known.most_queued
            + MEMORY_A_STREAM * known.most_streams
            + 2 * self._allocated
        )
        held = self.host.memory_bytes()
        self.memory = max(self.memory, (held - self._begun_with) / (allowed - self._begun_with))
        if held > allowed:
            raise Broken("memory", f"{held} bytes are held, of {allowed} allowed")

    def _count(self):
        if self.host.moved and self.host.counts:
            add_up(self.host.metrics())
        self.host.moved = False

    def _end(self):
        """Every context goes, and its counts are told."""
        self.host.answer_honestly()
        for context in [*self._contexts.streams, *self._contexts.roots]:
            self._enter("delete", [context])
        if self.host.counts:
            settle(self.host.metrics(), self._contexts.is_orderly)


def kind_of_line(line: str) -> str:
    """A log line without what is in it of this one sequence."""
    *_, message = line.split(": ", 2)
    message = re.sub(r'"[^"]*"|backend \S+', "…", message)
    return re.sub(r"\d+", "#", message)[:60]
