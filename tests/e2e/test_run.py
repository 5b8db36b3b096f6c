"""`make run`: what it tells, how it ends, and that nothing of it stays."""

import os
import secrets
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from places import KEPT, ROOT
from process import Process
from sink import Sink

MARK = "GATESPAN_TEST"
ENDS = "Ctrl-C ends it."


@contextmanager
def demo(name: str, **env):
    """The demonstration as a process; whatever it started is gone by the end."""
    mark = secrets.token_hex(8)
    # -S: without any package.
    command = [sys.executable, "-S", "-u", ROOT / "tests/e2e/demo.py"]
    with Process(name, command, KEPT / f"{name}.log", env={"OPIK_URL": "", "ONCE": "", **env, MARK: mark}) as run:
        yield run
    end = time.monotonic() + 10
    while left := marked(mark):
        assert time.monotonic() < end, f"still there: {left}"
        time.sleep(0.05)


def marked(mark: str) -> list:
    """The command lines of processes that have this mark from whoever started them."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (process / "environ").read_bytes().split(b"\0"):
                # One that has ended and that nobody waited for has no command line.
                found += [line] if (line := (process / "cmdline").read_text()) else []
        except OSError:
            pass
    return found


def test_once():
    with demo("run-once", ONCE="1") as run:
        assert run.wait(60) == 0, run.log
        log = run.log
    calls = ("gpt-4o-2024-08-06, 1200 tokens in, 80 out", "claude-sonnet-4-5-20250929, 62040 tokens in, 300 out, the first after")
    for line in (*calls, "the gateway: joined", "the gateway: minted", "answer    400", '"fault":"invalid"', "(nothing)", "/stats/prometheus"):
        assert line in log, line
    assert ENDS not in log


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_until_it_is_told(ending):
    with demo(f"run-{ending.name}") as run:
        run.until(lambda: ENDS in run.log, 60, "say how it ends")
        os.kill(run.pid, ending)
        assert run.wait(20) == (-ending if ending == signal.SIGKILL else 0), run.log


def test_another_opik():
    key = secrets.token_hex(8)
    with Sink("run-opik", "127.0.0.1:0", "--key", key, "--workspace", "ours") as opik:
        env = {"ONCE": "1", "OPIK_URL": f"{opik.url}/api/", "OPIK_WORKSPACE": "ours"}
        with demo("run-another", OPIK_API_KEY=key, **env) as run:
            assert run.wait(60) == 0, run.log
            assert "the 6 spans of the gateway were taken by" in run.log
            assert key not in run.log and key not in (KEPT / "run.yaml").read_text()
        assert len(opik.spans()) == 13 and opik.refused() == []
        # One that refuses us is a failure.
        with demo("run-refused", OPIK_API_KEY="another", **env) as run:
            assert run.wait(60) == 1, run.log
            assert "run: " in run.log and "Traceback" not in run.log
