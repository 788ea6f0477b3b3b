"""Growth and the week's shape: in, hours; out, a `Trend`, and when it meets a rate. Pure; called by `outlook`.

The rate is the week's shape times a straight line: shape · (level + growth · days). The two are fitted in turn, each by least
squares given the other. The shape is one for working days and one for weekends, by hour, times one number a day of the week: a
number for each hour of the week would be the chance of two or three hours, and the highest of 168 such would stand above the
truth.

Hours of one day are off together, so days count as observations: the interval is made of what whole days are off the line, and
of how well the shape is known.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from servescope.planner.history.hours import HOUR_S, Hour
from servescope.planner.search.students import quantile

DAY_S = 24 * HOUR_S
_WEEK_H = 7 * 24
_ROUNDS = 30
_FARTHEST_DAYS = 2 * 365
LEAST_DAYS = 7


@dataclass(frozen=True)
class Trend:
    """Days count from `origin_s`. `shape`: by hour of the week, 1 on average; `blur`: one deviation of it, over it. `growth`:
    requests a second, a day.

    `vll`, `vlg`, `vgg`: variances and covariance of level and growth. `days`: observations.
    """

    origin_s: int
    last_s: int
    shape: tuple[float, ...]
    blur: float
    level: float
    growth: float
    vll: float
    vlg: float
    vgg: float
    days: int

    def rate(self, at_s: float, sigmas: float = 0.0) -> float:
        """Requests a second in the hour that ends then; so many standard deviations above what is expected."""
        day = (at_s - self.origin_s) / DAY_S
        line = self.level + self.growth * day
        known = max(0.0, self.vll + 2 * day * self.vlg + day * day * self.vgg)
        return self.shape[_hour(at_s)] * (line + sigmas * math.sqrt(known + (self.blur * line) ** 2))

    def meets(self, rate: float) -> tuple[int | None, int | None, int | None]:
        """When an hour first has this rate: expected, and the interval of 95 %, in Unix seconds. None: not in two years."""
        t = quantile(0.975, self.days - 2)
        found = [self._first(lambda at, s=s: self.rate(at, s) >= rate) for s in (0.0, t, -t)]  # type: ignore[misc] # s is bound
        return found[0], found[1], found[2]

    def _first(self, holds: Callable[[int], bool]) -> int | None:
        hours = range(self.last_s + HOUR_S, self.last_s + _FARTHEST_DAYS * DAY_S, HOUR_S)
        return next((at for at in hours if holds(at)), None)


def fit_trend(hours: Sequence[Hour]) -> Trend | None:
    """None where there are fewer than seven days, or no requests."""
    if not hours or hours[-1].at_s - hours[0].at_s < (LEAST_DAYS - 1) * DAY_S or not any(one.rate for one in hours):
        return None
    origin = hours[0].at_s
    days = [(one.at_s - origin) / DAY_S for one in hours]
    level, growth = math.fsum(one.rate for one in hours) / len(hours), 0.0
    weekly = hours[-1].at_s - hours[0].at_s >= 13 * DAY_S  # in less, growth and the week's shape cannot be told apart
    for _ in range(_ROUNDS):
        shape = _shape(hours, days, level, growth, weekly=weekly)
        scaled = [shape[_hour(one.at_s)] for one in hours]
        level, growth = _line(hours, days, scaled)
    lines = [s * (level + growth * day) for s, day in zip(scaled, days, strict=True)]
    blur = _blur(hours, lines, weekly=weekly)
    spread = _spread(hours, days, scaled, level, growth)
    return Trend(origin, hours[-1].at_s, tuple(shape), blur, level, growth, *spread)


def _hour(at_s: float) -> int:
    return int(at_s // HOUR_S) % _WEEK_H


def _shape(hours: Sequence[Hour], days: Sequence[float], level: float, growth: float, *, weekly: bool) -> list[float]:
    def slot(hour: int) -> tuple[bool, int]:
        return weekly and _weekend(hour), hour % 24

    lines = [level + growth * day for day in days]
    by_hour = _ratios(hours, lines, slot)
    scaled = [line * by_hour[slot(_hour(one.at_s))] for one, line in zip(hours, lines, strict=True)]
    by_day = _ratios(hours, scaled, lambda hour: hour // 24) if weekly else {}
    found = [by_hour.get(slot(hour), 1.0) * by_day.get(hour // 24, 1.0) for hour in range(_WEEK_H)]
    mean = math.fsum(found) / _WEEK_H
    return [one / mean for one in found] if mean else found


def _ratios(hours: Sequence[Hour], lines: Sequence[float], slot: Callable[[int], Any]) -> dict[Any, float]:
    """Of each slot of the week what it has of the line, by least squares."""
    top, bottom = defaultdict[Any, float](float), defaultdict[Any, float](float)
    for one, line in zip(hours, lines, strict=True):
        key = slot(_hour(one.at_s))
        top[key] += one.rate * line
        bottom[key] += line * line
    return {key: max(0.0, top[key] / bottom[key]) if bottom[key] else 1.0 for key in top}


def _weekend(hour: int) -> bool:
    """1970 began on a Thursday."""
    return (hour // 24 + 3) % 7 >= 5


def _blur(hours: Sequence[Hour], lines: Sequence[float], *, weekly: bool) -> float:
    """How far hours are off, over what was expected of them, by the root of how many made one number of the shape."""
    off = [(one.rate / line - 1) ** 2 for one, line in zip(hours, lines, strict=True) if line > 0]
    slots = 2 * 24 if weekly else 24
    return math.sqrt(math.fsum(off) / max(1, len(off) - slots) * slots / max(1, len(off)))


def _line(hours: Sequence[Hour], days: Sequence[float], scaled: Sequence[float]) -> tuple[float, float]:
    s0, s1, s2 = _sums(days, scaled)
    r0 = math.fsum(one.rate * s for one, s in zip(hours, scaled, strict=True))
    r1 = math.fsum(one.rate * s * d for one, s, d in zip(hours, scaled, days, strict=True))
    over = s0 * s2 - s1 * s1
    return (s2 * r0 - s1 * r1) / over, (s0 * r1 - s1 * r0) / over


def _sums(days: Sequence[float], scaled: Sequence[float]) -> tuple[float, float, float]:
    squares = [s * s for s in scaled]
    first = math.fsum(q * d for q, d in zip(squares, days, strict=True))
    return math.fsum(squares), first, math.fsum(q * d * d for q, d in zip(squares, days, strict=True))


def _spread(
    hours: Sequence[Hour], days: Sequence[float], scaled: Sequence[float], level: float, growth: float
) -> tuple[float, float, float, int]:
    """The sandwich, with a day's hours together in the middle."""
    s0, s1, s2 = _sums(days, scaled)
    by_day = defaultdict[int, list[float]](lambda: [0.0, 0.0])
    for one, day, s in zip(hours, days, scaled, strict=True):
        off = s * (one.rate - s * (level + growth * day))
        by_day[int(day)][0] += off
        by_day[int(day)][1] += off * day
    count = len(by_day)
    # The shape was fitted to the same days: of n weeks' hours it takes one week's, so that what is left is too small.
    more = count / max(1, count - 2) * (count / max(7, count - 7))
    m00, m01, m11 = (more * math.fsum(x[i] * x[j] for x in by_day.values()) for i, j in ((0, 0), (0, 1), (1, 1)))
    over = (s0 * s2 - s1 * s1) ** 2
    vll = (s2 * s2 * m00 - 2 * s1 * s2 * m01 + s1 * s1 * m11) / over
    vgg = (s1 * s1 * m00 - 2 * s0 * s1 * m01 + s0 * s0 * m11) / over
    vlg = (-s1 * s2 * m00 + (s0 * s2 + s1 * s1) * m01 - s0 * s1 * m11) / over
    return vll, vlg, vgg, count
