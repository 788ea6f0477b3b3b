"""An engine's processes end with their worker's, and the worker with its engine."""

import asyncio
import os
import signal
import subprocess
import sys
from multiprocessing import resource_tracker, shared_memory
from pathlib import Path

import pytest

from servescope.worker.llm.ending import PATIENCE_S, STATUS, end_engine, watch

LEAVE = """
import threading
from servescope.worker.llm import ending
ending.LAST_S = 0.05
ending.leave("gone", {shutdown})
"""
SHARE = """
import os, sys
from multiprocessing import resource_tracker, shared_memory
from servescope.worker.llm.ending import start_tracker
os.setpgid(0, 0)
start_tracker()
shared = shared_memory.SharedMemory(create=True, size=100)
print(shared.name, resource_tracker._resource_tracker._pid, flush=True)
sys.stdin.read()
"""


def test_what_was_shared_is_taken_away():
    """The engine is asked to end its processes, then the tracker of what they shared is waited for."""
    resource_tracker.ensure_running()
    asked = []
    end_engine(asked.append)
    assert asked == [PATIENCE_S]
    assert resource_tracker._resource_tracker._fd is None


@pytest.mark.parametrize(
    "shutdown", ["lambda seconds: print('ended')", "lambda seconds: 1 / 0", "lambda seconds: threading.Event().wait()"]
)
def test_leaving(shutdown):
    """The process ends with a status that is no success, its line on stderr, also where the engine cannot be ended."""
    code = LEAVE.format(shutdown=shutdown)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == STATUS
    assert done.stderr.startswith("gone\n")
    assert done.stdout == ("ended\n" if "print" in shutdown else "")


def test_the_end_comes_after_the_engines():
    """Nothing while the engine lives; then one call, which says why."""

    class Engine:
        looks = 0

        @property
        def errored(self):
            self.looks += 1
            return self.looks > 3

    ended = []
    engine = Engine()
    asyncio.run(watch(engine, ended.append, 0, 0))
    assert engine.looks == 4
    assert len(ended) == 1
    assert "engine has died" in ended[0]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="shared memory shows as files only on Linux")
def test_a_killed_group_leaves_nothing(tmp_path):
    """Its tracker outlives it, takes away what the dead process shared, nobody else's, and ends."""
    other = shared_memory.SharedMemory(create=True, size=100)
    words = [sys.executable, "-c", SHARE]
    with (
        (tmp_path / "stderr").open("w") as stderr,
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True) as process,
    ):
        name, tracker = process.stdout.readline().split()
        assert Path("/dev/shm", name).exists()
        assert os.getpgid(int(tracker)) != process.pid
        os.killpg(process.pid, signal.SIGKILL)
        assert process.stdout.read() == ""  # the tracker holds it open, too: it has ended
    assert not Path("/dev/shm", name).exists()
    assert Path("/dev/shm", other.name).exists()
    other.close()
    other.unlink()
