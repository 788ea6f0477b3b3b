"""`kill -9` of the front end: nothing that it has started is left, whatever a worker is at, and the next start cleans up."""

import contextlib
import os
import subprocess
import sys

import psutil
import pytest

from integration.deployed import Deployed
from integration.server import PATIENCE_S, Server, alive, pack, wait_until

pytestmark = pytest.mark.integration

# Does what a request's body says, and never comes back from it. `re` keeps the interpreter's lock for as long as it looks.
STUBBORN = """
import os, pathlib, re, signal, subprocess, sys, time

NOTES = pathlib.Path(os.environ["NOTES"])

def began(context, name):
    (NOTES / context.model_name / (name + ".began")).touch()

def handle(data, context):
    if data is None:
        return None
    want = data[0]["body"].decode()
    if want == "fine":
        return ["fine"]
    if want == "children":
        subprocess.Popen(["sleep", "3600"])
        subprocess.Popen([sys.executable, "-c", "import signal, time\\nsignal.pthread_sigmask(signal.SIG_BLOCK, "
            "set(signal.Signals) - {9, 19})\\ntime.sleep(3600)"])
        if os.fork() == 0:
            time.sleep(3600)
    if want == "blocks":
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP})
    if want == "ignores":
        for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
            signal.signal(number, signal.SIG_IGN)
    began(context, want)
    if want == "stops":
        os.kill(os.getpid(), signal.SIGSTOP)
    if want == "holds":
        re.match(r"(a*)*$", "a" * 60 + "b")
    time.sleep(3600)
"""
LOADS = "import os, pathlib, subprocess, time\n" + (
    'subprocess.Popen(["sleep", "3600"])\npathlib.Path(os.environ["NOTES"], "m", "load.began").touch()\ntime.sleep(3600)\n'
)


@pytest.fixture
def stubborn(launch):
    """A server, and a model in it whose handler does not come back."""
    server = launch(default_response_timeout="3600")
    server.register(pack(server.store / "m.mar", "m", STUBBORN), initial_workers=2)
    return Deployed(server, "m")


def kill(server: Server) -> None:
    """End the front end as the kernel does."""
    server.process.kill()
    server.process.wait()


def gone(family) -> None:
    """Wait until none of them is left."""
    wait_until(lambda: not alive(family), f"{family} to be gone")


@pytest.mark.parametrize("want", ["sleeps", "holds", "blocks", "ignores", "children", "stops"])
def test_a_busy_worker_goes_with_its_front_end(stubborn, want):
    """It sleeps, holds the interpreter's lock, blocks or ignores every signal, is stopped, or has children of its own."""
    stubborn.hold(want)
    family = stubborn.server.family()
    assert len(family) == 3 + 3 * (want == "children")
    kill(stubborn.server)
    gone(family)


def test_a_worker_that_is_loading_goes_with_its_front_end(launch):
    """Also what the handler has started by then."""
    server = launch()
    model = Deployed(server, "m")
    server.register(pack(server.store / "m.mar", "m", LOADS), synchronous="false")
    model.began("load")
    family = server.family()
    assert len(family) == 3
    kill(server)
    gone(family)


def test_pip_goes_with_the_front_end(launch):
    """An installation of requirements, and what it runs."""
    server = launch(install_py_dep_per_model="true")
    build = server.directory / "slow"
    build.mkdir()
    (build / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (build / "backend.py").write_text(
        f"import pathlib, time\npathlib.Path({str(server.notes / 'pip.began')!r}).touch()\ntime.sleep(3600)\n"
    )
    requirements = {"r.txt": f"--no-index\n{build}\n"}
    files = pack(server.store / "m.mar", "m", "", files=requirements, requirementsFile="r.txt")
    server.threads.submit(server.register, files)
    wait_until((server.notes / "pip.began").exists, "pip to build")
    family = server.family()
    assert len(family) >= 2
    kill(server)
    gone(family)


def test_the_watcher_is_replaced(stubborn):
    """Whoever kills it has only made place for another, which knows of all that there is."""
    stubborn.hold("children")
    server = stubborn.server
    (watcher,) = watchers(server)
    watcher.kill()
    wait_until(lambda: [each for each in watchers(server) if each != watcher], "another watcher")
    family = server.family()
    kill(server)
    gone(family)


def watchers(server):
    """The processes that watch over a server's workers."""
    return [each for each in server.family() if "watcher.sh" in " ".join(arguments(each))]


def arguments(process):
    """What it was started with; nothing of one that has ended meanwhile."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.cmdline()
    return []


def test_the_next_start_ends_what_is_left(stubborn):
    """Where the watcher was killed with the server: their children hold on, until a server starts in the same place."""
    stubborn.hold("children")
    server = stubborn.server
    family = server.family()
    children = [each for each in family if each.name() == "sleep" or "pthread_sigmask" in " ".join(arguments(each))]
    assert len(children) == 2
    for each in (*watchers(server), psutil.Process(server.process.pid)):
        each.kill()
    server.process.wait()
    workers = [each for each in family if each not in children]
    psutil.wait_procs([each for each in workers if each.is_running() and each.ppid() != 1], PATIENCE_S)
    assert len(alive(children)) == 2
    stranger = subprocess.Popen(["sleep", "60"], process_group=0)
    again = Again(server)
    try:
        gone(family)
        assert stranger.poll() is None
        said = (server.directory / "logs" / "ts_log.log").read_text()
        for child in children:
            assert f"Ended process {child.pid}, which a server that was killed had left: " in said
    finally:
        again.end()
        stranger.kill()
        stranger.wait()


class Again:
    """Another server in a killed one's directory."""

    def __init__(self, server: Server) -> None:
        with (server.directory / "again").open("wb") as console:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "servescope.cli.main", "start", "--ncs", "--ts-config", "test.properties"],
                cwd=server.directory,
                env=os.environ | {"TEMP": str(server.directory), "NOTES": str(server.notes)},
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        wait_until(lambda: "Model server started." in (server.directory / "again").read_text(), "it to start")

    def end(self) -> None:
        self.process.terminate()
        assert self.process.wait(PATIENCE_S) == 0


def test_who_left_the_group_is_named(launch):
    """A process that a handler has taken out of its group and session on purpose is not ended, but the next start tells of it."""
    server = launch()
    code = (
        "import subprocess\nSTARTED = subprocess.Popen(['sleep', '300'], start_new_session=True)\n"
        "def handle(data, context):\n    return data and [str(STARTED.pid)]\n"
    )
    server.register(pack(server.store / "m.mar", "m", code))
    left = psutil.Process(int(Deployed(server, "m").predict("x").text))
    kill(server)
    again = Again(server)
    try:
        said = (server.directory / "logs" / "ts_log.log").read_text()
        assert f"Process {left.pid} may have been left by a server that was killed, and is not ended: sleep 300" in said
        assert left.is_running()
    finally:
        again.end()
        left.kill()


def test_a_worker_whose_front_end_is_gone_before_it_begins():
    """It sees that its parent is not the one it was launched by, and ends."""
    ended = subprocess.run(
        [sys.executable, "-m", "servescope.worker", "0", "0"],
        env=os.environ | {"SERVESCOPE_SERVER": "1 /nowhere"} | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr.strip()) == (1, "The front end, process 1, is gone")
