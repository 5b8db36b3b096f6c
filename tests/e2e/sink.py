"""The local stand-in for every backend, as a process; its read-back."""

import json
import re
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

    def wait(self, seconds=10.0, **least) -> bool:
        """Whether that many rows came in time: of `traces`, `spans`, `otlp`, `lilypad`; of one `trace`, if that is given."""
        asked = "".join(f"&{name}={value}" for name, value in least.items())
        return self._ask(f"/read/wait?ms={int(seconds * 1000)}{asked}")["reached"]

    def traces(self, **of) -> list:
        return chosen(self._ask("/read/traces")["traces"], of)

    def spans(self, **of) -> list:
        return chosen(self._ask("/read/spans")["spans"], of)

    def otlp(self, **of) -> list:
        return chosen(self._ask("/read/otlp")["spans"], of)

    def lilypad(self, **of) -> list:
        return chosen(self._ask("/read/lilypad")["spans"], of)

    def lost(self) -> list:
        """What Lilypad said it took, and did not."""
        return self._ask("/read/lilypad")["lost"]

    def requests(self, path="") -> list:
        """Those whose paths hold that."""
        return [one for one in self._ask("/read/requests")["requests"] if path in one["path"]]

    def refused(self) -> list:
        return self._ask("/read/refused")["refused"]

    def tree(self, trace: str, system="") -> dict:
        """Of one system, if that is given."""
        of = f"&system={system}" if system else ""
        return self._ask(f"/read/tree?trace={trace}{of}")

    def report(self):
        try:
            rows = {"refused": self.refused(), "traces": self.traces()[-5:], "spans": self.spans()[-5:]}
            rows |= {"otlp": self.otlp()[-5:], "lilypad": self.lilypad()[-5:], "lost": self.lost()[-5:]}
            return [(f"{self.name}: the last rows", json.dumps(rows, indent=1)[-8000:])]
        except OSError as error:
            return [(self.name, f"does not answer: {error}")]


def chosen(rows: list, of: dict) -> list:
    """Rows whose fields have these values; `project` for `project_name`."""
    if "project" in of:
        of["project_name"] = of.pop("project")
    return [row for row in rows if all(row.get(name) == value for name, value in of.items())]
