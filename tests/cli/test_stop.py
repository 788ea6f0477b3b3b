"""Ending a server, and saying why it does not end. The servers here are small processes that a run file names."""

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import psutil
import pytest

from servescope.cli import runfile
from servescope.cli.client.drain import described
from servescope.cli.client.scrape import parse
from servescope.cli.stop import stop

OBEDIENT = "import signal; print('up', flush=True); signal.pause()"
SILENT = "import signal; signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()"


@contextmanager
def process(program):
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
        try:
            assert child.stdout.readline() == b"up\n"
            yield child
        finally:
            child.kill()


@contextmanager
def named(child, tmp_path, earlier_s=0.0):
    server = runfile.RunningServer(
        child.pid, psutil.Process(child.pid).create_time() - earlier_s, str(tmp_path), "http://a", "http://b",
        "http://c", str(tmp_path / "logs"),
    )  # fmt: skip
    with runfile.held(runfile.location({"TEMP": str(tmp_path)}), server):
        yield


def halt(pid):
    """Stop a child, and wait until it is."""
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)


@pytest.fixture
def said():
    return []


def test_the_process_ends_and_the_key_file_goes(tmp_path, said):
    """SIGTERM, and the keys of the server's directory with it."""
    (tmp_path / "key_file.json").write_text("{}")
    with process(OBEDIENT) as child, named(child, tmp_path):
        assert stop({"TEMP": str(tmp_path)}, said.append) == 0
        assert child.poll() is not None
    assert not (tmp_path / "key_file.json").exists()
    assert f"process {child.pid}" in said[0]


def test_a_server_that_does_not_end_is_explained(tmp_path, said):
    """What holds it, where to read more, and how to end it all the same; its keys stay."""
    (tmp_path / "key_file.json").write_text("{}")
    with process(STUBBORN) as child, named(child, tmp_path):
        assert stop({"TEMP": str(tmp_path)}, said.append, wait_s=0) == 1
        assert child.poll() is None
    assert "did not end within 0 s" in said[0]
    assert "no worker process is left" in said[0]
    assert "`servescope stop --now`" in said[0]
    assert (tmp_path / "key_file.json").exists()


def test_a_server_that_is_stopped_is_no_riddle(tmp_path, said):
    """What it waits for is the process itself, and how that goes on is said, at once and at the end."""
    with process(OBEDIENT) as child, named(child, tmp_path):
        halt(child.pid)
        assert stop({"TEMP": str(tmp_path)}, said.append, wait_s=2) == 1
        assert said[0].startswith(
            f"Process {child.pid} is stopped (by SIGSTOP or Ctrl-Z), and cannot end: `kill -CONT "
        )
        assert (
            f"process {child.pid} is stopped (by SIGSTOP or Ctrl-Z); `kill -CONT {child.pid}` lets it go on" in said[-1]
        )
        assert "worker" not in said[-1]
        child.send_signal(signal.SIGCONT)
        assert child.wait(20) == -signal.SIGTERM  # it has been told


def test_now_tells_of_one_that_is_stopped(tmp_path, said, monkeypatch):
    """Before it is killed, for whoever wants to let it go on."""
    monkeypatch.setattr("servescope.cli.stop.HURRY_S", 1)
    with process(OBEDIENT) as child, named(child, tmp_path):
        halt(child.pid)
        assert stop({"TEMP": str(tmp_path)}, said.append, now=True) == 0
    stopped = f"Process {child.pid} is stopped (by SIGSTOP or Ctrl-Z)"
    assert said[0] == f"{stopped}; if nobody lets it go on, it is killed in 1 s …"
    assert said[1].endswith("has not reacted in 1 s and is killed; its workers end with it.")


def test_workers_that_are_stopped_are_marked(tmp_path, said):
    """Among those that have not ended."""
    command = f"[sys.executable, '-c', {SILENT!r}, 'servescope.worker']"
    program = f"import subprocess, sys; child = subprocess.Popen({command});" + STUBBORN
    with process(program) as child:
        (worker,) = psutil.Process(child.pid).children()
        try:
            worker.suspend()
            while worker.status() != psutil.STATUS_STOPPED:
                pass
            with named(child, tmp_path):
                assert stop({"TEMP": str(tmp_path)}, said.append, wait_s=0) == 1
        finally:
            worker.kill()
    assert f"1 worker process(es), {worker.pid} (stopped), that have not ended" in said[0]


def test_workers_that_hold_it_are_named(tmp_path, said):
    """By their process ids."""
    command = f"[sys.executable, '-c', {SILENT!r}, 'servescope.worker']"
    worker = f"import subprocess, sys; child = subprocess.Popen({command});"
    with process(worker + STUBBORN) as child:
        workers = psutil.Process(child.pid).children()
        try:
            with named(child, tmp_path):
                assert stop({"TEMP": str(tmp_path)}, said.append, wait_s=0) == 1
        finally:
            for each in workers:
                each.kill()
    assert f"1 worker process(es), {workers[0].pid}," in said[0]


def test_another_process_with_the_same_id_is_left_alone(tmp_path, said):
    """A run file whose process is gone ends nobody, though its number was given out again."""
    with process(OBEDIENT) as child, named(child, tmp_path, earlier_s=1000):
        assert stop({"TEMP": str(tmp_path)}, said.append) == 0
        assert child.poll() is None
    assert "not running" in said[0]


TWICE = """
import signal

def told(*_):
    signal.signal(signal.SIGINT, lambda *_: raised())

def raised():
    raise SystemExit

signal.signal(signal.SIGINT, told)
print("up", flush=True)
while True:
    signal.pause()
"""
DEAF = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); print('up', flush=True); signal.pause()"


def test_now_hurries(tmp_path, said):
    """The second SIGINT ends it, and it is not killed."""
    with process(TWICE) as child, named(child, tmp_path):
        assert stop({"TEMP": str(tmp_path)}, said.append, now=True) == 0
    assert said == [f"Servescope has stopped (process {child.pid})."]


def test_now_kills_what_does_not_react(tmp_path, said, monkeypatch):
    """Such as a server whose loop is blocked."""
    monkeypatch.setattr("servescope.cli.stop.HURRY_S", 1)
    with process(DEAF) as child, named(child, tmp_path):
        assert stop({"TEMP": str(tmp_path)}, said.append, now=True) == 0
    assert "has not reacted in 1 s and is killed" in said[0]
    assert "has stopped" in said[1]


def test_what_is_in_flight_is_told(tmp_path, said):
    """Or that it cannot be known, as nobody answers on the metrics port."""
    with process(STUBBORN) as child, named(child, tmp_path):
        assert stop({"TEMP": str(tmp_path)}, said.append, wait_s=1.5) == 1
    assert said[0] == "Waiting for the server to end …"


def test_the_words_for_it():
    """By model, with those in the queue."""
    page = (
        'servescope_requests_in_flight{model_name="m",model_version="1.0"} 3\n'
        'servescope_queue_depth{model_name="m",model_version="1.0"} 1\n'
        'servescope_requests_in_flight{model_name="idle",model_version="2.0"} 0\n'
    )
    assert described(parse(page)) == "m 1.0 (3 requests, 1 of them in the queue)"
    assert described([]) == ""
