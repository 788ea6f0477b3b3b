"""A front end writes large bodies over those that are over, and never over one that somebody may still read."""

import os
import select
import signal
import threading
from contextlib import suppress

import httpx
import psutil
import pytest

from integration.marked import (
    MIB,
    MODELS,
    ask,
    bodies_of,
    in_flight,
    nothing_held,
    overwrite,
    pids,
    register,
    seen,
    sent,
    wrong,
)  # fmt: skip
from integration.server import PATIENCE_S, Server, wait_until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """A server with two front ends, and a model that nobody disturbs."""
    server = Server(tmp_path_factory.mktemp("reused"), {"front_ends": "2", "max_request_size": str(8 * MIB)})
    register(server, "calm", "plain", initial_workers=2)
    yield server
    server.end()


def test_memory_is_used_again(wide):
    """By one connection's bodies, whatever their sizes: there is one piece of memory for all of them, and it is given back."""
    with httpx.Client(timeout=PATIENCE_S) as client:
        found = set()
        for number in range(20):
            assert ask(client, wide, "calm", number, (100_000, 70_000, MIB)[number % 3]).json() == [number, True]
            found.update(inode for each in wide.front_ends() for inode in bodies_of(each))
    assert 1 <= len(found) <= 3  # the machine may be so slow that it is given back in between, once or twice
    nothing_held(wide)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("after", ["gone", "timed_out"])
def test_a_worker_that_reads_late(wide, kind, after):
    """Long after clients have gone, or been told that it took too long: it reads what was asked, or dies first."""
    model = f"late_{kind}_{after}"
    register(wide, model, kind, response_timeout=60 if after == "gone" else 2)
    (pid,) = pids(wide, model)
    os.kill(pid, signal.SIGSTOP)
    try:
        clients = [sent(wide, model, number, 2 * MIB) for number in range(6)]
        wait_until(lambda: in_flight(wide, model) == 6)
        if after == "timed_out":
            told, _, _ = select.select(clients, [], [], PATIENCE_S)  # which of them comes first is not said
            assert told[0].recv(20).startswith(b"HTTP/1.1 5")
        for client in clients:
            client.close()
        wait_until(lambda: in_flight(wide, model) == 0)
        overwrite(wide, 1000, 30)
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
    overwrite(wide, 2000, 5)
    if after == "gone":
        wait_until(lambda: seen(wide, model), "the worker to read")
    assert wrong(wide) == []
    assert wide.manage("DELETE", f"/models/{model}").status_code == 200
    nothing_held(wide)


def test_an_unregistered_models_worker(wide):
    """It is stopped while it has bodies to read."""
    register(wide, "leaving", "plain")
    (pid,) = pids(wide, "leaving")
    os.kill(pid, signal.SIGSTOP)
    clients = [sent(wide, "leaving", number, 2 * MIB) for number in range(3)]
    wait_until(lambda: in_flight(wide, "leaving") == 3)
    done = threading.Thread(target=wide.manage, args=("DELETE", "/models/leaving"))
    done.start()
    overwrite(wide, 4_000_000, 10)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)
    done.join()
    for client in clients:
        client.close()
    assert wrong(wide) == []
    nothing_held(wide)


def test_the_owner_is_killed(tmp_path):
    """All that has memory of bodies ends with it."""
    server = Server(tmp_path, {"front_ends": "2"})
    register(server, "calm", "plain")
    overwrite(server, 1, 3)
    everybody = server.everybody()
    server.process.kill()
    server.process.wait()
    _, left = psutil.wait_procs(everybody, PATIENCE_S)
    assert left == []
    server.end()
