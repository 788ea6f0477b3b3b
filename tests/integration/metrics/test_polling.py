"""A worker that is asked again and again waits awake (worker_busy_poll), and so does a front end for its only request's answer;
what that takes is told.
"""

import os
import socket
from pathlib import Path

import pytest

from integration.deployed import Deployed
from integration.server import PATIENCE_S, Server, pack, wait_until
from servescope.config.settings import Settings
from servescope.fleet.capacity import may_poll

pytestmark = pytest.mark.integration

ANSWERS = "def handle(data, context):\n    return None if data is None else ['ok'] * len(data)\n"
SECONDS = "servescope_worker_polling_seconds_total"
FRONT_END = {"name": "servescope_front_end_polling_seconds_total", "front_end": "1"}


def deployed(server):
    """A model on it, by its name."""
    assert server.register(pack(server.store / "m.mar", "m", ANSWERS)).status_code == 200
    return Deployed(server, "m")


def ask(model, times):
    """One request after the other on one connection, the next as soon as an answer is there."""
    with socket.create_connection(("127.0.0.1", model.server.ports["inference"]), timeout=PATIENCE_S) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(times):
            client.sendall(b"POST /predictions/m HTTP/1.1\r\nhost: h\r\ncontent-length: 1\r\n\r\nx")
            assert client.recv(65536).startswith(b"HTTP/1.1 200")


def polled(model):
    """Seconds."""
    return model.server.metrics(SECONDS, model_name="m")


def state(pid):
    """A process's, as proc(5) has it: R while it polls, S while it waits."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


@pytest.mark.skipif(not may_poll(Settings()), reason="this machine has one processor, or a quota")
def test_asked_again_at_once(launch):
    """Some of the worker's time is polling; none of it while nobody asks; and it is kept over a restart."""
    model = deployed(launch(front_ends="1"))
    assert polled(model) == 0

    def asked():
        ask(model, 500)
        return polled(model) > 0

    wait_until(asked, "a worker that polls")  # not at once where others keep the processors busy
    (pid,) = model.pids()
    wait_until(lambda: state(pid) == "S", "the end of its last look")
    before = polled(model)
    assert polled(model) == before
    os.kill(pid, 9)
    wait_until(lambda: model.pids() not in ([], [pid]) and model.predict("x").status_code == 200, "another worker")
    assert polled(model) >= before


@pytest.mark.skipif(not may_poll(Settings()), reason="this machine has one processor, or a quota")
def test_a_front_end(launch):
    """Asked by one client after the other, each alone, it polls; when nobody asks it does not; and it is kept over its death."""
    model = deployed(launch(front_ends="2"))
    assert model.server.metrics(**FRONT_END) == 0

    def asked():
        for _ in range(2):  # connections are dealt in turn
            ask(model, 500)
        return model.server.metrics(**FRONT_END) > 0

    wait_until(asked, "a front end that polls")
    before = model.server.metrics(**FRONT_END)
    assert model.server.metrics(**FRONT_END) == before
    assert before < model.server.metrics("servescope_front_end_cpu_seconds_total", front_end="1")
    for process in model.server.front_ends():
        process.kill()
    wait_until(lambda: model.server.metrics("servescope_front_end_restarts_total", reason="died") == 2, "others")
    assert model.server.metrics(**FRONT_END) >= before


@pytest.mark.parametrize("off", ["the setting", "one processor"])
def test_off(tmp_path, off):
    """It sleeps until a batch comes, however soon, where it is told to, or there is one processor; and so do front ends."""
    processor = str(min(os.sched_getaffinity(0)))
    settings = {"worker_busy_poll": "false"} if off == "the setting" else {}
    before = () if settings else ("taskset", "-c", processor)
    server = Server(tmp_path, {**settings, "front_ends": "2"}, before=before)
    try:
        model = deployed(server)
        for _ in range(2):  # connections are dealt in turn
            ask(model, 1000)
        assert polled(model) == 0
        assert model.server.metrics(**FRONT_END) == 0
    finally:
        server.end()
