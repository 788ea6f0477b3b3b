"""How full it is: depth and age of the queue, and how busy the workers are, against the clients' clocks."""

import asyncio
import time

import pytest

from integration.scrape import read
from integration.server import wait_until
from truth.books import Books
from truth.client import Ask, Client, drive, load
from truth.comparison import DEPTH, assert_same_counts, at_rest
from truth.conftest import amount
from truth.handlers import ASYNC_CONFIG, ASYNC_SLEEP
from truth.leaving import at, until

pytestmark = pytest.mark.integration

OLDEST = "servescope_queue_oldest_seconds"
IN_FLIGHT_OLDEST = "servescope_in_flight_oldest_seconds"
BATCH = "servescope_worker_batch_seconds"
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


# The front end's loop has a clock of whole milliseconds, read once a turn.
HAIR_S = 0.002


class Ages:
    """Readings of a gauge, each as the span of the client's clock in which what it tells of began."""

    def __init__(self, server, model, family):
        self._read = lambda: read(server, family).value(family, model_name=model.name)

    def zero(self):
        return self._read() == 0

    def since(self):
        """Between which clock readings it says that it began."""
        before = time.monotonic()
        value = self._read()
        return before - value - HAIR_S, time.monotonic() - value + HAIR_S

    async def turned(self, moment):
        """Wait until what it tells of began after this moment."""
        await until(lambda: self.since()[0] >= moment - 2 * HAIR_S, "the last piece to be what counts")


def test_a_worker_that_hangs(truth_server, model_of):
    """Clients that come and leave do not hide it: the oldest in flight is the one that the worker is at, which its client has left,
    and the worker has been at it since; the queue knows nothing of that. At rest both are 0.
    """
    model = model_of()
    oldest, batch = Ages(truth_server, model, IN_FLIGHT_OLDEST), Ages(truth_server, model, BATCH)

    async def hang():
        books = Books()
        before = time.monotonic()
        went = asyncio.Event()
        first = asyncio.create_task(
            Client(truth_server.ports["inference"], books).ask(Ask(model.path, b"gate held", leave=at(went)))
        )
        await until((model.notes / "held.began").exists)
        began = time.monotonic()
        went.set()
        await first
        for _ in range(3):
            left = asyncio.Event()
            impatient = Client(truth_server.ports["inference"], books).ask(Ask(model.path, leave=at(left)))
            asked = asyncio.create_task(impatient)
            await until(lambda: read(truth_server, DEPTH).value(DEPTH, model_name=model.name) == 1)
            left.set()
            await asked
            for age in (oldest, batch):
                earliest, latest = await asyncio.to_thread(age.since)
                assert before <= latest
                assert earliest <= began
        await until(lambda: read(truth_server, OLDEST).value(OLDEST, model_name=model.name) == 0)
        model.open("held")
        await until(lambda: oldest.zero() and batch.zero(), "nothing to be in hand")
        return books

    assert oldest.zero()
    assert batch.zero()
    books = asyncio.run(hang())
    assert_same_counts(at_rest(truth_server, model), model, books)


def test_a_deadline_does_not_hide_it_either(truth_server, model_of):
    """Its client was told 408, and the worker is at it all the same."""
    model = model_of("clientTimeoutInMills: 50\nminWorkers: 1\nmaxWorkers: 1\n")
    oldest = Ages(truth_server, model, IN_FLIGHT_OLDEST)
    before = time.monotonic()
    books = load(truth_server.ports["inference"], [Ask(model.path, b"gate held")] * 3)
    assert books.codes() == {"408": 3}
    earliest, latest = oldest.since()
    assert before <= latest
    assert earliest <= books.entries[0].ended
    model.open("held")
    wait_until(oldest.zero)


def test_a_stream_that_goes_on_is_no_stall(truth_server, model_of):
    """It counts from its last piece, for the model and its worker."""
    model = model_of()
    ages = [Ages(truth_server, model, family) for family in (IN_FLIGHT_OLDEST, BATCH)]

    async def follow(_books):
        for gate in ("first", "second"):
            await until((model.notes / f"{gate}.began").exists)
            opened = time.monotonic()
            for age in ages:
                assert (await asyncio.to_thread(age.since))[0] < opened
            await until(lambda opened=opened: time.monotonic() > opened + 0.1)
            model.open(gate)
            await until((model.notes / f"after-{gate}.began").exists)  # a piece was sent before
            for age in ages:
                await age.turned(opened + 0.1)
            model.open(f"after-{gate}")

    words = b"gate first stream 1 gate after-first gate second stream 1 gate after-second"
    books = load(truth_server.ports["inference"], [Ask(model.path, words)], 1, follow)
    assert_same_counts(at_rest(truth_server, model), model, books)
    assert all(age.zero() for age in ages)


def test_side_by_side_the_oldest_counts(truth_server, model_of):
    """Of an asynchronous worker's requests, whatever is answered beside it; and nothing is left when its client goes."""
    model = model_of(ASYNC_CONFIG, ASYNC_SLEEP)
    ages = [Ages(truth_server, model, family) for family in (IN_FLIGHT_OLDEST, BATCH)]

    async def beside():
        books, went = Books(), asyncio.Event()
        before = time.monotonic()
        clients = [Client(truth_server.ports["inference"], books) for _ in range(2)]
        old = asyncio.create_task(clients[0].ask(Ask(model.path, b"3600", leave=at(went))))
        await until(lambda: not any(age.zero() for age in ages), "the request to be in hand")
        taken = time.monotonic()
        for _ in range(3):
            await clients[1].ask(Ask(model.path, b"0.01"))
        for age in ages:
            earliest, latest = await asyncio.to_thread(age.since)
            assert before <= latest
            assert earliest <= taken
        went.set()
        await old
        await until(lambda: all(age.zero() for age in ages), "the handler to give it up")
        return books

    books = asyncio.run(beside())
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
