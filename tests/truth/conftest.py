"""The server that the cases share, models for a test's time, and how much to do.

TRUTH_SECONDS makes every load so many times as long as in `make test` (`make bench` sets it). All that is drawn at random
comes from SEED, which a failing test prints.
"""

import os
import random
from collections.abc import Callable, Iterator

import pytest

from integration.conftest import deployment
from integration.deployed import Deployed
from integration.server import Server
from truth.handlers import WORK

SEED = 20260724
BODY_LIMIT = 100_000
SETTINGS = {"max_request_size": str(BODY_LIMIT), "metric_time_interval": "1", "disable_system_metrics": "false"}


@pytest.fixture(scope="session")
def truth_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server with a small limit on bodies, which samples its host every second."""
    server = Server(tmp_path_factory.mktemp("truth"), SETTINGS)
    yield server
    server.end()


@pytest.fixture
def model_of(truth_server: Server) -> Iterator[Callable[..., Deployed]]:
    """Register a model that does what its requests say, or another handler's."""
    with deployment(truth_server) as register:
        yield lambda config="", code=WORK, **query: register(code, config, **query)


@pytest.fixture(scope="module")
def shared_model_of(truth_server: Server) -> Iterator[Callable[..., Deployed]]:
    """As `model_of`, for models that a module's tests share."""
    with deployment(truth_server) as register:
        yield lambda config="", code=WORK, **query: register(code, config, **query)


def seeded() -> random.Random:
    """The same numbers in every run."""
    print(f"seed {SEED}")
    return random.Random(SEED)


@pytest.fixture
def drawn() -> random.Random:
    """See `seeded`."""
    return seeded()


def amount(quick: int) -> int:
    """How many requests to send where the quick form sends `quick`."""
    return round(quick * float(os.environ.get("TRUTH_SECONDS", "1")))
