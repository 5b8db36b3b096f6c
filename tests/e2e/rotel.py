"""rotel, a receiver of OTLP that nobody here wrote, as a process. What it takes it sends on, by OTLP too."""

import subprocess

from places import KEPT, binary
from ports import answers, free
from process import Process

#: The program lies inside of its package, and not on PATH.
FIND = "import importlib.util as u, pathlib as p; print(p.Path(u.find_spec('rotel').origin).parent / 'rotel-agent')"


class Rotel(Process):
    def __init__(self, name: str, to: str):
        """`to` is the URL of the receiver that comes next."""
        found = subprocess.run([binary("GATESPAN_PARTS"), "-I", "-c", FIND], capture_output=True, text=True, check=True)
        self.port, self.grpc_port = free(), free()
        options = {
            "pid-file": KEPT / f"{name}.pid",
            "otlp-http-endpoint": f"127.0.0.1:{self.port}",
            "otlp-grpc-endpoint": f"127.0.0.1:{self.grpc_port}",
            "batch-timeout": "50ms",
            "exporter": "otlp",
            "otlp-exporter-endpoint": to,
            "otlp-exporter-protocol": "http",
        }
        spelt = [part for name, value in options.items() for part in (f"--{name}", value)]
        super().__init__(name, [found.stdout.strip(), "start", *spelt], KEPT / f"{name}.log")
        try:
            self.until(lambda: answers(self.port))
        except RuntimeError:
            self.stop()
            raise
