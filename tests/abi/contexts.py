"""The contexts of a VM as a host knows them, and whether they came and went in order."""

import json
import re
from struct import unpack

from laws import Broken, add_up, spans_begun, told

#: What a queue may hold where the document says nothing.
USUAL_QUEUE = 4 << 20
#: How a Struct says it: a double in a Value in an entry.
IN_A_STRUCT = re.compile(rb"\x0bqueue_bytes\x12\x09\x11(.{8})", re.DOTALL)


def queue_of(document: bytes) -> int:
    """How much a configuration that was taken allows to be queued, for all its backends."""
    found = IN_A_STRUCT.search(document)
    if found:
        (bytes_,) = unpack("<d", found[1])
        return max(document.count(b"\x04kind"), 1) * int(bytes_)
    try:
        plan = json.loads(document)
        lanes = len(plan.get("backends", [])) or 1
        return lanes * int(plan["export"]["queue_bytes"])
    except (ValueError, AttributeError, LookupError, TypeError):
        return USUAL_QUEUE


class Contexts:
    def __init__(self):
        #: What each root may queue, none before it is configured; the root of each stream.
        self.roots, self.streams = {}, {}
        #: Whether no context came twice or outlived its root. What is then left out of a count is the host's doing.
        self.is_orderly = True
        #: The most that all queues together could hold at any moment, and the most streams at once.
        self.most_queued = self.most_streams = 0

    def follow(self, callback: str, arguments: list, result, document: bytes):
        act = getattr(self, f"_{callback}", None)
        if act:
            act(*arguments, result=result, document=document)

    def _context_create(self, context, parent=0, *_, **__):
        if context in self.roots or context in self.streams:
            self.is_orderly = False
        if parent == 0:
            self.roots.setdefault(context, None)
        elif self.roots.get(parent) is not None:
            self.streams[context] = parent
            self.most_streams = max(self.most_streams, len(self.streams))

    def _configure(self, root, *_, result, document):
        if not result:
            return
        if self.is_orderly and root not in self.roots:
            raise Broken("flow", f"the root {root} is configured, and unknown")
        self._leave(root)
        self.roots[root] = queue_of(document)
        queued = sum(queue or 0 for queue in self.roots.values())
        self.most_queued = max(self.most_queued, queued)

    def _delete(self, context, *_, **__):
        if context in self.streams:
            del self.streams[context]
        elif context in self.roots:
            self._leave(context)
            del self.roots[context]

    def _leave(self, root):
        """The counters of streams that are left behind are told to nobody."""
        if root in self.streams.values():
            self.is_orderly = False


def settle(values: dict, is_orderly: bool):
    """When every context is gone nothing is queued any more, and every span that was begun was counted."""
    add_up(values)
    if not is_orderly:
        return
    for name, value in values.items():
        if ".queue." in name and value:
            raise Broken("accounting", f"{name} is {value}, and all roots are gone")
    begun, recorded = spans_begun(values), values.get("gatespan.spans.recorded", 0)
    if begun != recorded:
        raise Broken("begun", f"{begun} spans were begun and {recorded} recorded: {told(values)}")
