"""A node that is killed under load: each request has one answer, and the books are right."""

import asyncio
from contextlib import contextmanager

import psutil
import pytest

from integration.conftest import deployment
from integration.server import alive, wait_until
from ray_cluster.cluster import OBJECT_STORE, all_gone
from ray_cluster.needed import needed
from truth.client import Ask, load
from truth.comparison import assert_same_counts, at_rest, of_model
from truth.handlers import WORK

needed("ray")
pytestmark = pytest.mark.integration

REQUESTS = 2000
CLIENTS = 16
CONFIG = """
minWorkers: 6
maxWorkers: 6
ray:
  num_cpus: 0.5
  placement: spread
  runtime_env: {env_vars: {NOTES: %s}}
"""


@contextmanager
def third_node(cluster):
    """For a while."""
    node = cluster.add_node(num_cpus=2, object_store_memory=OBJECT_STORE)
    try:
        yield node
    finally:
        if node in cluster.list_all_nodes():
            cluster.remove_node(node)


def workers_on(model, node):
    """The processes of the model's workers there: each is its actor's child, and that the raylet's."""
    (raylet,) = (info.process.pid for info in node.all_processes["raylet"])
    workers = [psutil.Process(pid) for pid in model.pids()]
    return [worker for worker in workers if psutil.Process(worker.ppid()).ppid() == raylet]


def test_a_node_is_killed_under_load(make, cluster):
    """Half-way through 2,000 requests: only what its workers had begun fails, and replacements serve on the other nodes."""
    with third_node(cluster) as node:
        server = make()
        with deployment(server) as register:
            model = register(WORK, CONFIG % server.notes)
            lost = workers_on(model, node)
            assert 0 < len(lost) < 6
            others = [psutil.Process(pid) for pid in model.pids() if psutil.Process(pid) not in lost]

            async def kill(books):
                await books.ended(REQUESTS // 2)
                await asyncio.to_thread(cluster.remove_node, node, allow_graceful=False)

            asks = [Ask(model.path, b"sleep 0.01")] * REQUESTS
            books = load(server.ports["inference"], asks, clients=CLIENTS, meanwhile=kill)
            codes = books.codes()
            failed = {code: count for code, count in codes.items() if code != "200"}
            assert set(failed) <= {"500", "507"}, codes
            assert sum(codes.values()) == REQUESTS
            assert sum(failed.values()) <= len(lost)
            assert_same_counts(at_rest(server, model), model, books)
            wait_until(lambda: not alive(lost), "the node's workers to end")
            wait_until(lambda: len(model.pids()) == 6, "replacements to serve")
            assert len(alive(others)) == 6 - len(lost)

            def restarts():
                return of_model(server, model).by("reason", "servescope_worker_restarts_total")

            # Those too that Ray placed there before it had noticed.
            wait_until(
                lambda: restarts().get("node_lost", 0) >= len(lost), "the restarts to be counted for their reason"
            )
            assert set(restarts()) == {"node_lost"}
        server.process.terminate()
        server.process.wait(30)
        all_gone(cluster.address)
