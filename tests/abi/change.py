"""Changes a sequence a little: its steps, their numbers and their bytes."""

from random import Random

import material as m
from author import CALLBACKS

MOST_CHANGES = 6
#: Of a hundred sequences so many keep what they repeat: one of them takes as long as all the others.
LONG = 2
#: No sequence grows past this.
MOST_STEPS = 400
#: Nor what one step holds.
MOST_BYTES = 200_000


def changed(steps: list, others: list, random: Random) -> list:
    """`others` are sequences from which steps may be taken."""
    steps = list(steps)
    if random.randrange(100) >= LONG:
        steps = [step for step in steps if step[0] not in ("repeat", "end")]
    for _ in range(random.randint(1, MOST_CHANGES)):
        if not steps:
            return steps
        random.choice(WAYS)(steps, others, random)
    return steps[:MOST_STEPS]


def stretch(steps: list, random: Random) -> slice:
    start = random.randrange(len(steps))
    return slice(start, start + random.choice([1, 1, 1, 2, 4, 16]))


def remove(steps, _others, random):
    del steps[stretch(steps, random)]


def repeat(steps, _others, random):
    piece = steps[stretch(steps, random)]
    place = random.randrange(len(steps) + 1)
    steps[place:place] = piece


def swap(steps, _others, random):
    one, other = random.randrange(len(steps)), random.randrange(len(steps))
    steps[one], steps[other] = steps[other], steps[one]


def borrow(steps, others, random):
    other = random.choice(others)
    if other:
        place = random.randrange(len(steps) + 1)
        steps[place:place] = other[stretch(other, random)]


def misanswer(steps, _others, random):
    how = random.choice([*map(str, m.STATUSES), *m.HOWS])
    step = ("answer", m.latin(random.choice(m.CALLS)), m.latin(how), random.choice([1, 1, 2, 5, 0]))
    steps.insert(random.randrange(len(steps) + 1), step)


def call(steps, _others, random):
    step = (random.choice(CALLBACKS), *(random.choice([1, 2, 3, *m.ODD]) for _ in range(5)))
    steps.insert(random.randrange(len(steps) + 1), step)


def touch(steps, _others, random):
    """Another number, or other bytes, in one step."""
    place = random.randrange(len(steps))
    verb, *words = steps[place]
    if not words or verb == "answer":
        return
    at = random.randrange(len(words))
    if isinstance(words[at], bytes):
        words[at] = spoilt(words[at], random)
    elif verb == "repeat":
        words[at] = random.choice([2, 10, 300])
    else:
        near = words[at] if isinstance(words[at], int) else 0
        words[at] = random.choice([near + 1, near - 1, near * 2, -near, *m.ODD, random.getrandbits(32)])
    steps[place] = (verb, *words)


def spoilt(data: bytes, random: Random) -> bytes:
    place = random.randrange(len(data) + 1)
    way = random.randrange(6)
    if way == 0:
        data = data[:place]
    elif way == 1:
        data = data[:place] + random.randbytes(random.choice([1, 2, 4, 64])) + data[place:]
    elif way == 2:
        data = data[:place] + data[place + random.choice([1, 2, 4, 64]) :]
    elif way == 3:
        data = data[:place] + data[: random.choice([1, 8, 500])] * random.choice([1, 2, 100]) + data[place:]
    elif way == 4:
        data = data[:place] + random.choice(EDGES) + data[place:]
    else:
        data = data[:place] + bytes([random.getrandbits(8)]) + data[place + 1 :]
    return data[:MOST_BYTES]


#: Bytes at which parsers stumble.
EDGES = [b"\0", b"\xff\xff\xff\xff", b"\xc2\xa0", b"\xed\xa0\x80", b"\r\n", b" "]
EDGES += [bytes([mark]) for mark in b'-,;=%"\\{[']

WAYS = [remove, remove, repeat, swap, borrow, borrow, misanswer, misanswer, call, touch, touch, touch, touch]
