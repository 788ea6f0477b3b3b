"""One server for the tests with real clients of KServe's V2 protocol, with models that answer what they are asked."""

from collections.abc import Iterator

import pytest

from integration.server import Server, free_ports, grpc_settings, pack
from kserve_clients.models import ARRAYS, DECLARED, ECHO_TENSORS


@pytest.fixture(scope="session")
def grpc_ports() -> tuple[int, int]:
    """Of that server."""
    inference, management = free_ports(2)
    return inference, management


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, grpc_ports: tuple[int, int]) -> Iterator[Server]:
    """`lists` and `arrays` speak V2, `plain` does not; of `lists` there are two versions."""
    directory = tmp_path_factory.mktemp("kserve")
    store = directory / "store"
    store.mkdir()
    pack(store / "lists.mar", "lists", ECHO_TENSORS, config="v2:\n")
    pack(store / "lists2.mar", "lists", ECHO_TENSORS, version="2", config="v2:\n")
    pack(store / "arrays.mar", "arrays", ARRAYS, config=DECLARED)
    pack(store / "plain.mar", "plain", "def handle(data, context):\n    return data and ['ok'] * len(data)\n")
    server = Server(directory, {"load_models": "all", "default_workers_per_model": "1"} | grpc_settings(grpc_ports))
    yield server
    server.end()
