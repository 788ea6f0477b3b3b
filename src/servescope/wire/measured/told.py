"""What a worker elsewhere measures, as its agent tells it: there is no memory to look into, so it is asked before each scrape.

In: updates, from `fleet.backends.remote`. Out: the same to whoever reads, each once. Their `order` is by this machine's clock.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence

from servescope.wire.measured.update import MetricUpdate

# Updates that are read without a pause; see `folded` and `lines`.
A_PART = 50


class ToldReader:
    """`look` has the agent tell all that there is."""

    def __init__(self, look: Callable[[], None]) -> None:
        self._look: Callable[[], None] | None = look
        self._told: list[MetricUpdate] = []
        self._asked: asyncio.Future[None] | None = None

    def tell(self, updates: Sequence[MetricUpdate], *, last: bool) -> None:
        """The agent has told these; `last`: that is all until now."""
        self._told += updates
        if last:
            self._settle()

    def close(self) -> None:
        """Nothing more will come."""
        self._look = None
        self._settle()

    def _settle(self) -> None:
        asked, self._asked = self._asked, None
        if asked is not None and not asked.done():
            asked.set_result(None)

    @property
    def polled_s(self) -> float:
        """None: workers elsewhere sleep until a batch comes."""
        return 0.0

    def ask(self) -> "asyncio.Future[None] | None":
        """Have it told what was measured until now; done when it is. None where nobody is left to ask."""
        if self._asked is None and self._look is not None:
            self._asked = asyncio.get_running_loop().create_future()
            self._look()
        return self._asked

    def take(self, *, final: bool = False, most: int | None = None) -> list[MetricUpdate]:
        """What was told since the last call, at most `most` updates. `final`: the worker has gone, which is all the same here."""
        del final
        found, self._told = self._told[:most], [] if most is None else self._told[most:]
        return found

    def parts(self) -> Iterator[list[MetricUpdate]]:
        """As `take`, A_PART of them at a time; in between, anybody may take."""
        while self._told:
            yield self.take(most=A_PART)
