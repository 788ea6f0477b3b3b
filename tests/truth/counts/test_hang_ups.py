"""Clients that hang up: 499 at every station of a request, counted once, and nothing of them left behind."""

import asyncio
import socket

import pytest

from integration.scrape import read
from integration.server import wait_until
from truth.books import Books
from truth.client import Ask, Client, load
from truth.comparison import DEPTH, IN_FLIGHT, assert_same_counts, at_rest, counted
from truth.conftest import amount
from truth.leaving import after, after_a_piece, at, until, when

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_in_the_queue(truth_server, model_of, reset):
    """Six hang up before they were dispatched: 499, and the handler never sees them; the one in hand is a 200."""
    model = model_of()

    def waiting(count):
        return lambda: read(truth_server, DEPTH).value(DEPTH, model_name=model.name) == count

    async def queue_and_leave():
        books = Books()
        clients = [Client(truth_server.ports["inference"], books) for _ in range(7)]
        held = asyncio.create_task(clients[0].ask(Ask(model.path, b"gate held")))
        await until((model.notes / "held.began").exists)
        go = asyncio.Event()
        queued = Ask(model.path, b"size 1", leave=at(go), reset=reset)
        leavers = [asyncio.create_task(client.ask(queued)) for client in clients[1:]]
        await until(waiting(6), "six to wait")
        go.set()
        await asyncio.gather(*leavers)
        await until(waiting(0), "the queue to be empty")
        model.open("held")
        await held
        return books

    books = asyncio.run(queue_and_leave())
    now = at_rest(truth_server, model)
    assert (books.codes(), len(books.of("hung up"))) == ({"200": 1}, 6)
    assert counted(now, model) == {"200": 1, "499": 6}
    assert_same_counts(now, model, books)
    assert (model.notes / "batches").read_text().split() == ["1"]


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_in_the_handlers_hands(truth_server, model_of, reset):
    """The handler cannot be stopped, but the request is over when its client goes: 499, in flight no more."""
    model = model_of()
    began = when((model.notes / "held.began").exists, "the handler to begin")
    books = load(truth_server.ports["inference"], [Ask(model.path, b"gate held", leave=began, reset=reset)])
    now = at_rest(truth_server, model)
    assert counted(now, model) == {"499": 1}
    assert_same_counts(now, model, books)
    model.open("held")
    again = load(truth_server.ports["inference"], [Ask(model.path)])
    assert_same_counts(at_rest(truth_server, model), model, books, again)


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_in_the_midst_of_a_stream(truth_server, model_of, reset):
    """200 was on its way, and the client gave up: it counts as 499."""
    model = model_of()
    ask = Ask(model.path, b"stream 2 gate held", leave=after_a_piece, reset=reset)
    books = load(truth_server.ports["inference"], [ask])
    (entry,) = books.of("hung up")
    assert (entry.code, entry.body[:5]) == (200, b"piece")
    now = at_rest(truth_server, model)
    assert counted(now, model) == {"499": 1}
    assert_same_counts(now, model, books)
    model.open("held")


def test_before_the_request_is_whole(truth_server, model_of):
    """Half a body is no request: counted nowhere, in flight never."""
    model = model_of()
    with socket.create_connection(("127.0.0.1", truth_server.ports["inference"])) as client:
        client.sendall(f"POST {model.path} HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n\r\nhalf".encode())
    books = load(truth_server.ports["inference"], [Ask(model.path)])
    now = at_rest(truth_server, model)
    assert counted(now, model) == {"200": 1}
    assert_same_counts(now, model, books)


@pytest.mark.parametrize("batch", [1, 4])
def test_at_random_moments(truth_server, model_of, drawn, batch):
    """A third of all clients hang up 0 to 40 ms after they sent, in the queue, in the handler or in a stream: the sums agree, and
    the codes to within those that hung up.
    """
    model = model_of(initial_workers=2, batch_size=batch, max_batch_delay=5)

    def ask():
        work = drawn.choice((b"sleep 0.005", b"sleep 0.005 stream 2 sleep 0.005", b"stream 1 size 3000", b"code 418"))
        leave = after(drawn.random() * 0.04) if drawn.random() < 1 / 3 else None
        return Ask(model.path, work, leave=leave, reset=drawn.random() < 0.5)

    books = load(truth_server.ports["inference"], [ask() for _ in range(amount(300))], clients=12)
    now = at_rest(truth_server, model)
    assert books.of("hung up")
    assert_same_counts(now, model, books)


def test_requests_in_flight(truth_server, model_of):
    """As many as the clients wait for, answered or given up one by one."""
    model = model_of()

    def in_flight(count):
        return lambda: read(truth_server, IN_FLIGHT).value(IN_FLIGHT, model_name=model.name) == count

    async def come_and_go():
        books = Books()
        go = asyncio.Event()

        asks = [Ask(model.path, b"gate held")] * 3 + [Ask(model.path, b"gate held", leave=at(go))] * 2
        tasks = [asyncio.create_task(Client(truth_server.ports["inference"], books).ask(ask)) for ask in asks]
        await until(in_flight(5), "five to be in flight")
        go.set()
        await until(in_flight(3), "three to be in flight")
        model.open("held")
        await asyncio.gather(*tasks)
        return books

    books = asyncio.run(come_and_go())
    assert in_flight(0)(), "in-flight after the last answer was read"
    assert_same_counts(at_rest(truth_server, model), model, books)
    wait_until(lambda: len((model.notes / "batches").read_text().split()) >= 3)
