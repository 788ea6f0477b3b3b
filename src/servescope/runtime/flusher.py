"""Has the logs write out what they hold, while the loop runs. Started and stopped by `serve`."""

import asyncio
from collections.abc import Callable

# Lines are no later than this, in the modes that log by SETTLE_S more: less than a tenth of a second, on a loop that is not busy.
FLUSH_S = 0.025
# Longer than READ_S of `metrics.log_mode`: until then a handler may have written a metric that is yet to be read.
SETTLE_S = 0.04


class Flusher:
    """Calls `flush` every FLUSH_S seconds; so may others. For the loop's thread."""

    def __init__(self, flush: Callable[[], None]) -> None:
        self.flush = flush
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin; a loop must run."""
        self._timer = asyncio.get_running_loop().call_later(FLUSH_S, self._tick)

    def _tick(self) -> None:
        self.flush()
        self.start()

    def stop(self) -> None:
        """End; what is held is left to whoever closes the logs."""
        if self._timer is not None:
            self._timer.cancel()
