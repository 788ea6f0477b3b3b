"""The answers that a front end's process was given, until it has said that they were handed to the system; and then their books.

`remote` puts the exchanges in, in the order of their answers; `desk` says what the process says of them. The books of one that is
over are closed a turn of the loop later: what workers and clients wait for goes out first.
"""

import asyncio
import time
from collections import deque

from servescope.web.front_ends.remote import RemoteExchange


class Answers:
    """`unsaid`: the exchanges of which the process has not said that their answers were written."""

    def __init__(self) -> None:
        self.unsaid: deque[RemoteExchange] = deque()
        self._said = 0
        self._over: list[tuple[RemoteExchange, float]] = []

    def wrote(self, moments: list[float]) -> None:
        """The first of them were, at these monotonic seconds."""
        over, unsaid = self._over, self.unsaid
        if not over:
            asyncio.get_running_loop().call_soon(self._settle_soon)
        self._said += len(moments)
        for at in moments:
            exchange = unsaid.popleft()
            if exchange.leave():
                over.append((exchange, at))

    def taking(self, at: float) -> None:
        """The first was handed to its connection, but waits there for its client; monotonic seconds."""
        self._said += 1
        self.unsaid.popleft().taking(at)

    def settle(self) -> None:
        """Close the books of those that are over."""
        over, self._over = self._over, []
        for exchange, at in over:
            exchange.written(at)

    def lose(self, written: int) -> None:
        """Their process has ended. `written`: how many it handed to the system, said or not; nobody will say of the others."""
        now = time.monotonic()
        self.wrote([now] * (written - self._said))
        self.settle()
        self.unsaid.clear()

    def _settle_soon(self) -> None:
        # Behind what this turn has yet to send: batches to workers, and answers, leave at its end.
        asyncio.get_running_loop().call_soon(self.settle)
