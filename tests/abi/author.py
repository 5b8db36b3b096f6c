"""Turns bytes into a sequence of steps: what a host of good sense does, with something wrong in it now and then.

Every byte decides something, so any bytes are a sequence, and random ones are a random sequence. When they are used up
the sequence ends.
"""

import material as m
from host import wire_form

#: How many bytes make a sequence of some hundred steps.
USUAL_BYTES = 700


class Choices:
    def __init__(self, data: bytes):
        self._data, self._at = data, 0

    def are_made(self) -> bool:
        return self._at >= len(self._data)

    def below(self, most: int) -> int:
        """Of numbers below this; two bytes where one is too few."""
        size = 1 if most <= 256 else 2
        piece = self._data[self._at : self._at + size]
        self._at += size
        return int.from_bytes(piece, "little") % most if most else 0

    def one(self, of: list):
        return of[self.below(len(of))]

    def percent(self, chance: int) -> bool:
        return self.below(100) < chance

    def bytes(self, most: int) -> bytes:
        size = self.below(most + 1)
        piece = self._data[self._at : self._at + size]
        self._at += size
        return piece


class Author:
    def __init__(self, data: bytes):
        self._choices = Choices(data)
        self._steps = []
        self._next = 1
        self._roots = []
        #: Streams and how far each has come.
        self._streams = {}

    def steps(self) -> list:
        """One sequence in eight is wild: nothing but arbitrary calls."""
        choices = self._choices
        if choices.below(8) == 0:
            while not choices.are_made():
                self._any_callback() if choices.percent(70) else self._any_world()
            return self._steps
        self._begin_root()
        is_long = choices.percent(1)
        if is_long:
            self._say("repeat", 20 + choices.below(2000))
        while not choices.are_made():
            choices.one(ACTS)(self)
            if is_long and len(self._steps) > 60:
                break
        return self._steps

    def _say(self, *step):
        self._steps.append(step)

    # Worlds: what can be asked of the host.

    def _document(self):
        choices = self._choices
        kind = choices.below(20)
        document = choices.one(m.DOCUMENTS)
        data = m.as_struct(document) if kind % 3 == 0 else m.as_json(document)
        if kind == 19:
            data = choices.one(m.FAULTY)
        elif kind == 18:
            data = self._spoilt(data)
        elif kind == 17:
            data = choices.bytes(64)
        self._say("buffer", 7, data)
        odd = choices.percent(20)
        self._say("environ", m.latin(choices.one(m.ENVIRONMENTS) if odd else m.ENVIRONMENTS[0]))

    def _request_map(self):
        choices = self._choices
        pairs = [(m.latin(name), m.latin(value)) for name, value in choices.one(m.TARGETS)]
        for _ in range(1 + choices.below(2)):
            pairs += [(m.latin(name), m.latin(value)) for name, value in choices.one(m.CONTEXTS)]
        if choices.percent(25):
            pairs += m.pairs_of(choices.one(m.LINES))
        if choices.percent(20) and pairs:
            place = choices.below(len(pairs))
            name, value = pairs[place]
            pairs[place] = (name, self._spoilt(value)) if choices.percent(70) else (self._spoilt(name), value)
        if choices.percent(4):
            pairs += [choices.one(pairs or [(b"a", b"")])] * choices.below(400)
        if choices.percent(8):
            self._say("raw", 0, self._spoilt(wire_form(pairs)))
        else:
            self._map(0, pairs)

    def _map(self, map_: int, pairs: list):
        self._say("map", map_)
        for name, value in pairs:
            self._say("header", map_, name, value)

    def _spoilt(self, data: bytes) -> bytes:
        """Cut, grown, or with bytes changed."""
        choices = self._choices
        place = choices.below(len(data) + 1)
        way = choices.below(6)
        if way == 0:
            return data[:place]
        if way == 1:
            return data[:place] + choices.bytes(16) + data[place:]
        if way == 2:
            return data * (1 + choices.below(20))
        if way == 3:
            return data[:place] + data[place + 1 + choices.below(8) :]
        if way == 4:
            return data[:place] + bytes([choices.below(256)]) + data[place + 1 :]
        return data[:place] + b"A" * choices.one(m.ODD[:12]) + data[place:]

    def _properties(self):
        choices = self._choices
        if choices.percent(60):
            name, numbers = choices.one(m.NUMBERS)
            self._say("number", m.latin(name), choices.one(numbers))
        else:
            name, texts = choices.one(m.PROPERTIES)
            text = m.latin(choices.one(texts))
            self._say("property", m.latin(name), self._spoilt(text) if choices.percent(10) else text)

    def _answers(self):
        choices = self._choices
        how = str(choices.one(m.STATUSES)) if choices.percent(50) else choices.one(m.HOWS)
        self._say("answer", m.latin(choices.one(m.CALLS)), m.latin(how), choices.one([1, 1, 1, 2, 3, 0]))

    def _times(self):
        choices = self._choices
        if choices.percent(80):
            self._say("wait", choices.one([1, 60, 300, 2_000, 40_000, -50, -5_000]))
        else:
            self._say("clock", choices.one(m.MOMENTS))

    def _any_world(self):
        worlds = [Author._document, Author._request_map, Author._properties, Author._answers, Author._times]
        self._choices.one(worlds)(self)

    # Callbacks.

    def _new(self) -> int:
        choices = self._choices
        if choices.percent(2):
            return choices.one(m.ODD)
        self._next += 1
        return self._next - 1

    def _begin_root(self):
        root = self._new()
        self._roots.append(root)
        self._say("context_create", root, 0)
        self._configure(root)

    def _configure(self, root: int):
        self._document()
        data = self._steps[-2][2]
        self._say("configure", root, len(data) if self._choices.percent(95) else self._choices.one(m.ODD))

    def _root(self) -> int:
        return self._choices.one(self._roots) if self._roots else 1

    def _begin_stream(self):
        if self._choices.percent(60):
            self._request_map()
        stream = self._new()
        self._streams[stream] = 0
        self._say("context_create", stream, self._root())

    def _go_on(self):
        """The next callback of a stream, or one that comes too early."""
        choices = self._choices
        if not self._streams:
            self._begin_stream()
        stream = choices.one(list(self._streams))
        self._streams[stream] += choices.below(3) // 2 if choices.percent(10) else 1
        phase = min(self._streams[stream], len(PHASES)) - 1
        self._say(PHASES[phase], stream, choices.one([0, 5, 300, 70_000]), choices.below(2))
        if PHASES[phase] == "delete":
            del self._streams[stream]

    def _whole_stream(self):
        self._begin_stream()
        stream = list(self._streams)[-1]
        for phase in PHASES:
            if not self._choices.percent(7):
                self._say(phase, stream, 5, self._choices.below(2))
        del self._streams[stream]

    def _message(self):
        """A stream of which a message comes in pieces, and perhaps nothing more."""
        choices = self._choices
        self._begin_stream()
        stream = list(self._streams)[-1]
        pairs = m.TARGETS[-1] + choices.one(m.CONTEXTS)
        self._map(0, [(m.latin(name), m.latin(value)) for name, value in pairs])
        self._say("request_headers", stream, 5, int(choices.percent(5)))
        message = choices.one(m.MESSAGES)
        message = self._spoilt(message) if choices.percent(20) else message
        for _ in range(choices.below(4)):
            place = choices.below(len(message) + 1)
            piece, message = message[:place], message[place:]
            self._say("buffer", 0, piece)
            self._say("request_body", stream, len(piece), int(choices.percent(30)))
        if choices.percent(30):
            self._say("wait", choices.one([1_000, 4_999, 5_001, 60_000]))
            self._say("tick", self._root())
        if choices.percent(30):
            self._say("request_trailers", stream, 1)
        if choices.percent(70):
            for phase in PHASES[2:]:
                self._say(phase, stream, 5, choices.below(2))
            del self._streams[stream]

    def _tick(self):
        self._say("wait", self._choices.one([20, 60, 60, 300, 5_000]))
        self._say("tick", self._root())

    def _delivery(self):
        """A backend that takes what it gets."""
        self._tick()
        self._map(6, [(b":status", b"204")])
        for _ in range(1 + self._choices.below(3)):
            self._say("http_call_response", self._root(), "@0", 1, 0, 0)

    def _call_is_answered(self):
        choices = self._choices
        if choices.percent(70):
            pairs = [(b":status", m.latin(choices.one(m.ANSWERS)))]
            if choices.percent(20):
                pairs.append((m.latin(choices.one(m.PAUSES)), m.latin(choices.one(m.SECONDS))))
            self._map(6, pairs)
        token = choices.one(["@0"] * 6 + ["@1", 0, 4, 8, (1 << 32) - 1])
        headers = choices.one([1, 1, 1, 1, 5, 0, 1 << 31])
        body = choices.one([0, 20, 10_000_000])
        self._say("http_call_response", self._root(), token, headers, body, choices.below(2))

    def _configure_anew(self):
        if self._choices.percent(30):
            self._configure(self._root())
        elif self._choices.percent(50):
            self._begin_root()
        else:
            root = self._root()
            self._say("done", root)
            self._tick()
            self._call_is_answered()
            if self._choices.percent(50):
                self._say("delete", root)
                self._roots = [other for other in self._roots if other != root]

    def _any_callback(self):
        choices = self._choices
        context = choices.below(self._next + 2) if choices.percent(85) else choices.one(m.ODD)
        self._say(choices.one(CALLBACKS), context, *(choices.one(m.ODD) for _ in range(4)))

    def _memory(self):
        self._say("memory_allocate", self._choices.one(m.ODD))

    def _body(self):
        choices = self._choices
        if choices.percent(30):
            return self._say("buffer", choices.below(5), choices.bytes(200))
        # What a model is asked and answers, and what a backend says of a batch.
        self._map(2, [(b":status", b"200"), (b"content-type", m.latin(choices.one(m.MEDIA)))])
        body = choices.one(m.BODIES)
        self._say("buffer", choices.one([0, 1, 1, 1, 4]), self._spoilt(body) if choices.percent(40) else body)
        return None


PHASES = ["request_headers", "request_body", "response_headers", "response_body", "response_trailers"]
PHASES += ["log", "done", "delete"]
#: All that a module may export; what it does not is not called.
CALLBACKS = [*PHASES, "context_create", "configure", "tick", "http_call_response", "vm_start", "memory_allocate"]
CALLBACKS += ["request_trailers", "queue_ready", "foreign_function", "grpc_receive", "grpc_close", "new_connection"]

#: What happens, each as often as it stands here.
ACTS = (
    [Author._go_on] * 12
    + [Author._whole_stream] * 6
    + [Author._begin_stream, Author._message] * 4
    + [Author._tick, Author._call_is_answered] * 5
    + [Author._properties, Author._delivery] * 4
    + [Author._answers] * 3
    + [Author._any_callback] * 2
    + [Author._times, Author._configure_anew, Author._memory, Author._body]
)
