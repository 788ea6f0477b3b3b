"""What handlers count themselves is exactly what they noted, whatever becomes of them and of their requests."""

import asyncio
import signal

import pytest

from integration.server import wait_until
from truth.client import Ask, load
from truth.comparison import assert_same_counts, at_rest
from truth.conftest import amount

pytestmark = pytest.mark.integration


def test_counts_of_workers_that_crash(truth_server, model_of, drawn):
    """Two workers, ended in the midst of requests by SIGKILL, SIGSEGV and a time limit, under load and scraped meanwhile."""
    model = model_of(initial_workers=2, response_timeout=1)
    asks = [Ask(model.path, b"count %d" % drawn.randrange(100)) for _ in range(amount(400))]
    for ending in (f"end {signal.SIGKILL:d}", f"end {signal.SIGSEGV:d}", "sleep 60"):
        asks[drawn.randrange(len(asks) // 2)] = Ask(model.path, f"count 7 {ending}".encode())

    def counted():
        return truth_server.metrics("Counted", ModelName=model.name) or 0.0

    seen = []

    async def scrape(books):
        for share in range(1, 5):
            await books.ended(share * len(asks) // 5)
            seen.append(await asyncio.to_thread(counted))

    books = load(truth_server.ports["inference"], asks, clients=8, meanwhile=scrape)
    assert books.codes()["200"] == len(asks) - sum(count for code, count in books.codes().items() if code != "200")
    assert_same_counts(at_rest(truth_server, model), model, books)
    noted = [int(line) for line in (model.notes / "counts").read_text().split()]
    assert len(noted) == len(asks)
    assert counted() == sum(noted)
    assert seen == sorted(seen)
    assert 0 < seen[0] < counted()
    wait_until(lambda: len(model.pids()) == 2, "both workers")
    assert counted() == sum(noted)
