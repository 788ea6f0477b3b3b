"""A load on a live server: in, a schedule and requests; out, a `Trial`. Called by `cli.planning`.

Every request is sent when the schedule says, whatever became of those before it, and its latency counts from that moment: a client
that waits for answers would spare a slow server (coordinated omission). `lag_s` tells how late this client itself was.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from servescope.planner.load.connections import NO_ANSWER, Pool, Target
from servescope.planner.load.trial import LOST, Sent, Trial

_OK = range(200, 300)


@dataclass(frozen=True)
class Load:
    """`requests`: whole, as bytes, sent in turn. `patience_s`: how long after the last one answers are waited for.

    `give_up`: as many may be without an answer; a load that has more is ended, as the server falls behind.
    """

    target: Target
    requests: Sequence[bytes]
    patience_s: float
    most_connections: int = 2000
    give_up: int = 4000


async def drive(load: Load, moments: Sequence[float], rate: float, seconds: float, workers: int) -> Trial:
    """Send at these moments, in seconds from now, and wait for the answers."""
    loop = asyncio.get_running_loop()
    pool = Pool(load.target, load.most_connections)
    book = _Book(len(moments))
    began_cpu, began = time.process_time(), loop.time()
    try:
        sent = await _send(load, pool, book, moments, began)
        await book.closed(load.patience_s)
    finally:
        pool.close()
    passed = max(loop.time() - began, 1e-9)
    share = (time.process_time() - began_cpu) / passed
    rows = [book.row(index, at) for index, at in enumerate(moments[:sent])]
    return Trial(rate, seconds, workers, rows, book.failures, client_share=share, tokens=book.pieces, said=book.said)


class _Book:
    """What is known of each request, by its number."""

    def __init__(self, count: int) -> None:
        self.sent = [0.0] * count
        self.first = [LOST] * count
        self.end = [LOST] * count
        self.counts = [0] * count
        self.failures = Counter[int]()
        self.said = b""
        self.open = 0
        self.pieces = 0
        self._over: asyncio.Event | None = None

    async def closed(self, patience_s: float) -> None:
        """Wait until all that was sent is answered, or the patience is over."""
        if not self.open:
            return
        self._over = asyncio.Event()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), patience_s)

    def settle(self) -> None:
        """One that was sent is answered, or given up."""
        self.open -= 1
        if not self.open and self._over is not None:
            self._over.set()

    def row(self, index: int, at: float) -> Sent:
        """One request; `sent`, `first` and `end` are seconds since the load began."""
        pieces, first, end = self.counts[index], self.first[index], self.end[index]
        apart = (end - first) / (pieces - 1) if pieces > 1 else 0.0
        return Sent(at, end - at, self.sent[index] - at, first - at, apart)


async def _send(load: Load, pool: Pool, book: _Book, moments: Sequence[float], began: float) -> int:
    """How many were sent; fewer than there are where the server falls behind too far."""
    loop = asyncio.get_running_loop()
    for index, at in enumerate(moments):
        wait = began + at - loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        if book.open >= load.give_up:
            return index
        _send_one(load, pool, book, index, began)
        if index % 64 == 63:
            await asyncio.sleep(0)  # answers are read even while the client is behind
    return len(moments)


def _send_one(load: Load, pool: Pool, book: _Book, index: int, began: float) -> None:
    def done(status: int, first: float, end: float, pieces: int, said: bytes) -> None:
        book.settle()
        if status in _OK:
            book.first[index], book.end[index], book.counts[index] = first - began, end - began, pieces
            book.pieces += pieces
        else:
            book.failures[status] += 1
            book.said = book.said or said

    book.sent[index] = asyncio.get_running_loop().time() - began
    book.open += 1
    if not pool.send(load.requests[index % len(load.requests)], done):
        done(NO_ANSWER, 0.0, 0.0, 0, b"")
