"""As process 1, or as a subreaper, the server reaps what it is given, and leaves to others the ends that they wait for."""

import shutil
import signal
import subprocess
import sys

import psutil
import pytest

from integration.deployed import Deployed
from integration.server import PATIENCE_S, Server, pack, wait_until

pytestmark = pytest.mark.integration

# A request leaves a child of a child, which ends a moment after its parent has; or ends the worker itself.
ORPHANS = """
import os, subprocess

def handle(data, context):
    if data is None:
        return None
    want = data[0]["body"].decode()
    if want == "exit":
        os._exit(3)
    return [subprocess.run(["sh", "-c", "sleep 0.2 >&- 2>&- & echo $!"], capture_output=True, check=True).stdout]
"""
PR_SET_CHILD_SUBREAPER = 36
SUBREAPER = (
    f"import ctypes, os, sys\nctypes.CDLL(None).prctl({PR_SET_CHILD_SUBREAPER}, 1, 0, 0, 0)\n"
    "os.execv(sys.argv[1], sys.argv[1:])"
)
PROCESS_ONE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]


def can_unshare() -> bool:
    """Whether this machine lets us make a process 1."""
    return shutil.which("unshare") is not None and subprocess.run([*PROCESS_ONE, "true"], check=False).returncode == 0


@pytest.fixture(params=["process 1", "subreaper"])
def server(request, tmp_path):
    """A server that is given orphans, and the front end's process."""
    if request.param == "process 1" and not can_unshare():
        pytest.skip("needs unshare, and the right to make a PID namespace")
    before = PROCESS_ONE if request.param == "process 1" else [sys.executable, "-c", SUBREAPER]
    server = Server(tmp_path, {"front_ends": "1"}, before=before)  # its children are counted
    yield server
    front_end(server).send_signal(signal.SIGTERM)
    assert server.process.wait(PATIENCE_S) == 0
    server.end()


def front_end(server) -> psutil.Process:
    """The server itself, where another process stands before it."""
    process = psutil.Process(server.process.pid)
    return process.children()[0] if process.name() == "unshare" else process


def zombies(server) -> list[int]:
    return [child.pid for child in front_end(server).children() if child.status() == psutil.STATUS_ZOMBIE]


def test_zombies_do_not_stay(server):
    """Twenty requests that each orphan a child leave none; workers that end are told apart, and replaced as ever."""
    server.register(pack(server.store / "m.mar", "m", ORPHANS))
    model = Deployed(server, "m")
    for _ in range(20):
        assert model.predict("orphan").status_code == 200
    assert len(front_end(server).children()) > 2, "the orphans are not the server's"
    for _ in range(2):
        assert model.predict("exit").json()["message"] == "Worker died."
    assert model.predict("orphan").status_code == 200
    wait_until(lambda: len(front_end(server).children()) == 2, "the orphans to be reaped")
    assert not zombies(server)
    assert server.metrics("servescope_worker_restarts_total", model_name="m", reason="exit") == 2
