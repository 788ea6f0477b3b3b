"""For how long what was needed is kept. In, how many are needed now and what came; out, how many to keep.

Called by `policy`. Several pools are rehearsed side by side, each of which keeps what was needed for another time: what each
would have cost of late, and how many requests it would have had too few workers for. The longest time counts that is hardly dearer
than the best, or dearer by less than a part of what short times would have done harm. So bursts that come back find their workers,
and after a peak that does not come back they are gone soon; and nobody has to be let down to find out.
"""

from servescope.autoscaler.counts.windows import Highest

# Each is half of the next.
HOLDS = 8
# What was long ago counts for less.
REMEMBERED_S = 900.0
# Of what the best costs, and of what the shortest would have done harm: for so much more a longer time is taken.
DEARER = 0.03
PREMIUM = 0.2
# At first the time is not made shorter for so long, and it is so many starts.
GRACE_S = 240.0
FIRST_STARTS = 8.0
# No time is shorter than a start takes, up to here.
LONGEST_START_S = 60.0
# Requests find their workers as long as so much of what is needed is there.
ENOUGH = 0.9


class Rehearsal:
    """A pool that keeps what was needed for `hold_s`. `size`: its workers, those that load included; `cost`: worker-seconds;
    `late`: requests for which it had too few.
    """

    def __init__(self, hold_s: float) -> None:
        self.hold_s = hold_s
        self.size = 1
        self.cost = self.late = 0.0
        self._needed = Highest(hold_s)
        self._fewest = Highest(0.0)  # of sizes, negative: workers that are there have been asked for a start ago

    def go_on(self, at: float, took: float, needed: int, came: float, load_s: float) -> None:
        """`came`: in the `took` seconds until now."""
        ready = -self._fewest.over(at, -self.size, load_s)
        kept = max(0.0, 1.0 - took / REMEMBERED_S)
        self.cost = self.cost * kept + self.size * took
        self.late = self.late * kept + came * max(0.0, 1.0 - ready / (ENOUGH * needed))
        self.size = self._needed.over(at, needed)


class Holds:
    """`first_s`: the time at first, at the least; `longest_s`: the longest that there is."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s = first_s
        self._rehearsals = [Rehearsal(longest_s / 2.0**halvings) for halvings in reversed(range(HOLDS))]
        self._began: float | None = None
        self._at = 0.0
        self._chosen = self._rehearsals[-1]

    @property
    def hold_s(self) -> float:
        """For how long now."""
        return self._chosen.hold_s

    def keep(self, at: float, needed: int, came: float, load_s: float, price: float) -> int:
        """How many to keep. `came`: since the last time; `price`: worker-seconds that are as bad as a late request."""
        if self._began is None:
            self._began = self._at = at
            first = max(self._first_s, FIRST_STARTS * load_s)
            self._chosen = min(self._rehearsals, key=lambda one: abs(one.hold_s - first))
        took, self._at = max(0.0, at - self._at), at
        for one in self._rehearsals:
            one.go_on(at, took, needed, came, load_s)
        longest = self._longest(load_s, price)
        if longest.hold_s > self._chosen.hold_s or at - self._began > GRACE_S:
            self._chosen = longest
        return self._chosen.size

    def _longest(self, load_s: float, price: float) -> Rehearsal:
        """The longest time that is worth it."""
        least_s = min(load_s, LONGEST_START_S, self._rehearsals[-1].hold_s)
        possible = [one for one in self._rehearsals if one.hold_s >= least_s]
        damage = [one.cost + price * one.late for one in possible]
        best = min(range(len(possible)), key=lambda place: damage[place])
        limit = damage[best] + DEARER * possible[best].cost + PREMIUM * (damage[0] - damage[best])
        return next(one for one, harm in zip(reversed(possible), reversed(damage), strict=True) if harm <= limit)
