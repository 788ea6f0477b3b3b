"""By how much another machine's clock is off: in, moments of pings; out, its moments on the clock of this one. Pure.

The quickest of the last answers tells best: the clock was read at some moment of its way there and back.
"""

from collections import deque

LAST = 30


class Offset:
    """Of one agent's monotonic clock. `seconds`: to be added to its moments; None while nothing is known."""

    def __init__(self) -> None:
        self.seconds: float | None = None
        self._heard: deque[tuple[float, float]] = deque(maxlen=LAST)

    def heard(self, sent: float, there: float, now: float) -> None:
        """What was sent at `sent` was answered at `there`, by the other clock, and the answer came at `now`."""
        self._heard.append((now - sent, (sent + now) / 2 - there))
        self.seconds = min(self._heard)[1]

    def here(self, there: float, now: float) -> float:
        """Its moment `there` on this clock; never later than `now`, when it is told."""
        return now if self.seconds is None else min(there + self.seconds, now)
