"""A real Envoy with one configuration, as a process."""

import json
import re
import subprocess
import time
import urllib.request

from accounts import adds_up
from places import KEPT, ROOT, binary
from process import Process


def validate(path, env=None) -> subprocess.CompletedProcess:
    """`envoy --mode validate`, which loads the module and configures it."""
    command = [binary("GATESPAN_ENVOY"), "--mode", "validate", "-c", str(path), "--disable-hot-restart", "-l", "warning"]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)


def written(name: str, bootstrap: dict):
    """The configuration as a file."""
    # Imported here, because `make run` has a text and needs no package.
    import as_yaml

    return as_yaml.kept(name, as_yaml.dumped(bootstrap))


class Envoy(Process):
    """`bootstrap` is a document, or the path of a file. Its admin port and its listeners may have port 0."""

    #: How many spans a VM took along that trapped: what a test expects to be missing when it ends.
    lost = 0

    def __init__(self, name: str, bootstrap, env=None, concurrency=1, level="warning", wasm="info", drain=600, ready=True):
        self.config = bootstrap if not isinstance(bootstrap, dict) else written(name, bootstrap)
        self._address = KEPT / f"{name}.admin"
        self._address.parent.mkdir(parents=True, exist_ok=True)
        self._address.unlink(missing_ok=True)
        command = [binary("GATESPAN_ENVOY"), "-c", self.config, "--admin-address-path", self._address]
        # Without hot restart two instances need no numbers of their own.
        command += ["--concurrency", str(concurrency), "--disable-hot-restart", "-l", level]
        command += ["--component-log-level", f"wasm:{wasm}", "--drain-time-s", drain]
        # Tests read access logs.
        command += ["--file-flush-interval-msec", "100"]
        super().__init__(name, command, KEPT / f"{name}.log", env=env, cwd=ROOT)
        if ready:
            try:
                self.until(self._live)
            except RuntimeError:
                self.stop()
                raise
            self.ports = self.listening()

    def admin(self, path: str, method="GET") -> str:
        url = f"http://{self._address.read_text().strip()}{path}"
        request = urllib.request.Request(url, method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.read().decode()

    def _live(self) -> bool:
        try:
            return self.admin("/ready").strip() == "LIVE"
        except (OSError, ValueError):
            return False

    def listening(self) -> dict:
        listeners = json.loads(self.admin("/listeners?format=json")).get("listener_statuses", [])
        return {one["name"]: one["local_address"]["socket_address"]["port_value"] for one in listeners}

    @property
    def admin_port(self) -> int:
        return int(self._address.read_text().rsplit(":", 1)[1])

    @property
    def port(self) -> int:
        return next(iter(self.ports.values()))

    def stats(self, pattern="") -> dict:
        """Counters and gauges whose names hold the pattern."""
        stats = json.loads(self.admin(f"/stats?format=json&filter={pattern}"))["stats"]
        return {one["name"]: one["value"] for one in stats if "value" in one}

    def gatespan(self) -> dict:
        """Our own, without the prefix."""
        prefix = "wasmcustom.gatespan."
        return {name.removeprefix(prefix): value for name, value in self.stats("gatespan").items() if prefix in name}

    def prometheus(self) -> str:
        return self.admin("/stats/prometheus")

    def eventually(self, holds, seconds=10.0):
        """Waits until `holds(our stats)` does, and returns the stats; the last ones are in the failure."""
        end = time.monotonic() + seconds
        while True:
            stats = self.gatespan()
            if holds(stats):
                return stats
            assert time.monotonic() < end, f"not within {seconds} s: {json.dumps(stats, indent=1)}"
            time.sleep(0.05)

    def balance(self):
        """Fails unless every span is accounted for, whatever was done to this Envoy."""
        self.eventually(lambda stats: adds_up(stats, self.lost))

    def plugin_log(self) -> list:
        """What the filter itself said."""
        return re.findall(r"wasm log[^:]*: (.*)$", self.log, re.M)

    def report(self):
        text = self.config.read_text()
        return [*super().report(), (f"{self.name}: {self.config}", text[:12000])]
