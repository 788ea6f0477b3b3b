"""One cluster for all tests of this folder, and servers on it with a model that does what it is told."""

import os
from collections.abc import Iterator

import pytest

from integration.remote.rig import HANDLER
from integration.server import Server, pack

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("PIP_NO_INDEX", "1")  # of the nodes, should a test ask for a requirement
os.environ.setdefault("RAY_AUTH_MODE", "disabled")  # whatever token this user may have


@pytest.fixture(scope="session")
def cluster():
    """Its address is `cluster.address`."""
    from ray_cluster.cluster import start

    made = start()
    yield made
    made.shutdown()


@pytest.fixture
def make(tmp_path, cluster) -> Iterator:
    """Makes servers, with the archive `told.mar` in their store, whose handler does what a body `do …` says."""
    made = []

    def make(config="", environ=None, **settings):
        directory = tmp_path / f"server{len(made)}"
        (directory / "store").mkdir(parents=True)
        pack(directory / "store" / "told.mar", "told", HANDLER, config=config)
        settings = {"worker_backend": "ray", "ray_address": cluster.address, **settings}
        made.append(Server(directory, settings, environ))
        return made[-1]

    yield make
    for server in made:
        server.end()
