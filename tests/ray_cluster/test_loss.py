"""What is lost with an actor, a driver or the front end is replaced or ended: nobody is left behind."""

import os
import signal
from pathlib import Path

import pytest

from integration.server import alive, wait_until
from ray_cluster.asking import driver_of, predict, processes_of, told
from ray_cluster.cluster import all_gone
from ray_cluster.needed import needed

needed("ray")
pytestmark = pytest.mark.integration


def test_its_actor_is_killed(make, cluster):
    """Another takes its place; nothing of the first is left."""
    server = make()
    assert server.register("told.mar").status_code == 200
    worker, actor, child = processes_of(server)
    actor.kill()
    wait_until(lambda: not alive([worker, actor, child]), "the worker, its actor and its child to end")
    wait_until(lambda: predict(server, b"again").status_code == 200)
    server.process.terminate()
    server.process.wait(30)
    all_gone(cluster.address)


def test_the_front_end_is_killed(make, cluster):
    """Worker, actor, what the handler started, driver and files: all go."""
    server = make()
    assert server.register("told.mar").status_code == 200
    left = [*processes_of(server), driver_of(server)]
    server.process.kill()
    server.process.wait()
    wait_until(lambda: not alive(left), "the worker, its actor, its child and the driver to end")
    all_gone(cluster.address)


def test_the_driver_is_killed(make, cluster):
    """Ray ends its actors; the front end lives, and has others by another driver."""
    server = make()
    assert server.register("told.mar").status_code == 200
    left = processes_of(server)
    driver_of(server).kill()
    wait_until(lambda: not alive(left), "the worker, its actor and its child to end")
    wait_until(lambda: predict(server, b"again").status_code == 200)
    server.process.terminate()
    server.process.wait(30)
    all_gone(cluster.address)


def test_a_network_that_hangs(make, cluster):
    """An actor that says nothing is lost within seconds; another worker serves, and the silent one is ended by Ray."""
    server = make()
    assert server.register("told.mar").status_code == 200
    worker, actor, _ = processes_of(server)
    os.kill(actor.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: "has said nothing for 6 s" in server.console())
        wait_until(lambda: predict(server, b"again").status_code == 200)
        assert not Path(f"/proc/{actor.pid}").exists() or told(server, "answer = os.getppid()") != str(actor.pid)
    finally:
        if actor.is_running():
            actor.send_signal(signal.SIGCONT)
    wait_until(lambda: not alive([worker, actor]))
