"""Makes a sequence that breaks a law as short as it goes."""

from collections.abc import Callable
from time import monotonic

#: After so long, what there is has to do.
MOST_SECONDS = 60


def shrunk(steps: list, still: Callable[[list], bool]) -> list:
    """Fewer steps, then less in each of them, until nothing can be left out. `still` is whether it still happens."""
    until = monotonic() + MOST_SECONDS
    while monotonic() < until:
        before = steps
        steps = fewer(steps, still, until)
        for place in range(len(steps)):
            steps = smaller(steps, place, still, until)
        if steps == before:
            break
    return steps


def fewer(steps: list, still, until: float) -> list:
    """Leaves out half of them, then quarters, at last single ones."""
    size = max(len(steps) // 2, 1)
    while monotonic() < until:
        at = 0
        while at < len(steps):
            without = steps[:at] + steps[at + size :]
            if still(without):
                steps = without
            else:
                at += size
        if size == 1:
            break
        size //= 2
    return steps


def smaller(steps: list, place: int, still, until: float) -> list:
    """The first of simpler values for each word of a step with which it still happens, as long as there is one."""
    for at in range(1, len(steps[place])):
        goes_on = True
        while goes_on and monotonic() < until:
            goes_on = False
            for simpler in simpler_than(steps[place][at]):
                step = (*steps[place][:at], simpler, *steps[place][at + 1 :])
                tried = [*steps[:place], step, *steps[place + 1 :]]
                if still(tried):
                    steps, goes_on = tried, True
                    break
    return steps


def simpler_than(value):
    if isinstance(value, bytes):
        size = len(value) // 2
        while size:
            yield from (value[:at] + value[at + size :] for at in range(0, len(value), size))
            size //= 2
    elif isinstance(value, int):
        yield from (number for number in (0, 1, 2, value // 2) if abs(number) < abs(value))
