"""Phoenix, a store of traces that nobody here wrote, as a process; how many traces it has."""

import json
import shutil
import time
import urllib.request

from places import KEPT, binary
from ports import answers, free
from process import Process

COUNT = {"query": "{projects{edges{node{traceCount}}}}"}


class Phoenix(Process):
    def __init__(self, name: str):
        home = KEPT / f"{name}.home"
        # What an earlier run has stored is not of this one.
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        self.port = free()
        told = {"WORKING_DIR": home, "HOST": "127.0.0.1", "PORT": self.port, "GRPC_PORT": free(), "TELEMETRY_ENABLED": "false"}
        env = {f"PHOENIX_{key}": str(value) for key, value in told.items()}
        command = [binary("GATESPAN_PHOENIX"), "-m", "phoenix.server.main", "serve"]
        super().__init__(name, command, KEPT / f"{name}.log", env=env)
        try:
            # It makes its database first.
            self.until(lambda: answers(self.port), 120)
        except RuntimeError:
            self.stop()
            raise

    def traces(self, wanted: int, seconds=60) -> int:
        """How many there are, once there are so many, or when the time is over: it stores behind its answer."""
        end = time.monotonic() + seconds
        while (found := self._count()) < wanted and time.monotonic() < end:
            time.sleep(0.5)
        return found

    def _count(self) -> int:
        url, kind = f"http://127.0.0.1:{self.port}/graphql", {"content-type": "application/json"}
        request = urllib.request.Request(url, data=json.dumps(COUNT).encode(), headers=kind)
        with urllib.request.urlopen(request, timeout=30) as response:
            projects = json.load(response)["data"]["projects"]["edges"]
        return sum(one["node"]["traceCount"] for one in projects)
