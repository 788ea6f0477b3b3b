"""For how long what was needed is kept. In, how many are needed now and what came; out, how many to keep.

Called by `policy`. Several pools are rehearsed side by side, each of which keeps what was needed for another time: what each
would have cost of late, and how many requests it would have had too few workers for. The longest time counts that is hardly dearer
than the best, or dearer by less than a part of what short times would have done harm. So bursts that come back find their workers,
and after a peak that does not come back they are gone soon; and nobody has to be let down to find out.
"""

from bisect import bisect_left
from collections import deque

# Each is half of the next.
HOLDS = 8
# What was long ago counts for less.
REMEMBERED_S = 900.0
# Of what the best costs, and of what the shortest would have done harm: for so much more a longer time is taken.
DEARER = 0.03
PREMIUM = 0.2
# It is not made shorter at first, for so long.
GRACE_S = 240.0
# No time is shorter than a start takes, up to here.
LONGEST_START_S = 60.0
# Requests find their workers as long as so much of what is needed is there.
ENOUGH = 0.9
_BLUR_S = 0.01  # samples are never taken to the second


class Peaks:
    """The most that was needed of late, for windows of several lengths, `holds_s`, ascending. All are answered from one list: what
    was needed when, without what was less than what came after it.
    """

    def __init__(self, holds_s: tuple[float, ...]) -> None:
        self._holds_s = holds_s
        self._moments: list[float] = []
        self._needed: list[int] = []

    def over(self, at: float, needed: int) -> list[int]:
        """With this sample, the latest: for each window."""
        moments, values = self._moments, self._needed
        while values and values[-1] <= needed:
            del moments[-1], values[-1]
        moments.append(at)
        values.append(needed)
        if len(values) == 1:
            return [needed] * len(self._holds_s)
        over = bisect_left(moments, at - self._holds_s[-1] - _BLUR_S)
        if over:
            del moments[:over], values[:over]
        return [values[bisect_left(moments, at - hold_s - _BLUR_S)] for hold_s in self._holds_s]


class Rehearsals:
    """Pools, each of which keeps what was needed for one of `holds_s`. For each of them, `sizes`: its workers, those that load
    included; `costs`: worker-seconds; `late`: requests for which it had too few.
    """

    def __init__(self, holds_s: tuple[float, ...]) -> None:
        self._peaks = Peaks(holds_s)
        self.sizes = [1] * len(holds_s)
        self.costs = [0.0] * len(holds_s)
        self.late = [0.0] * len(holds_s)
        # Sizes that were less, and until when, ascending: workers that came after that may still load.
        self._fewer: list[deque[tuple[float, int]]] = [deque() for _ in holds_s]

    def go_on(self, at: float, took: float, needed: int, came: float, load_s: float) -> None:
        """`came`: in the `took` seconds until now."""
        sizes, kept = self.sizes, max(0.0, 1.0 - took / REMEMBERED_S)
        ready = self._ready(at - load_s - _BLUR_S)
        self.costs = [cost * kept + size * took for cost, size in zip(self.costs, sizes, strict=True)]
        enough = ENOUGH * needed
        if min(ready) >= enough:
            self.late = [late * kept for late in self.late]
        else:
            self.late = [
                late * kept + came * max(0.0, 1.0 - there / enough)
                for late, there in zip(self.late, ready, strict=True)
            ]
        self.sizes = self._peaks.over(at, needed)
        if self.sizes != sizes:
            self._resized(at, sizes)

    def _ready(self, since: float) -> list[int]:
        """How many of each have been asked for at least a start ago."""
        ready = self.sizes
        if any(self._fewer):
            ready = ready.copy()
            for place, fewer in enumerate(self._fewer):
                while fewer and fewer[0][0] < since:
                    fewer.popleft()
                if fewer:
                    ready[place] = fewer[0][1]
        return ready

    def _resized(self, at: float, before: list[int]) -> None:
        for fewer, size, was in zip(self._fewer, self.sizes, before, strict=True):
            if size > was:
                fewer.append((at, was))
            while fewer and fewer[-1][1] >= size:
                fewer.pop()


class Holds:
    """`longest_s`: the longest time, with which it begins."""

    def __init__(self, longest_s: float) -> None:
        self._holds_s = tuple(longest_s / 2.0**halvings for halvings in reversed(range(HOLDS)))
        self._rehearsals = Rehearsals(self._holds_s)
        self._began: float | None = None
        self._at = 0.0
        self._chosen = HOLDS - 1

    @property
    def hold_s(self) -> float:
        """For how long now."""
        return self._holds_s[self._chosen]

    def keep(self, at: float, needed: int, came: float, load_s: float, price: float) -> int:
        """How many to keep. `came`: since the last time; `price`: worker-seconds that are as bad as a late request."""
        if self._began is None:
            self._began = self._at = at
        took, self._at = max(0.0, at - self._at), at
        self._rehearsals.go_on(at, took, needed, came, load_s)
        longest = self._longest(load_s, price)
        if longest > self._chosen or at - self._began > GRACE_S:
            self._chosen = longest
        return self._rehearsals.sizes[self._chosen]

    def _longest(self, load_s: float, price: float) -> int:
        """Which is the longest time that is worth it."""
        first = bisect_left(self._holds_s, min(load_s, LONGEST_START_S, self._holds_s[-1]))
        costs = self._rehearsals.costs
        harm = [cost + price * late for cost, late in zip(costs, self._rehearsals.late, strict=True)]
        least = min(harm[first:])
        limit = least + DEARER * costs[harm.index(least, first)] + PREMIUM * (harm[first] - least)
        return next(place for place in reversed(range(HOLDS)) if harm[place] <= limit)
