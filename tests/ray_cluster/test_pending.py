"""A worker that the cluster has no room for is pending, which is said wherever it is asked for, and starts when a node joins."""

import pytest

from integration.remote.rig import HANDLER
from integration.server import pack, wait_until
from ray_cluster.asking import predict
from ray_cluster.cluster import OBJECT_STORE, all_gone
from ray_cluster.needed import needed

needed("ray")
pytestmark = pytest.mark.integration

SHORT = "it needs 1 fourth; no node of the cluster has more than 0"


def states(server):
    found = {
        state: server.metrics("servescope_workers", model_name="told", state=state) for state in ("pending", "ready")
    }
    return found["pending"], found["ready"]


def test_a_node_joins(make, cluster):
    """Registering is answered at once, with what is missing; the worker serves when the node is there that has it."""
    server = make("ray: {resources: {fourth: 1}}\n")
    answer = server.register("told.mar")
    assert answer.status_code == 202
    assert f"Processing worker updates... A worker waits for a place: {SHORT}" in answer.text
    assert states(server) == (1.0, 0.0)
    answer = server.manage("PUT", "/models/told", min_worker=2, max_worker=2, synchronous="true")
    assert answer.status_code == 206
    assert f"A worker waits for a place: {SHORT}" in answer.text
    wait_until(lambda: states(server) == (2.0, 0.0))
    node = cluster.add_node(num_cpus=2, object_store_memory=OBJECT_STORE, resources={"fourth": 2})
    try:
        wait_until(lambda: states(server) == (0.0, 2.0))
        assert predict(server, b"x").text == "x"
        server.process.terminate()
        server.process.wait(30)
    finally:
        cluster.remove_node(node)
    all_gone(cluster.address)


def test_part_of_a_gpu(make, cluster):
    """What is free of two chips does not add up to half of one: pending, until one of them has that much."""
    node = cluster.add_node(num_cpus=4, num_gpus=2, object_store_memory=OBJECT_STORE)
    try:
        server = make("ray: {num_gpus: 0.6}\nminWorkers: 2\nmaxWorkers: 2\n")
        for name, gpus in (("half", 0.5), ("whole", 1)):
            pack(server.store / f"{name}.mar", name, HANDLER, config=f"ray: {{num_gpus: {gpus}}}\n")
        assert server.register("told.mar").status_code == 200, server.console()
        answer = server.register("half.mar")
        assert answer.status_code == 202, answer.text
        assert "it needs 0.5 GPU; the cluster has 0.8 free of 2, 0.4 of one at most" in answer.text
        assert "it needs 1 GPU; the cluster has 0.8 free of 2" in server.register("whole.mar").text
        for name in ("half", "whole"):
            assert server.metrics("servescope_workers", model_name=name, state="pending") == 1.0
        assert server.manage("DELETE", "/models/whole").status_code == 200
        assert server.manage("PUT", "/models/told", min_worker=1, max_worker=1, synchronous="true").status_code == 200
        wait_until(lambda: predict(server, b"x", "half").status_code == 200)
        assert server.metrics("servescope_workers", model_name="half", state="pending") == 0.0
        server.process.terminate()
        server.process.wait(30)
    finally:
        cluster.remove_node(node)
    all_gone(cluster.address)
