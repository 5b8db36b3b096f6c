"""A child process: its output in a file, its end when ours comes."""

import ctypes
import os
import signal
import subprocess
import time
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)

#: What runs now and can tell about itself when a test fails.
RUNNING = []


def _end_with_parent():
    # Also when we are killed: a test leaves no server behind.
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Process:
    """Started at once; `stop` ends exactly this one."""

    def __init__(self, name, command, log: Path, env=None, cwd=None, stdin=None):
        self.name = name
        self.log_path = log
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log.open("wb")
        self._child = subprocess.Popen(
            [str(part) for part in command],
            stdin=stdin or subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            # Ctrl-C is ours to handle: the children end in our order.
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
        RUNNING.append(self)

    @property
    def pid(self):
        return self._child.pid

    @property
    def resident(self) -> float:
        """Its memory in MB."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            (line,) = (line for line in status if line.startswith("VmRSS"))
        return round(int(line.split()[1]) / 1024, 1)

    @property
    def code(self):
        """The exit code, None while it runs."""
        return self._child.poll()

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="backslashreplace")

    def until(self, ready, seconds=20.0, what="be ready"):
        """Waits for `ready()` to return something true, and returns it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.code is not None:
                raise RuntimeError(f"{self.name} ended with {self.code}:\n{self.log[-6000:]}")
            found = ready()
            if found:
                return found
            time.sleep(0.02)
        raise RuntimeError(f"{self.name} did not {what} within {seconds} s:\n{self.log[-6000:]}")

    def wait(self, seconds=20.0):
        return self._child.wait(seconds)

    def terminate(self):
        """Asks it to end."""
        self._child.terminate()

    def stop(self, seconds=3.0):
        if self in RUNNING:
            RUNNING.remove(self)
        if self.code is None:
            self.terminate()
            try:
                self._child.wait(seconds)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()
        self._log.close()

    def report(self):
        """Title and text for a failing test."""
        return [(f"{self.name}: end of {self.log_path}", self.log[-8000:])]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
