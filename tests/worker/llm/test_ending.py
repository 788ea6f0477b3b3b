"""An engine's processes end with their worker's."""

import subprocess
import sys
from multiprocessing import resource_tracker

import pytest

from servescope.worker.llm.ending import PATIENCE_S, STATUS, end_engine

LEAVE = """
import threading
from servescope.worker.llm import ending
ending.LAST_S = 0.05
ending.leave("gone", {shutdown})
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
