"""How late the event loop runs its timers: observed twice a second, for servescope_event_loop_lag_seconds.

Started and stopped by `server`.
"""

import asyncio
import time
from collections.abc import Callable

INTERVAL_S = 0.5
# A process that was stopped for hours was late all that time, but need not spend long on saying so.
MOST_MISSED = 1000


class LoopLag:
    """A timer on the running loop that tells `observe` by how many seconds it was late, and so by how many the others would have
    been that were due meanwhile: the quantiles are those of all moments, not of those at which the loop was free to look.
    """

    def __init__(self, observe: Callable[[float], None]) -> None:
        self._observe = observe
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin, on the running loop."""
        self._set()

    def stop(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self) -> None:
        due = time.monotonic() + INTERVAL_S
        self._timer = asyncio.get_running_loop().call_later(INTERVAL_S, self._fire, due)

    def _fire(self, due: float) -> None:
        late = max(0.0, time.monotonic() - due)  # a loop may round its timers, and be early
        for missed in range(min(MOST_MISSED, int(late / INTERVAL_S)) + 1):
            self._observe(late - missed * INTERVAL_S)
        self._set()
