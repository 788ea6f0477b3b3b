"""A cluster whose head goes takes its workers along, and not the front end, which has others when there is a cluster again."""

import os
import signal

import psutil
import pytest

from integration.remote.rig import HANDLER
from integration.server import alive, pack, wait_until
from ray_cluster.asking import driver_of, predict, processes_of
from ray_cluster.cluster import OBJECT_STORE, left_files, patiently
from ray_cluster.needed import needed

needed("ray")
pytestmark = pytest.mark.integration


def head(**more):
    """A cluster of one node."""
    from ray.cluster_utils import Cluster

    node = {"num_cpus": 2, "object_store_memory": OBJECT_STORE, "include_dashboard": False}
    return Cluster(initialize_head=True, head_node_args={**node, **more})


def test_the_head_is_killed(make):
    """Its workers end with what they have started, and their files; other models are served on; a new head is found."""
    first = head()
    port = int(first.address.rpartition(":")[2])
    try:
        server = make(ray_address=first.address)
        pack(server.store / "here.mar", "here", HANDLER, config="backend: process\n")
        assert server.register("told.mar").status_code == server.register("here.mar").status_code == 200
        left, driver = processes_of(server), driver_of(server)
        for kind in first.head_node.all_processes.values():
            for info in kind:
                os.kill(info.process.pid, signal.SIGKILL)
    finally:
        first.shutdown()
    wait_until(lambda: not alive(left), "the worker, its actor and its child to end")
    wait_until(lambda: not left_files(), "the models' files to go")
    assert predict(server, b"x", "here").text == "x"
    second = head(gcs_server_port=port)
    try:
        # Ray ends it a minute after its head.
        patiently(lambda: driver not in server.family(), "the driver of the first to end")
        wait_until(lambda: server.manage("GET", "/models/told").json()[0]["workers"][0]["status"] == "READY")
        assert predict(server, b"again").text == "again"
        family = [psutil.Process(process.pid) for process in server.family()]
        server.process.terminate()
        assert server.process.wait(30) == 0
        wait_until(lambda: not alive(family), "all that the server has started to end")
        wait_until(lambda: not left_files(), "the models' files to go")
    finally:
        second.shutdown()
