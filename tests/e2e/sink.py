"""The local stand-in for the backends, as a process; its read-back."""

import json
import re
import time
import urllib.error
import urllib.request

from places import KEPT, binary
from process import Process


class Sink(Process):
    def __init__(self, name="sink", listen="127.0.0.1:0", *options):
        command = [binary("GATESPAN_SINK"), "--listen", listen, *options]
        super().__init__(name, command, KEPT / f"{name}.log")
        try:
            self.url = self.until(self._address)
        except RuntimeError:
            self.stop()
            raise
        self.port = int(self.url.rsplit(":", 1)[1])

    def _address(self):
        found = re.search(r"^sink (http://\S+)$", self.log, re.M)
        return found and found[1]

    def _ask(self, path, body=None):
        request = urllib.request.Request(self.url + path, data=body, method="GET" if body is None else "POST")
        try:
            with urllib.request.urlopen(request, timeout=70) as response:
                text = response.read()
        except urllib.error.HTTPError as error:
            # /read/wait answers 504 when it waited in vain; the counts are in it all the same.
            if error.code != 504:
                raise AssertionError(f"sink: {path}: {error.code} {error.read()!r}") from error
            text = error.read()
        return json.loads(text) if text else None

    def reset(self):
        self._ask("/control/reset", b"")

    def fault(self, *steps):
        """See tests/sink/src/fault.rs for the steps; none of them ends all trouble."""
        self._ask("/control/fault", json.dumps(list(steps)).encode())

    def wait(self, traces=0, spans=0, seconds=10.0, trace=None, otlp=0, lilypad=0) -> bool:
        """Whether that many rows came in time; `traces` and `spans` are Opik's."""
        of = f"&trace={trace}" if trace else ""
        least = f"traces={traces}&spans={spans}&otlp={otlp}&lilypad={lilypad}"
        return self._ask(f"/read/wait?{least}&ms={int(seconds * 1000)}{of}")["reached"]

    def traces(self, **of) -> list:
        return chosen(self._ask("/read/traces")["traces"], of)

    def spans(self, **of) -> list:
        return chosen(self._ask("/read/spans")["spans"], of)

    def otlp(self, **of) -> list:
        """Spans that came by OTLP: ids in hex, `attributes` as a map; see tests/sink/src/lib.rs."""
        return chosen(self._ask("/read/otlp")["spans"], of)

    def lilypad(self) -> dict:
        """`spans` in the words of OTLP's, each with what was `sent`; those that were `lost` in silence."""
        return self._ask("/read/lilypad")

    def counters(self) -> dict:
        """Sums for each system: requests, taken, items, refused, broken, faults."""
        return self._ask("/read/counters")

    def requests(self, path="") -> list:
        """Those whose paths hold that."""
        return [one for one in self._ask("/read/requests")["requests"] if path in one["path"]]

    def holding(self, word: str) -> list:
        """The request lines of all that came with this word, byte for byte, in head or body."""
        found = self._ask(f"/read/holding?word={word}")
        assert found["searched"] > 0 and found["forgotten"] == 0, found
        return found["requests"]

    def refused(self) -> list:
        return self._ask("/read/refused")["refused"]

    def tree(self, trace: str, system="") -> dict:
        """Of one system, if that is given."""
        of = f"&system={system}" if system else ""
        return self._ask(f"/read/tree?trace={trace}{of}")

    def report(self):
        try:
            kinds = ("traces", "spans", "otlp")
            rows = {"refused": self.refused(), **{kind: getattr(self, kind)()[-5:] for kind in kinds}}
            rows["lilypad"] = {kind: found[-5:] for kind, found in self.lilypad().items()}
            return [(f"{self.name}: the last rows", json.dumps(rows, indent=1)[-8000:])]
        except OSError as error:
            return [(self.name, f"does not answer: {error}")]


def chosen(rows: list, of: dict) -> list:
    """Rows whose fields have these values; `project` for `project_name`."""
    if "project" in of:
        of["project_name"] = of.pop("project")
    return [row for row in rows if all(row.get(name) == value for name, value in of.items())]


def soon(find):
    """The one that is found within a while."""
    end = time.monotonic() + 10
    while not (found := find()):
        assert time.monotonic() < end, "no span"
        time.sleep(0.05)
    assert len(found) == 1, found
    return found[0]
