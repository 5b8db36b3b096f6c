"""What plays have reached, added up and told."""

from collections import Counter
from time import monotonic

from play import Play


class Reached:
    def __init__(self):
        self._begin = monotonic()
        self.sequences = 0
        self.callbacks, self._calls, self._metrics = Counter(), Counter(), Counter()
        self.edges = set()
        self._fuel, self._memory = (0.0, ""), 0.0

    def add(self, play: Play) -> set:
        """Counts a play. What it reached first."""
        self.sequences += 1
        self.callbacks += play.callbacks
        self._calls += play.host.answered
        self._metrics.update({name: value for name, value in play.metrics.items() if value})
        self._fuel, self._memory = max(self._fuel, play.fuel), max(self._memory, play.memory)
        new = play.edges - self.edges
        self.edges |= new
        return new

    def line(self) -> str:
        callbacks, seconds = self.callbacks.total(), monotonic() - self._begin
        return (
            f"{self.sequences:,} sequences, {callbacks:,} callbacks in {seconds:.1f} s ({callbacks / seconds:,.0f}/s), "
            f"{len(self.edges):,} edges"
        )

    def tell(self):
        print(self.line())
        print("callbacks: " + listed(self.callbacks))
        for name in sorted({name for name, _ in self._calls}):
            statuses = {status: count for (call, status), count in self._calls.items() if call == name}
            print(f"{name}: " + ", ".join(f"{count:,} x {status}" for status, count in sorted(statuses.items())))
        own = {name: count for name, count in self._metrics.items() if ".backend." not in name}
        print("counted: " + listed({name.removeprefix("gatespan."): count for name, count in own.items()}))
        print("answered: " + ", ".join(sorted(edge[1] for edge in self.edges if edge[0] == "reply" and edge[2])))
        print(f"log lines: {sum(edge[0] == 'log' for edge in self.edges)} kinds")
        part, callback = self._fuel
        print(
            f"at most used of what is allowed: {part:.0%} of the fuel, in {callback}; {self._memory:.0%} of the memory"
        )


def listed(counts: dict) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))
