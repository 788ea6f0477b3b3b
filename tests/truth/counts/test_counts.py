"""servescope_requests_total by code is exactly what the clients counted, whatever goes wrong in between."""

import asyncio
import os
import signal

import pytest

from integration.scrape import read
from integration.server import wait_until
from truth.client import Ask, load
from truth.comparison import REJECTED, assert_histograms_agree, assert_same_counts, at_rest, counted, of_model
from truth.conftest import amount

pytestmark = pytest.mark.integration


def test_plain_load(truth_server, model_of, drawn):
    """Eight clients, bodies and answers of all sizes: codes, bytes in and bytes out are the clients' own."""
    model = model_of()
    asks = [
        Ask(model.path, b"size %d " % drawn.randrange(9000) + b" " * drawn.randrange(9000)) for _ in range(amount(400))
    ]
    books = load(truth_server.ports["inference"], asks, clients=8)
    now = at_rest(truth_server, model)
    assert books.codes() == {"200": len(asks)}
    assert_same_counts(now, model, books)
    for family, own in (
        ("servescope_request_bytes", sum(entry.sent_bytes for entry in books.entries)),
        ("servescope_response_bytes", sum(len(entry.body) for entry in books.entries)),
    ):
        assert now.value(f"{family}_sum", model_name=model.name) == own


def test_batches(truth_server, model_of):
    """Sixteen clients and batches of up to four: the batches' sizes are those that the handler noted."""
    model = model_of(batch_size=4, max_batch_delay=5)
    books = load(truth_server.ports["inference"], [Ask(model.path, b"sleep 0.002")] * amount(300), clients=16)
    now = at_rest(truth_server, model)
    assert_same_counts(now, model, books)
    sizes = [int(line) for line in (model.notes / "batches").read_text().split()]
    assert now.value("servescope_batch_size_count", model_name=model.name) == len(sizes)
    assert now.value("servescope_batch_size_sum", model_name=model.name) == sum(sizes) == len(books.entries)


def test_answers_that_are_too_large(truth_server, model_of, drawn):
    """Batches with some that no client gets: 500 for these, 200 for their neighbours, and the one worker lives through it all."""
    model = model_of(batch_size=4, max_batch_delay=5)
    worker = model.pids()
    asks = [Ask(model.path, drawn.choice([b"size 10", b"size 7000000"])) for _ in range(amount(100))]
    books = load(truth_server.ports["inference"], asks, clients=8)
    now = at_rest(truth_server, model)
    large = sum(ask.body == b"size 7000000" for ask in asks)
    assert books.codes() == {"200": len(asks) - large, "500": large}
    assert_same_counts(now, model, books)
    assert model.pids() == worker


