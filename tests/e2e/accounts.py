"""What became of every span, by the gateway's own counters: recorded = exported + dropped + queued, for each backend."""

import re


def dropped(stats, of="") -> int:
    return sum(n for name, n in stats.items() if name.startswith(f"{of}spans.dropped.reason."))


def missing(stats, of="") -> int:
    """Recorded spans of which no counter says what became of them. `of` is the beginning of a backend's own names."""
    return stats[f"{of}spans.recorded"] - stats[f"{of}spans.exported"] - dropped(stats, of) - stats[f"{of}queue.spans"]


def backends(stats) -> list:
    """How the names of each backend begin; the plain ones are those of the first."""
    found = (re.fullmatch(r"(.*)spans\.recorded", name) for name in stats)
    return [name[1] for name in found if name]


def adds_up(stats, lost=0) -> bool:
    """`lost` is what a VM took along that trapped."""
    return all(missing(stats, of) == lost for of in backends(stats))


def settled(envoy, spans: int, seconds=15) -> dict:
    """Waits until nothing is queued; the sum holds all the while."""

    def holds(stats):
        # Envoy reads one counter after the other: it may have read in the middle of a change, but not twice.
        assert adds_up(stats) or adds_up(envoy.gatespan()), stats
        return stats["spans.recorded"] == spans and stats["queue.spans"] == 0

    return envoy.eventually(holds, seconds)


def sent_ids(app) -> list:
    """The ids of our spans, as the application got them: one for each request that arrived."""
    return sorted(one.one("opik_parent_span_id") for one in app.arrived)


def stored_ids(sink) -> list:
    return sorted(span["id"] for span in sink.spans())
