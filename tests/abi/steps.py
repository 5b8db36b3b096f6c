"""What a host does, step by step, as text: a line a step, its verb first.

```text
buffer KIND BYTES         what a buffer holds from now on; 7 is the configuration
map MAP                   a header map is emptied; 0 request, 2 response, 6 the answer to a call
header MAP NAME BYTES     and gets one header more
raw MAP BYTES             its wire form instead, whole or not
property PATH BYTES       what a property holds; the segments of its path are parted by dots
number PATH N             the same for a whole number of eight bytes
environ BYTES             the environment of the VM, its entries parted by NUL
answer CALL HOW TIMES     how the next calls of this name are answered, 0 for all of them; see hostile.py
clock NANOS, wait MILLIS  the clock is set, or goes on; backwards too
repeat N, end             the steps between them are played N times
tick 1, log 2, …          a callback of the ABI, without its `proxy_on_`
http_call_response 1 @0   for a token: the oldest of the calls that wait for their answers; @1 is the next
```

Bytes are the rest of the line; what no line can show is escaped as in `\\x00`.
"""

import re

#: What the words behind a verb are. A callback has numbers alone.
VERBS = {
    "buffer": ("number", "bytes"),
    "map": ("number",),
    "header": ("number", "name", "bytes"),
    "raw": ("number", "bytes"),
    "property": ("name", "bytes"),
    "number": ("name", "number"),
    "environ": ("bytes",),
    "answer": ("name", "name", "number"),
    "clock": ("number",),
    "wait": ("number",),
    "repeat": ("number",),
    "end": (),
}

NOTHING = '""'


def kind_of(verb: str, place: int) -> str:
    kinds = VERBS.get(verb)
    return kinds[place] if kinds and place < len(kinds) else "number"


def escaped(data: bytes, also: bytes = b"") -> str:
    plain = range(0x20, 0x7F)
    return "".join(
        chr(byte) if byte in plain and byte != 0x5C and byte not in also else f"\\x{byte:02x}" for byte in data
    )


def unescaped(text: str) -> bytes:
    return re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), text.encode("latin-1"))


def shown(step: tuple) -> str:
    words = [step[0]]
    for place, value in enumerate(step[1:]):
        if kind_of(step[0], place) == "name":
            words.append(escaped(value, also=b' "') or NOTHING)
        elif isinstance(value, bytes):
            words.append(escaped(value))
        else:
            words.append(str(value))
    line = " ".join(words)
    # A blank at the end of a line is lost to many an editor.
    return line[:-1] + "\\x20" if line.endswith(" ") and words[-1] else line.rstrip()


def read(line: str) -> tuple:
    verb, _, rest = line.partition(" ")
    step = [verb]
    for place in range(len(VERBS.get(verb, rest.split()))):
        kind = kind_of(verb, place)
        if kind == "bytes":
            step.append(unescaped(rest))
            break
        word, _, rest = rest.partition(" ")
        if kind == "name":
            step.append(b"" if word == NOTHING else unescaped(word))
        else:
            step.append(word if word.startswith("@") else int(word))
    return tuple(step)


def to_text(steps: list) -> str:
    return "".join(shown(step) + "\n" for step in steps)


def from_text(text: str) -> list:
    """Lines that begin with # are for people."""
    return [read(line) for line in text.split("\n") if line and not line.startswith("#")]


#: The longest play: a repeated block ends where it would pass this.
MOST_STEPS = 20_000


def unrolled(steps: list):
    """The steps in the order in which they are played. A block in a block is played as often as the outer one."""
    done = at = 0
    while at < len(steps):
        times, block = 1, steps[at : at + 1]
        if steps[at][0] == "repeat":
            times = max(steps[at][1], 0)
            rest = steps[at + 1 :]
            ends = [place for place, step in enumerate(rest) if step[0] == "end"]
            block = rest[: ends[0] if ends else len(rest)]
            at += 1
        at += len(block)
        for _ in range(times if block else 0):
            done += len(block)
            if done > MOST_STEPS:
                return
            yield from (step for step in block if step[0] not in ("repeat", "end"))
