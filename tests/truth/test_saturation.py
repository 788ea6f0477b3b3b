"""How full it is: depth and age of the queue, and how busy the workers are, against the clients' clocks."""

import asyncio
import time

import pytest

from integration.scrape import read
from truth.books import Books
from truth.client import Ask, Client, drive, load
from truth.comparison import DEPTH, assert_same_counts, at_rest
from truth.conftest import amount
from truth.leaving import until

pytestmark = pytest.mark.integration

OLDEST = "servescope_queue_oldest_seconds"
BUSY = "servescope_worker_busy_seconds_total"
STATES = "servescope_workers"


def test_the_oldest_request_grows_older(truth_server, model_of):
    """During a stall the queue's age is the time since its first request was sent, by the client's clock, to the scrape's; at
    rest it is 0.
    """
    model = model_of()

    def reading():
        """Between which clock readings, and what."""
        began = time.monotonic()
        value = read(truth_server, OLDEST).value(OLDEST, model_name=model.name)
        return began, time.monotonic(), value

    async def stall():
        books = Books()
        clients = [Client(truth_server.ports["inference"], books) for _ in range(3)]
        held = asyncio.create_task(clients[0].ask(Ask(model.path, b"gate held")))
        await until((model.notes / "held.began").exists)
        assert reading()[2] == 0
        before = time.monotonic()
        waiting = [asyncio.create_task(clients[1].ask(Ask(model.path)))]
        await until(lambda: read(truth_server, DEPTH).value(DEPTH, model_name=model.name) == 1)
        queued = time.monotonic()
        waiting.append(asyncio.create_task(clients[2].ask(Ask(model.path))))
        await until(lambda: read(truth_server, DEPTH).value(DEPTH, model_name=model.name) == 2)
        for began, ended, value in [await asyncio.to_thread(reading) for _ in range(5)]:
            assert began - queued <= value <= ended - before
        await until(lambda: reading()[2] > 0.3, "the head of the queue to be 0.3 s old")
        model.open("held")
        await asyncio.gather(held, *waiting)
        return books

    books = asyncio.run(stall())
    assert reading()[2] == 0
    assert_same_counts(at_rest(truth_server, model), model, books)


def test_half_busy(truth_server, model_of):
    """A worker with work half of the time: its rate of busy seconds is what the clients' books say, about a half."""
    model = model_of()

    async def work_and_rest():
        books = Books()
        client = Client(truth_server.ports["inference"], books)
        for _ in range(amount(12)):
            entry = await client.ask(Ask(model.path, b"sleep 0.06"))
            await asyncio.sleep(entry.seconds)
        return books

    load(truth_server.ports["inference"], [Ask(model.path)])
    began, first = time.monotonic(), read(truth_server, BUSY)
    books = asyncio.run(work_and_rest())
    ended, last = time.monotonic(), read(truth_server, BUSY)
    busy = last.value(BUSY, model_name=model.name) - first.value(BUSY, model_name=model.name)
    assert 0.06 * len(books.entries) <= busy <= sum(entry.seconds for entry in books.entries)
    assert 0.45 <= busy / (ended - began) <= 0.55


def test_a_batch_under_way_counts_as_busy(truth_server, model_of):
    """While the handler is held, busy seconds grow as the clock does, and the worker's state is busy; then it is ready."""
    model = model_of()

    def states():
        return read(truth_server, STATES).by("state", STATES, model_name=model.name)

    async def hold():
        def measure():
            before = time.monotonic()
            value = read(truth_server, BUSY).value(BUSY, model_name=model.name)
            return before, value, time.monotonic()

        async def meanwhile(_books):
            await until((model.notes / "held.began").exists)
            assert states() == {"busy": 1}
            first = await asyncio.to_thread(measure)
            await until(lambda: time.monotonic() > first[2] + 0.3)
            last = await asyncio.to_thread(measure)
            assert last[0] - first[2] <= last[1] - first[1] <= last[2] - first[0]
            model.open("held")

        await drive(Books(), truth_server.ports["inference"], [Ask(model.path, b"gate held")], 1, meanwhile)

    asyncio.run(hold())
    assert states() == {"ready": 1}
    first = read(truth_server, BUSY).value(BUSY, model_name=model.name)
    assert read(truth_server, BUSY).value(BUSY, model_name=model.name) == first
