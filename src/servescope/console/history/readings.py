"""A stretch of what is remembered: in, a ring and some of its steps; out, rates, percentiles and means of one track.

Percentiles are read off the histogram of all values of the stretch, never averaged. Used by `views` and `evidence`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from servescope.console.history.kept import Column, Track
from servescope.console.history.ring import THERE, Ring
from servescope.metrics.snapshot import quantile


@dataclass(frozen=True)
class Stretch:
    """Some neighbouring steps of one track."""

    ring: Ring
    track: Track
    steps: Sequence[int]

    @cached_property
    def places(self) -> list[int]:
        """Where in the ring its steps stand, those that were written."""
        return [step % self.ring.size for step in self.steps if self.ring.has(step)]

    @cached_property
    def seconds(self) -> float:
        """How much of it the server was there for, with this track."""
        return self._sum(THERE) * self.ring.step_s

    def total(self, name: str, which: str | float = "") -> float:
        """What a counter has grown by."""
        return self._sum((name, which))

    @cached_property
    def _histograms(self) -> dict[str, tuple[list[float], list[float]]]:
        """Those that were asked for: several percentiles are read off one."""
        return {}

    def _sum(self, column: Column) -> float:
        kept = self.ring.tracks.get(self.track, {}).get(column)
        return 0.0 if kept is None else sum([kept[place] for place in self.places])

    def totals(self, name: str) -> dict[str | float, float]:
        """The same of all columns of a name, by what tells them apart."""
        columns = self.ring.columns(self.track, name)
        return {which: self.total(name, which) for _, which in columns}

    def rate(self, *columns: Column) -> float | None:
        """These counters' growth a second, together; None where the server was not there."""
        seconds = self.seconds
        return sum(self.total(*column) for column in columns) / seconds if seconds else None

    def requests(self) -> float:
        """How many came to their end."""
        return sum(self.totals("requests").values())

    def counts(self, name: str) -> tuple[list[float], list[float]]:
        """A histogram's bounds and its counts by bucket, one more."""
        if name not in self._histograms:
            bounds = self.ring.bounds.get(self.track, {}).get(name, ())
            self._histograms[name] = list(bounds), [self.total(name, bound) for bound in (*bounds, math.inf)]
        return self._histograms[name]

    def quantile(self, name: str, share: float) -> float | None:
        """What this share of a histogram's values kept to; None where there are none."""
        (found,) = self.quantiles(name, share)
        return found

    def quantiles(self, name: str, *shares: float) -> list[float | None]:
        """The same of several."""
        bounds, counts = self.counts(name)
        return [quantile(share, bounds, counts) for share in shares]

    def mean(self, name: str) -> float | None:
        """The mean of the values of a histogram of MEANS; None where there are none."""
        number = sum(self.counts(name)[1])
        return self.total(f"{name}_sum") / number if number else None

    def most(self, name: str, which: str = "") -> float | None:
        """The largest that a gauge was; None where the server was not there."""
        found = [self.ring.value(self.track, (name, which), step) for step in self.steps if self.there(step)]
        return max(found, default=None)

    def there(self, step: int) -> bool:
        """Whether the server was there in this step, with this track."""
        return self.ring.has(step) and self.ring.value(self.track, THERE, step) > 0


def last(ring: Ring, track: Track, seconds: float) -> Stretch:
    """The latest so many seconds."""
    return Stretch(ring, track, ring.steps(max(1, round(seconds / ring.step_s))))


def cut(ring: Ring, track: Track, most_points: int, steps: int | None = None) -> list[Stretch]:
    """The whole ring, or its latest `steps`, in at most so many stretches of one length, from the first with something."""
    there = [step for step in ring.steps(steps or ring.size) if ring.has(step)]
    if not there:
        return []
    every = range(there[0], ring.latest + 1)
    width = max(1, math.ceil(len(every) / most_points))
    first = every.start - every.start % width  # so that a stretch stays the same one while time goes on
    return [Stretch(ring, track, range(start, start + width)) for start in range(first, every.stop, width)]
