"""Requests to workers on Ray are what they are to local ones: streams, clients that leave, handlers that are coroutines."""

import pytest

from integration.conftest import deployment
from integration.inference.test_concurrent import ASYNC
from integration.server import hang_up, wait_until
from ray_cluster.needed import needed
from truth.client import Ask, load
from truth.comparison import assert_same_counts, at_rest, counted
from truth.handlers import WORK
from truth.leaving import after_a_piece

needed("ray")
pytestmark = pytest.mark.integration

CONFIG = """
minWorkers: 1
maxWorkers: 1
ray:
  runtime_env: {env_vars: {NOTES: %s}}
"""


@pytest.fixture
def model_of(make):
    """Registers models whose handlers find the notes of the tests."""
    server = make()
    with deployment(server) as register:
        yield lambda code, more="": register(code, CONFIG % server.notes + more)


def test_what_may_become_of_a_request(model_of):
    """Streams, errors of all kinds and large answers: each client gets its own, and each is counted once."""
    model = model_of(WORK)
    bodies = [b"size 10", b"stream 3", b"size 3000000", b"raise no", b"refuse 503", b"code 404", b"memory 1"]
    asks = [Ask(model.path, bodies[number % len(bodies)]) for number in range(140)]
    books = load(model.server.ports["inference"], asks, clients=8)
    assert sum(books.codes().values()) == len(asks)
    assert {len(entry.body) for entry in books.of("answered", 200)} >= {10, 3_000_000}
    assert_same_counts(at_rest(model.server, model), model, books)


def test_a_client_leaves_a_stream(model_of):
    """It is 499, and the worker goes on."""
    model = model_of(WORK)
    books = load(model.server.ports["inference"], [Ask(model.path, b"stream 2 gate held", leave=after_a_piece)])
    (entry,) = books.of("hung up")
    assert (entry.code, entry.body[:5]) == (200, b"piece")
    assert counted(at_rest(model.server, model), model) == {"499": 1}
    model.open("held")
    again = load(model.server.ports["inference"], [Ask(model.path)])
    assert_same_counts(at_rest(model.server, model), model, books, again)


def test_coroutines(model_of):
    """Five that wait for one another all end; one that nobody waits for any more is cancelled in the worker."""
    model = model_of(ASYNC, "asyncCommunication: true\n")
    answers = [model.send(f"meet-{number}") for number in range(5)]
    assert [answer.result().text for answer in answers] == [f"done {number}" for number in range(5)]
    connection = hang_up(model.server.ports["inference"], model.path, b"gate-1")
    model.began("gate-1")
    connection.close()
    wait_until((model.notes / "gate-1.cancelled").exists)
    assert model.predict("stream-7").text == "777" * 3 + "done 7"