def test_workers_killed(truth_server, model_of, drawn):
    """SIGKILL to a worker, again and again, while both have batches in hand: every request is counted once."""
    model = model_of(initial_workers=2, batch_size=4, max_batch_delay=10)
    kills = 3

    async def kill(books):
        for number in range(kills):
            await books.ended((number + 1) * amount(400) // (kills + 2))
            pids = await asyncio.to_thread(wait_until, model.pids, "a worker to kill")
            os.kill(drawn.choice(pids), signal.SIGKILL)

    asks = [Ask(model.path, b"sleep 0.01")] * amount(400)
    books = load(truth_server.ports["inference"], asks, clients=16, meanwhile=kill)
    assert books.codes().get("200", 0) > 0
    assert_same_counts(at_rest(truth_server, model), model, books)

    def restarts():
        return of_model(truth_server, model).by("reason", "servescope_worker_restarts_total")

    wait_until(lambda: restarts() == {"signal": kills}, f"{kills} restarts to be counted")


def test_a_worker_killed_in_the_midst_of_a_batch(truth_server, model_of):
    """Its four requests fail, and are counted by the status that their clients got; the one behind them is answered."""
    model = model_of(batch_size=4, max_batch_delay=10_000)

    async def kill(books):
        await asyncio.to_thread(model.began, "held")
        (pid,) = await asyncio.to_thread(model.pids)
        os.kill(pid, signal.SIGKILL)
        await books.ended(4)

    books = load(truth_server.ports["inference"], [Ask(model.path, b"gate held")] * 4, clients=4, meanwhile=kill)
    assert books.codes() == {"507": 4}  # SIGKILL is what the kernel does to a worker when memory runs out
    model.open("held")
    again = load(truth_server.ports["inference"], [Ask(model.path, b"gate held")] * 4, clients=4)
    assert again.codes() == {"200": 4}
    assert_same_counts(at_rest(truth_server, model), model, books, again)


def test_the_queue_overflows(truth_server, model_of):
    """Four may wait, 24 want to: those that were refused are counted as 503, and by their reason."""
    model = model_of("jobQueueSize: 4\nminWorkers: 1\nmaxWorkers: 1\n")
    asks = [Ask(model.path, b"sleep 0.005")] * amount(400)
    books = load(truth_server.ports["inference"], asks, clients=24)
    now = at_rest(truth_server, model)
    refused = books.codes()["503"]
    assert 0 < refused < len(asks)
    assert_same_counts(now, model, books)
    assert now.by("reason", REJECTED, model_name=model.name) == {"queue_full": refused}


def test_no_worker(truth_server, model_of):
    """A model without workers: every request is a 503, for want of a worker."""
    model = model_of(initial_workers=0)
    books = load(truth_server.ports["inference"], [Ask(model.path)] * 7, clients=2)
    now = at_rest(truth_server, model)
    assert books.codes() == {"503": 7}
    assert_same_counts(now, model, books)
    assert now.by("reason", REJECTED, model_name=model.name) == {"no_worker": 7}


def test_deadlines_pass(truth_server, model_of):
    """clientTimeoutInMills: some requests die in the queue, some in the worker's hands; all are 408, once."""
    model = model_of("clientTimeoutInMills: 60\nminWorkers: 1\nmaxWorkers: 1\n")
    asks = [Ask(model.path, b"sleep %g" % (0.25 if number % 10 == 3 else 0.015)) for number in range(amount(120))]
    books = load(truth_server.ports["inference"], asks, clients=6)
    now = at_rest(truth_server, model)
    expired = books.codes().get("408", 0)
    assert 0 < expired < len(asks)
    assert_same_counts(now, model, books)
    assert now.by("reason", REJECTED, model_name=model.name) == {"deadline": expired}


def test_unregistered_under_load(truth_server, model_of):
    """The counts of what it answered stay for the last scrape, those that found it gone are not the model's; it counts on when it
    comes back.
    """
    model = model_of(initial_workers=2)

    async def unregister(books):
        await books.ended(amount(100))
        answer = await asyncio.to_thread(truth_server.manage, "DELETE", f"/models/{model.name}")
        assert answer.status_code == 200, answer.text

    asks = [Ask(model.path, b"sleep 0.004")] * amount(300)
    books = load(truth_server.ports["inference"], asks, clients=8, meanwhile=unregister)
    own = books.codes()
    missed = own.pop("404")
    assert missed > 0
    assert sum(own.values()) == len(asks) - missed >= amount(100)
    assert counted(of_model(truth_server, model), model) == own
    assert truth_server.register(f"{model.name}.mar").status_code == 200
    again = load(truth_server.ports["inference"], [Ask(model.path)] * 5)
    assert again.codes() == {"200": 5}
    assert counted(of_model(truth_server, model), model) == own | {"200": own["200"] + 5}


ODD = (
    "code 201",
    "code 302",
    "code 418",
    "code 500",
    "code 599",
    "raise x",
    "refuse 429",
    "refuse 413",
    "memory x",
    "stream 3",
    "size 9",
)


def test_handlers_with_codes_of_their_own(truth_server, model_of, drawn):
    """Codes set, exceptions raised, answers streamed: what the client read is what is counted."""
    model = model_of(initial_workers=2)
    asks = [Ask(model.path, word.encode()) for word in ODD] * amount(12)
    drawn.shuffle(asks)
    books = load(truth_server.ports["inference"], asks, clients=6)
    now = at_rest(truth_server, model)
    assert {"200", "201", "302", "418", "429", "500", "503", "507", "599"} <= set(books.codes())
    assert_same_counts(now, model, books)
    own = sum(len(entry.body) for entry in books.entries)
    assert now.value("servescope_response_bytes_sum", model_name=model.name) == own


@pytest.mark.parametrize(("end", "code"), [(b"raise x", "503"), (b"refuse 429", "429"), (b"memory x", "507")])
def test_streams_that_break_off(truth_server, model_of, end, code):
    """Their clients read 200 and an answer without an end; they are counted by the error that ended them, and as its outcome."""
    model = model_of()
    books = load(truth_server.ports["inference"], [Ask(model.path, b"stream 2 " + end)] * 5, clients=2)
    now = at_rest(truth_server, model)
    assert [(entry.code, entry.body) for entry in books.of("broken")] == [(200, b"piecepiece")] * 5
    assert counted(now, model) == {code: 5}
    assert_histograms_agree(now, model, counted(now, model))
    assert now.value("servescope_response_bytes_sum", model_name=model.name) == 5 * len(b"piecepiece")


def test_torchserves_counters_by_class(truth_server, model_of):
    """Requests2XX, 4XX and 5XX grow by the clients' answers, and by the scrape before, also where a stream fails at its first
    piece.
    """
    model = model_of()
    words = (b"sleep 0", b"code 404", b"code 301", b"raise x", b"stream 2", b"code 150 stream 2", b"code 503")
    before = read(truth_server)
    books = load(truth_server.ports["inference"], [Ask(model.path, body) for body in words * 5], clients=3)
    after = read(truth_server)
    said = books.codes()
    classes = {"2": 1, "4": 0, "5": 0}  # the first scrape was answered
    for code, count in said.items():
        classes[code[0] if code[0] in "24" else "5"] += count
    assert len(said) >= 5
    for group, count in classes.items():
        name = f"Requests{group}XX_total"  # as the parser calls a counter
        assert after.total(name) - before.total(name) == count, (group, said)
