"""The little language of the scenario table, as tests/scenarios/pattern.rs defines it.

`$T` is one of the table's fixed ids; `<S>` an id that the gateway made, which must be the same wherever it stands in one
row. `.hex` is the undashed spelling of a UUID and `.low` its last 16 digits.
"""

import re

DASHED = 36


def filled(text: str, ids: dict) -> str:
    """Puts the table's fixed ids into a text."""
    return re.sub(r"\$([A-Za-z0-9]+)(\.hex|\.low)?", lambda found: spelled(ids[found[1]], found[2]), text)


def spelled(id_: str, part) -> str:
    if not part:
        return id_
    undashed = id_.replace("-", "")
    return undashed[16:] if part == ".low" else undashed


def length(name: str) -> int:
    if name.endswith(".hex"):
        return 32
    if name.endswith(".low"):
        return 16
    if name.startswith("T"):
        return 32
    return 16 if name.startswith("S") and len(name) > 1 else DASHED


class Bound(dict):
    """The ids that the gateway made in one row."""

    def matches(self, pattern: str, actual: str) -> bool:
        """Whether `actual` is what `pattern` says; ids seen for the first time are remembered."""
        rest = actual
        while "<" in pattern:
            literal, behind = pattern.split("<", 1)
            if ">" not in behind or not rest.startswith(literal):
                return False
            name, pattern = behind.split(">", 1)
            rest = rest[len(literal) :]
            id_, rest = rest[: length(name)], rest[length(name) :]
            if not self._bind(name, id_):
                return False
        return rest == pattern

    def _bind(self, name: str, id_: str) -> bool:
        if len(id_) != length(name) or not re.fullmatch(r"[-0-9a-fA-F]+", id_):
            return False
        same = self.setdefault(name, id_) == id_
        if len(id_) == DASHED:
            for part in (".hex", ".low"):
                same &= self.setdefault(name + part, spelled(id_, part)) == spelled(id_, part)
        if name.endswith(".hex"):
            low = name.removesuffix(".hex") + ".low"
            same &= self.setdefault(low, spelled(id_, ".low")) == spelled(id_, ".low")
        return same


def same(wanted: list, found: list, bound: Bound) -> bool:
    """Whether the lines are those that are wanted, in any order."""
    left = list(found)
    for line in wanted:
        at = next((i for i, other in enumerate(left) if first(other) == first(line) and bound.matches(line, other)), None)
        if at is None:
            return False
        del left[at]
    return not left


def first(line: str) -> str:
    return re.split("[: ]", line, maxsplit=1)[0]
