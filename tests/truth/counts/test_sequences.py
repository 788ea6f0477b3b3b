"""Sequences: every sum is the client's own, and what began and ended is what the clients began and ended."""

import asyncio
from itertools import accumulate

import pytest

from integration.server import wait_until
from truth.books import Books
from truth.client import Ask, drive
from truth.comparison import REJECTED, assert_same_counts, at_rest, of_model
from truth.conftest import amount
from truth.handlers import SUMS

pytestmark = pytest.mark.integration

CONFIG = (
    "sequenceBatching: true\nsequenceMaxIdleMSec: 600000\nmaxNumSequence: 100\nmaxSequenceJobQueueSize: 4\nbatchSize: 4\n"
    "maxBatchDelay: 2\nminWorkers: 2\nmaxWorkers: 2\n"
)
BEGUN, ENDED, OPEN = "servescope_sequences_begun_total", "servescope_sequences_ended_total", "servescope_sequences_open"


def step(path: str, sequence: str, number: int | str, *, start: bool = False, end: bool = False) -> Ask:
    """A request of a sequence."""
    headers = {"ts_request_sequence_id": sequence}
    headers |= {"ts_request_sequence_start": "true"} if start else {}
    headers |= {"ts_request_sequence_end": "true"} if end else {}
    return Ask(path, str(number).encode(), headers=headers)


def play(port: int, scripts: list[list[Ask]]) -> list[Books]:
    """Each script by a client of its own, all at once."""

    async def main() -> list[Books]:
        return await asyncio.gather(*(drive(Books(), port, script) for script in scripts))

    return asyncio.run(main())


def test_sums(truth_server, model_of, drawn):
    """Two workers, batches of four, twelve clients with a sequence each, again and again: no sum has another's number in it."""
    model = model_of(CONFIG, SUMS)
    numbers = [[drawn.randrange(1, 1000) for _ in range(drawn.randrange(2, 9))] for _ in range(amount(60))]
    scripts: list[list[Ask]] = [[] for _ in range(12)]
    for number, values in enumerate(numbers):
        last = len(values) - 1
        scripts[number % 12] += [
            step(model.path, f"s{number % 12}", value, start=place == 0, end=place == last and number % 2 == 0)
            for place, value in enumerate(values)
        ]
    books = play(truth_server.ports["inference"], scripts)
    now = at_rest(truth_server, model)
    assert_same_counts(now, model, *books)
    for client, own in enumerate(books):
        sums = [total for values in numbers[client::12] for total in accumulate(values)]
        assert [int(entry.body) for entry in own.entries] == sums
    asked_to_end = sum(number % 2 == 0 for number in range(len(numbers)))
    begun, ended = now.by("how", BEGUN, model_name=model.name), now.by("reason", ENDED, model_name=model.name)
    assert begun["started"] == len(numbers) == sum(begun.values())
    assert ended["ended"] == asked_to_end
    assert now.value(OPEN, model_name=model.name) == len(numbers) - sum(ended.values())
    assert ended["restarted"] + ended["ended"] == sum(ended.values())


def test_the_handler_ends_them(truth_server, model_of):
    """By a header of its answer; what comes after begins a new one, without its being asked for."""
    model = model_of(CONFIG, SUMS)
    script = [step(model.path, "s", number) for number in (5, 0, 7)]
    books = play(truth_server.ports["inference"], [script])
    now = at_rest(truth_server, model)
    assert_same_counts(now, model, *books)
    assert [entry.body for entry in books[0].entries] == [b"5", b"5", b"12"]  # what it remembers is its own business
    assert now.value(ENDED, model_name=model.name, reason="handler") == 1
    assert now.value(BEGUN, model_name=model.name, how="implied") == 2


def test_a_worker_that_dies(truth_server, model_of):
    """Whoever is in its hands is told, then whoever comes for what it remembered; each is counted, and the books are equal."""
    model = model_of(CONFIG.replace("minWorkers: 2\nmaxWorkers: 2", "minWorkers: 1\nmaxWorkers: 1"), SUMS)
    port = truth_server.ports["inference"]
    before = play(port, [[step(model.path, name, 1, start=True)] for name in ("idle", "dies")])
    killed = play(port, [[step(model.path, "dies", "die")]])
    assert [entry.code for entry in killed[0].entries] == [507]
    wait_until(
        lambda: of_model(truth_server, model).value(ENDED, model_name=model.name, reason="worker_died") == 2,
        "their end",
    )
    after = play(port, [[step(model.path, "idle", 2), step(model.path, "idle", 3)], [step(model.path, "dies", 4)]])
    assert [[entry.code for entry in own.entries] for own in after] == [[503, 200], [200]]
    assert b"The sequence 'idle' is over: its worker has died" in after[0].entries[0].body
    now = at_rest(truth_server, model)
    assert_same_counts(now, model, *before, *killed, *after)
    assert now.value(REJECTED, model_name=model.name, reason="sequence_over") == 1
    assert now.value(OPEN, model_name=model.name) == 2


def test_they_end_when_nobody_comes(truth_server, model_of):
    """After their idle time, without a request of anybody's."""
    model = model_of(CONFIG.replace("600000", "50"), SUMS)
    books = play(truth_server.ports["inference"], [[step(model.path, f"s{number}", 1)] for number in range(5)])
    wait_until(
        lambda: of_model(truth_server, model).value(ENDED, model_name=model.name, reason="idle") == 5, "their end"
    )
    now = at_rest(truth_server, model)
    assert_same_counts(now, model, *books)
    assert now.value(OPEN, model_name=model.name) == 0
