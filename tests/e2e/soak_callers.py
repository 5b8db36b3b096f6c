"""The callers of a soak: what each sends, and what must go upstream, by the laws of identity."""

import json
import re
import secrets
import time
from dataclasses import dataclass

from pattern import filled
from places import ROOT

TABLE = json.loads((ROOT / "tests/soak/table.json").read_text())
BIG = "a" * 9_000
#: The longest lists that the gateway sends on.
LONGEST = 8_192

UUID7 = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
TRACEPARENT = re.compile("00-([0-9a-f]{32})-([0-9a-f]{16})-0([0-3])")


def uuid7() -> str:
    random = secrets.token_hex(9)
    digits = f"{time.time_ns() // 1_000_000:012x}7{random[:3]}{secrets.choice('89ab')}{random[3:18]}"
    return "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])


class Caller:
    """One request of a row of the table."""

    def __init__(self, row: dict, case: str):
        self.row = row
        self.case = case
        self.ids = {"U": uuid7(), "P": uuid7(), "T": secrets.token_hex(16), "Q": secrets.token_hex(8), "BIG": BIG}
        self.sampled = row.get("sampled", True)

    def lines(self) -> list:
        return [filled(line, self.ids) for line in self.row["lines"]]

    def continues(self, system: str) -> bool:
        return system in self.row.get("continues", [])


@dataclass
class Seen:
    """The ids of ours that reached the application."""

    #: The low half of the span's id, which OpenTelemetry's formats spell.
    span: str
    #: The same span as Opik knows it; None where Opik will not receive it.
    opik: str | None


def seen(caller: Caller, arrived) -> Seen:
    """Fails with the law that the headers break."""
    trace, span = traceparent(caller, arrived)
    for name in ("tracestate", "baggage"):
        assert sum(map(len, arrived.all(name))) <= LONGEST, f"{name} is too long"
    traces, parents = (opik(arrived, name) for name in ("trace_id", "parent_span_id"))
    if not any(parent.replace("-", "").endswith(span) for parent in parents):
        as_came = ([caller.ids["U"]], [caller.ids["P"]]) if caller.continues("opik") else ([], [])
        assert (sorted(set(traces)), sorted(set(parents))) == as_came, f"ids that Opik does not get: {traces}, {parents}"
        return Seen(span, None)
    assert caller.sampled, "an Opik parent that is not recorded"
    assert len(traces) == len(parents) == 2, f"not both spellings: {traces}, {parents}"
    assert len({*traces}) == len({*parents}) == 1, f"the spellings differ: {traces}, {parents}"
    assert UUID7.fullmatch(traces[0]) and UUID7.fullmatch(parents[0]), f"no ids: {traces}, {parents}"
    own = traces[0].replace("-", "")
    if caller.continues("opik"):
        assert traces[0] == caller.ids["U"], f"another Opik trace: {traces}"
    elif caller.continues("otel"):
        assert (own[13:16], own[17:]) == (trace[13:16], trace[17:]), f"not derived from {trace}: {own}"
    else:
        assert own == trace, f"the systems differ: {own}, {trace}"
    return Seen(span, parents[0])


def traceparent(caller: Caller, arrived) -> tuple:
    values = [value.decode("latin-1") for value in arrived.all("traceparent")]
    found = len(values) == 1 and TRACEPARENT.fullmatch(values[0])
    assert found, f"no traceparent, or several: {values}"
    trace, span, flags = found.groups()
    assert int(trace, 16) and int(span, 16) and span != caller.ids["Q"], f"no id of ours: {values}"
    assert bool(int(flags) & 1) == caller.sampled, f"another decision than the caller's: {values}"
    if caller.continues("otel"):
        assert trace == caller.ids["T"], f"another trace than the caller's: {values}"
    elif caller.continues("opik"):
        assert trace == caller.ids["U"].replace("-", ""), f"not the trace in Opik: {values}"
    return trace, span


def opik(arrived, name: str) -> list:
    spelt = (f"opik_{name}", f"opik_{name}".replace("_", "-"))
    return [value.decode("latin-1") for one in spelt for value in arrived.all(one)]
