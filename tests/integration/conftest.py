"""One server for all tests that can share it, servers of their own for the others, and models for a test's time."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from integration.deployed import GATED, Deployed
from integration.server import Server, pack

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that most tests put their models into."""
    server = Server(tmp_path_factory.mktemp("shared"), {})
    yield server
    server.end()


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a server of a test's own, with settings of its own."""
    servers: list[Server] = []

    def start(**settings: str) -> Server:
        directory = tmp_path / f"server{len(servers)}"
        directory.mkdir()
        servers.append(Server(directory, settings))
        return servers[-1]

    yield start
    for server in servers:
        server.end()


@contextmanager
def deployment(server: Server) -> Iterator[Callable[..., Deployed]]:
    """Register a handler's code as a model, with one worker unless told otherwise; it goes at the end."""
    models: list[Deployed] = []

    def register(code: str = GATED, config: str = "", expect: int = 200, **query: object) -> Deployed:
        model = Deployed(server, f"m{next(_numbers)}")
        models.append(model)
        archive = pack(server.store / f"{model.name}.mar", model.name, code, config=config)
        answer = server.register(archive, **query)
        assert answer.status_code == expect, answer.text
        return model

    yield register
    for model in models:
        server.manage("DELETE", f"/models/{model.name}")


@pytest.fixture
def deploy(server: Server) -> Iterator[Callable[..., Deployed]]:
    """Register a model of a test's own in the shared server."""
    with deployment(server) as register:
        yield register


@pytest.fixture(scope="module")
def deploy_for_all(server: Server) -> Iterator[Callable[..., Deployed]]:
    """Register a model that all tests of a module share."""
    with deployment(server) as register:
        yield register
