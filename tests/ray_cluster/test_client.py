"""A server on a machine that is no node of the cluster, by `ray://`: workers start, wait and end as elsewhere."""

import pytest

from integration.remote.rig import HANDLER
from integration.server import free_ports, pack, wait_until
from ray_cluster.asking import predict, told
from ray_cluster.cluster import answers, head, left_files, patiently
from ray_cluster.needed import needed

needed("ray")
pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def address():
    """Of the cluster's server for such clients."""
    (port,) = free_ports(1)
    with head(f"--ray-client-server-port={port}"):
        wait_until(lambda: answers(port), "the server for clients")
        yield f"ray://127.0.0.1:{port}"


def served(server):
    """Its model is. The head starts a server of its own for each client, which may take longer than a request would wait."""
    assert server.register("told.mar", synchronous="false").status_code == 202
    patiently(lambda: "W-9000-told_1.0 is ready" in server.console(), "a worker")
    assert predict(server, b"hello").text == "hello"
    assert server.metrics("servescope_worker_node_info", model_name="told") == 1.0


def test_it_serves(make, address):
    """On the head's node, by a driver that is none; its files go with it."""
    server = make(ray_address=address)
    served(server)
    assert told(server, "answer = 'RAY_JOB_ID' in os.environ") == "True"
    server.process.terminate()
    assert server.process.wait(30) == 0, server.console()
    wait_until(lambda: not left_files(), "the model's files to go")


def test_it_waits_for_a_place(make, address):
    """What is lacking is asked of the cluster, as this machine has no node of it."""
    server = make("ray: {num_cpus: 1.5}\n", ray_address=address)
    pack(server.store / "more.mar", "more", HANDLER, config="ray: {num_cpus: 1}\n")
    served(server)
    answer = server.register("more.mar")
    assert answer.status_code == 202, answer.text
    assert "waits for a place: it needs 1 CPU; the cluster has 0.5 free of 2" in answer.text
    assert server.manage("DELETE", "/models/told").status_code == 200
    wait_until(lambda: predict(server, b"x", "more").status_code == 200)
