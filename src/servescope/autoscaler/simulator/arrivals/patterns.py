"""Arrivals that are made up: in, a pattern's name, a mean rate, how long; out, arrivals of a Poisson process of that rate.

Called by the command and the benchmark. The same seed makes the same arrivals.
"""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from servescope.autoscaler.simulator.arrivals.arrivals import Arrivals, check_count
from servescope.errors import ConfigurationError

Rate = Callable[[float], float]
NAMES = ("steady", "step", "spike", "diurnal", "bursty")
_BURSTY = 4.0
_BURST_S = 10.0


@dataclass(frozen=True)
class Pattern:
    """`rate`: requests a second on average; `burstiness`: of `bursty` alone, see `clusters`; None: 4."""

    name: str
    rate: float
    duration_s: float
    seed: int
    burstiness: float | None = None


def make_arrivals(pattern: Pattern) -> Arrivals:
    """Arrivals of the pattern, whose mean rate is the one asked for.

    - `steady`: constant.
    - `step`: 1/15.5 of its height in the first and the last quarter, its height (1.94 times the mean) in the middle.
    - `spike`: constant but for a thirtieth of the time, in the middle, where it is 12 times as high.
    - `diurnal`: a cosine from a tenth of the mean up to 1.9 times and down again.
    - `bursty`: nothing, or `burstiness` times the mean for 10 s on average, of lengths drawn from an exponential distribution.

    Raises:
        ConfigurationError: there would be too many requests, or the burstiness is given for another pattern.
    """
    check_count(pattern.rate * pattern.duration_s, f"--pattern {pattern.name}, --rate {pattern.rate:g}")
    if pattern.burstiness is not None and pattern.name != "bursty":
        raise ConfigurationError(
            f"--burstiness {pattern.burstiness:g}: --pattern {pattern.name} has none; it is for bursty, and for counts a minute"
        )
    chance = random.Random(pattern.seed)
    if pattern.name == "bursty":
        bursts = _bursts(pattern, chance)
        return Arrivals(
            [at for begin, end, rate in bursts for at in _steady(begin, end, rate, chance)], pattern.duration_s
        )
    shape, highest = _SHAPES[pattern.name]
    peak = pattern.rate * highest
    at = [
        moment
        for moment in _steady(0.0, pattern.duration_s, peak, chance)
        if chance.random() * highest <= shape(moment / pattern.duration_s)
    ]
    return Arrivals(at, pattern.duration_s)


def _steady(begin: float, end: float, rate: float, chance: random.Random) -> Iterator[float]:
    at = begin + chance.expovariate(rate)
    while at < end:
        yield at
        at += chance.expovariate(rate)


def _bursts(pattern: Pattern, chance: random.Random) -> Iterator[tuple[float, float, float]]:
    """Begin, end and rate of each."""
    high = pattern.burstiness if pattern.burstiness is not None else _BURSTY
    if high <= 1.0:
        yield 0.0, pattern.duration_s, pattern.rate
        return
    pause = 1.0 / (_BURST_S * (high - 1.0))
    at = 0.0 if chance.random() * high < 1.0 else chance.expovariate(pause)
    while at < pattern.duration_s:
        end = min(at + chance.expovariate(1.0 / _BURST_S), pattern.duration_s)
        yield at, end, high * pattern.rate
        at = end + chance.expovariate(pause)


def _flat(_part: float) -> float:
    return 1.0


def _step(part: float) -> float:
    return 60 / 31 if 0.25 <= part < 0.75 else 2 / 31


def _spike(part: float) -> float:
    return 12 * 30 / 41 if 0.5 <= part < 0.5 + 1 / 30 else 30 / 41


def _diurnal(part: float) -> float:
    return 1.0 - 0.9 * math.cos(2 * math.pi * part)


# The share of the mean rate at a part of the time, from 0 to 1, and the highest that it gets.
_SHAPES: dict[str, tuple[Rate, float]] = {
    "steady": (_flat, 1.0),
    "step": (_step, 60 / 31),
    "spike": (_spike, 12 * 30 / 41),
    "diurnal": (_diurnal, 1.9),
}
