"""How a scrape shares the event loop with requests: it gives way after each slice, and for longer while the loop is busy.

Used by `metrics`. A scrape that went on at every turn of a loop with much to do would make each of these turns longer.
"""

import asyncio
import time
from collections.abc import Callable

# Others had work to do, if they took so long.
BUSY_S = 0.0002
PAUSE_S = 0.006
# All pauses of a scrape together: Prometheus waits for ten seconds.
MOST_S = 3.0


class Courtesy:
    """The pauses of one scrape. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._left_s = MOST_S

    async def give_way(self) -> None:
        """Let others run: one turn of the loop, and PAUSE_S more where they are many and there is time left for that."""
        before = self._clock()
        await asyncio.sleep(0)
        if self._left_s > 0.0 and self._clock() - before > BUSY_S:
            before = self._clock()
            await asyncio.sleep(PAUSE_S)
            self._left_s -= self._clock() - before
