"""Running batches: each client has its own tokens; steps, rows and requests are what handler and clients counted."""

import asyncio
import os
import signal

import pytest

from integration.server import wait_until
from truth.books import Books
from truth.client import Ask, drive, load
from truth.comparison import assert_same_counts, at_rest, of_model
from truth.conftest import amount
from truth.handlers import GENERATES
from truth.leaving import after_a_piece, until

pytestmark = pytest.mark.integration

CONFIG = "continuousBatching: true\nbatchSize: 4\nminWorkers: 1\nmaxWorkers: 1\n"
STEP_ROWS, REQUEST_STEPS = "servescope_continuous_step_rows", "servescope_continuous_request_steps"
ROWS = "servescope_continuous_rows"


def steps_of(model) -> list[list[str]]:
    """Who was in each step, as the handler noted it."""
    return [line.split() for line in (model.notes / "steps").read_text().splitlines()]


def assert_steps_noted(now, model) -> None:
    """The server's word on steps is the handler's."""
    noted = steps_of(model)
    assert now.value(f"{STEP_ROWS}_count", model_name=model.name) == len(noted)
    assert now.value(f"{STEP_ROWS}_sum", model_name=model.name) == sum(map(len, noted))
    assert max(map(len, noted)) <= 4
    assert now.value(f"{REQUEST_STEPS}_sum", model_name=model.name) == sum(map(len, noted))
    assert now.value(ROWS, model_name=model.name) == 0


def test_tokens(truth_server, model_of, drawn):
    """Nine clients, four rows, lengths from 1 to 12: whoever asks for so many tokens gets so many."""
    model = model_of(CONFIG, GENERATES)
    counts = [drawn.randrange(1, 13) for _ in range(amount(90))]
    books = load(truth_server.ports["inference"], [Ask(model.path, b"%d 0.001" % count) for count in counts], clients=9)
    now = at_rest(truth_server, model)
    assert books.codes() == {"200": len(counts)}
    assert [len(entry.body) for entry in books.entries] == counts
    assert_same_counts(now, model, books)
    assert_steps_noted(now, model)
    assert now.value(f"{REQUEST_STEPS}_count", model_name=model.name) == len(counts)


def test_later_requests_begin_while_earlier_ones_go_on(truth_server, model_of):
    """The first piece of one that comes later is there long before the last of one that was there; it is done before it."""
    model = model_of(CONFIG, GENERATES)
    port = truth_server.ports["inference"]

    async def main() -> tuple[Books, Books]:
        long, short = Books(), Books()
        first = asyncio.create_task(drive(long, port, [Ask(model.path, b"40 0.01")]))
        await until(lambda: long.entries and long.entries[0].first)
        await drive(short, port, [Ask(model.path, b"%d 0.01" % count) for count in (1, 3, 2)])
        assert not first.done()
        await first
        return long, short

    long, short = asyncio.run(main())
    assert [len(entry.body) for entry in (*long.entries, *short.entries)] == [40, 1, 3, 2]
    assert all(entry.ended < long.entries[0].ended for entry in short.entries)
    now = at_rest(truth_server, model)
    assert_same_counts(now, model, long, short)
    assert_steps_noted(now, model)


def test_a_client_that_hangs_up_leaves_the_batch(truth_server, model_of):
    """Its row is in no further step; the books are equal, and the others have all their tokens."""
    model = model_of(CONFIG, GENERATES)

    asks = [Ask(model.path, b"100000 0.005", leave=after_a_piece) for _ in range(3)]
    asks += [Ask(model.path, b"60 0.005"), Ask(model.path, b"5 0.005")]
    books = load(truth_server.ports["inference"], asks, clients=5)
    assert (len(books.of("hung up")), books.codes()) == (3, {"200": 2})
    wait_until(
        lambda: of_model(truth_server, model).value(f"{REQUEST_STEPS}_count", model_name=model.name) == 5,
        "their leaving",
    )
    now = at_rest(truth_server, model)
    assert_same_counts(now, model, books)
    assert_steps_noted(now, model)
    assert sorted(len(entry.body) for entry in books.of("answered")) == [5, 60]


def test_sequences_in_a_running_batch(truth_server, model_of):
    """Both kinds together: each sequence at its worker, ended by a header of an answer or by its client."""
    config = CONFIG + "sequenceBatching: true\nsequenceMaxIdleMSec: 600000\nmaxSequenceJobQueueSize: 10\n"
    model = model_of(config.replace("Workers: 1", "Workers: 2"), GENERATES)
    port = truth_server.ports["inference"]

    def asks(name: str) -> list[Ask]:
        headers = {"ts_request_sequence_id": name}
        return [Ask(model.path, b"%d 0.001" % count, headers=headers) for count in (3, 1, 4)]

    async def main() -> list[Books]:
        names = [*(f"short{number}" for number in range(3)), *(f"long{number}" for number in range(3))]
        return await asyncio.gather(*(drive(Books(), port, asks(name)) for name in names))

    books = asyncio.run(main())
    now = at_rest(truth_server, model)
    assert_same_counts(now, model, *books)
    assert [[len(entry.body) for entry in own.entries] for own in books] == [[3, 1, 4]] * 6
    assert now.value("servescope_sequences_ended_total", model_name=model.name, reason="handler") == 9
    assert now.value("servescope_sequences_open", model_name=model.name) == 3
    assert_steps_noted(now, model)


def test_a_worker_that_dies_in_the_middle(truth_server, model_of):
    """Its rows have no more of their answers, and are counted as such; others are served by the next."""
    model = model_of(CONFIG, GENERATES)
    pid = model.pids()[0]

    async def killed(books: Books) -> None:
        await until(lambda: [bool(entry.body) for entry in books.entries] == [True] * 3)
        os.kill(pid, signal.SIGKILL)

    books = load(truth_server.ports["inference"], [Ask(model.path, b"100000 0.005")] * 3, 3, killed)
    assert len(books.of("broken")) == 3
    after = load(truth_server.ports["inference"], [Ask(model.path, b"3 0.001")])
    assert (after.codes(), len(after.entries[0].body)) == ({"200": 1}, 3)
    now = at_rest(truth_server, model)
    codes = now.by("code", "servescope_requests_total", model_name=model.name)
    assert codes == {"507": 3, "200": 1}
    assert now.value(ROWS, model_name=model.name) == 0
