"""How long a queue takes: seconds that batches were in workers' hands in, seconds until what waits now has been served out.

`dispatcher` tells it of each batch that was answered, and asks it for whoever finds the queue full. Pure.
"""

import math
from typing import Final

_WEIGHT: Final = 0.1  # of the last batch in the mean: a change shows after ten or so
_LONGEST_S: Final = 3600


class ServiceTime:
    """The mean time that a request is in a worker's hands, recent ones first."""

    def __init__(self) -> None:
        self._mean_s: float | None = None

    def took(self, seconds: float) -> None:
        """A batch was answered after so long."""
        mean = self._mean_s
        self._mean_s = seconds if mean is None else mean + _WEIGHT * (seconds - mean)

    def until_served(self, waiting: int, in_hand: int, unfinished_s: float) -> int:
        """Seconds, 1 at least, until `waiting` requests have had their turn, while workers have `in_hand` at any time.

        By Little's law they finish `in_hand` requests in each such time. `unfinished_s`: how long the first of these has taken so
        far, which is all that is known of it before any batch was answered.
        """
        mean = unfinished_s if self._mean_s is None else self._mean_s
        return max(1, min(_LONGEST_S, math.ceil(waiting * mean / max(1, in_hand))))
