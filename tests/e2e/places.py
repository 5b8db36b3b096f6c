"""Where things lie. All of it is brought by `make e2e`, or `make run`."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WASM = ROOT / "dist/gatespan.wasm"
#: The same with a switch that makes it trap.
TRAPPING = ROOT / "target/wasm-test/gatespan.wasm"
EXAMPLES = ROOT / "envoy"
#: Logs and configurations of the last run.
KEPT = ROOT / "target/e2e"


def binary(variable: str) -> str:
    path = os.environ.get(variable)
    if not path:
        raise SystemExit(f"{variable} is not set: start this by `make e2e` or `make run`")
    return path
