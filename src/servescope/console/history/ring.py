"""One resolution of what is remembered: in, samples; out, for each step the growth of counters and the largest of gauges.

Round: a step's place is its number modulo the ring's size, so a pause of the server is a gap and nothing is moved. A column that
has only ever been 0 takes no memory. Held by `memory`.
"""

import math
from array import array
from collections.abc import Iterator, Mapping
from typing import Any, Final

from servescope.console.history.kept import Column, Sample, Track

NEVER: Final = -1
THERE: Final[Column] = ("there", "")
MOST_GONE: Final = 50  # models that were unregistered and are remembered still
_EARLY: Final = 0.2  # of a step: a clock that wakes a moment too soon means the step all the same


class Ring:
    """`step_s` seconds a step, `size` steps. `stamps`: the number of the step that stands in each place."""

    def __init__(self, step_s: float, size: int) -> None:
        self.step_s = step_s
        self.size = size
        self.stamps = array("q", [NEVER]) * size
        self.tracks: dict[Track, dict[Column, array[Any]]] = {}
        self.bounds: dict[Track, dict[str, tuple[float, ...]]] = {}
        self.latest = NEVER
        self._before: dict[Track, Mapping[Column, float]] = {}
        self._most: dict[Track, dict[Column, float]] = {}

    def take(self, at: float, samples: Mapping[Track, Sample]) -> None:
        """As `taking`, at once."""
        for _ in self.taking(at, samples):
            pass

    def taking(self, at: float, samples: Mapping[Track, Sample]) -> Iterator[None]:
        """Track by track, with others let run in between: these samples of the moment `at`, in seconds since 1970.

        A step is written when it is over, and once.
        """
        for track, sample in samples.items():
            most = self._most.setdefault(track, {})
            for column, value in sample.gauges.items():
                if value > most.get(column, float("-inf")):
                    most[column] = value
        number = math.floor(at / self.step_s + _EARLY)
        if self.latest - 1 <= number <= self.latest:
            return  # further back the clock was set back, and what is said to come is not believed
        yield from self._write(number, samples)
        self._before = {
            track: {column: value for column, value in sample.counters.items() if value}
            for track, sample in samples.items()
        }
        self._most = {}

    def _write(self, number: int, samples: Mapping[Track, Sample]) -> Iterator[None]:
        """Whoever reads in between sees no half of it: the step is there once all of it stands in its place."""
        place = number % self.size
        self.stamps[place] = NEVER
        for track in self.tracks.keys() | samples.keys():
            values: dict[Column, float] = {}
            if (sample := samples.get(track)) is not None:
                values = self._most.get(track, {}) | self._grown(track, sample) | {THERE: 1}
                self._widen(track, sample.bounds)
            self._put(self.tracks.setdefault(track, {}), place, values)
            yield
        self.stamps[place], self.latest = number, number
        self._forget([track for track in self.tracks if track not in samples])

    def _forget(self, gone: list[Track]) -> None:
        """Of those that are gone, the ones of which nothing is left; and of too many, those that went first."""
        left = [track for track in gone if any(self.tracks[track].get(THERE, ()))]
        if len(left) > MOST_GONE:
            left = sorted(left, key=self._last_there)[-MOST_GONE:]
        for track in {*gone}.difference(left):
            del self.tracks[track]
            self.bounds.pop(track, None)

    def _last_there(self, track: Track) -> int:
        """The last step that it was there in."""
        there = self.tracks[track][THERE]
        return max(stamp for stamp, was in zip(self.stamps, there, strict=True) if was)

    def _grown(self, track: Track, sample: Sample) -> dict[Column, float]:
        """A counter that is smaller than before has begun anew."""
        before = self._before.get(track, {})
        grown = {}
        for column, value in sample.counters.items():
            more = value - before.get(column, 0.0)
            grown[column] = more if more >= 0.0 else value
        return grown

    def _widen(self, track: Track, bounds: Mapping[str, tuple[float, ...]]) -> None:
        """A histogram that got more bounds has those it had besides: what was counted then stays at its own."""
        known = self.bounds.setdefault(track, {})
        for name, found in bounds.items():
            if known.get(name) != found:
                known[name] = tuple(sorted({*known.get(name, ()), *found}))

    def _put(self, columns: dict[Column, "array[Any]"], place: int, values: Mapping[Column, float]) -> None:
        for column, kept in columns.items():
            kept[place] = values.get(column, 0)
        for column, value in values.items():
            if value and column not in columns:  # zeros take no memory
                columns[column] = array(kind(column), [0]) * self.size
                columns[column][place] = value

    def steps(self, most: int) -> range:
        """The numbers of the last so many steps, as far as the ring goes back; empty before the first."""
        if self.latest == NEVER:
            return range(0)
        return range(self.latest - min(most, self.size) + 1, self.latest + 1)

    def has(self, number: int) -> bool:
        """Whether this step was written."""
        return number >= 0 and self.stamps[number % self.size] == number

    def value(self, track: Track, column: Column, number: int) -> float:
        """A column in a step that was written; 0 where it is not known."""
        kept = self.tracks.get(track, {}).get(column)
        return 0.0 if kept is None else kept[number % self.size]

    def columns(self, track: Track, name: str) -> list[Column]:
        """A track's columns of this name, in the order of what tells them apart."""
        found = [column for column in self.tracks.get(track, {}) if column[0] == name]
        return sorted(found, key=lambda column: column[1])

    @property
    def bytes(self) -> int:
        """What it takes, about."""
        return sum(kept.itemsize for columns in self.tracks.values() for kept in columns.values()) * self.size


def kind(column: Column) -> str:
    """The type of an array's values, as `array` names it."""
    return "b" if column == THERE else "f"
