"""For how long what was needed is kept: for each number of workers, when so many were needed last, and after what breaks.

In: how many are needed now. Out: how many to keep. A level (the n-th worker) that was needed again after breaks of 40 s is
kept for a little longer than these; one that was not needed again goes after `hold_s`. So regular bursts find their workers,
and after a peak that does not come back they are gone soon.
"""

import math
from bisect import insort
from collections import deque

# Breaks that are remembered a level, and which of them counts: all but the longest few.
MOST_BREAKS = 32
SHARE = 0.99
LONGER = 1.2
SHORTEST_BREAK_S = 2.0
# Levels up to here are remembered each by itself, those above in groups that grow by this factor.
SINGLE = 8
GROUP = 1.15


class Levels:
    """`longest_s`: nothing is kept for longer, whatever its breaks were."""

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._needed: list[float] = []  # by level from 1 on: when last; never later for a higher one
        self._before = 0
        self._breaks: dict[int, deque[float]] = {}
        self._sorted: dict[int, list[float]] = {}

    def keep(self, at: float, needed: int, hold_s: float, longer: float = 1.0) -> int:
        """How many to keep where `needed` are needed now; breaks count `longer` times."""
        self._note(at, needed)
        for level in range(len(self._needed), needed, -1):
            since = at - self._needed[level - 1]
            if since <= self._hold(level, hold_s, longer):
                return level
            if since > 2.0 * self._longest_s and level == len(self._needed):
                self._needed.pop()
        return needed

    def _note(self, at: float, needed: int) -> None:
        groups = set()
        for level in range(self._before + 1, min(needed, len(self._needed)) + 1):
            gap, group = at - self._needed[level - 1], _group(level)
            if SHORTEST_BREAK_S < gap <= 1.5 * self._longest_s and group not in groups:
                groups.add(group)
                self._remember(group, gap)
        self._needed[:needed] = [at] * needed
        self._before = needed

    def _remember(self, group: int, gap: float) -> None:
        breaks = self._breaks.setdefault(group, deque())
        ascending = self._sorted.setdefault(group, [])
        if len(breaks) == MOST_BREAKS:
            ascending.remove(breaks.popleft())
        breaks.append(gap)
        insort(ascending, gap)

    def _hold(self, level: int, hold_s: float, longer: float) -> float:
        ascending = self._sorted.get(_group(level))
        if not ascending:
            return hold_s
        usual = ascending[min(len(ascending) - 1, int(SHARE * len(ascending)))]
        return min(self._longest_s, max(hold_s, usual * LONGER * longer))


def _group(level: int) -> int:
    return level if level <= SINGLE else SINGLE + int(math.log(level / SINGLE) / math.log(GROUP))
