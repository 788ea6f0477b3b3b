"""How long each request takes a worker: in, `--service-time`; out, seconds by request.

Called by the command and the benchmark. `lognormal:MEDIAN_S,SIGMA`, `constant:S`, or `histogram:FILE`, which `histogram` reads.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from servescope.autoscaler.simulator.histogram import read_histogram
from servescope.errors import ConfigurationError

LONGEST_S = 3600.0
_SHORTEST_S = 1e-6
_WIDEST = 3.0
_FORMS = "lognormal:MEDIAN_S,SIGMA, constant:S or histogram:FILE"


@dataclass(frozen=True)
class ServiceTimes:
    """`median_s`: in seconds; `draw`: makes one."""

    median_s: float
    draw: Callable[[random.Random], float]

    def of(self, count: int, seed: int) -> list[float]:
        """One for each of so many requests; the same for the same seed."""
        chance = random.Random(f"service times {seed}")
        return [self.draw(chance) for _ in range(count)]


def service_times(text: str) -> ServiceTimes:
    """What the option says.

    Raises:
        ConfigurationError: it makes no sense; the option and the value are named.
    """
    kind, _, rest = text.partition(":")
    if kind == "histogram" and rest:
        found = read_histogram(Path(rest))
        return ServiceTimes(found.quantile(0.5), lambda chance: found.quantile(chance.random()))
    try:
        numbers = [float(number) for number in rest.split(",")]
    except ValueError:
        numbers = []
    if kind == "constant" and len(numbers) == 1:
        seconds = _checked(text, numbers[0])
        return ServiceTimes(seconds, lambda _: seconds)
    if kind == "lognormal" and len(numbers) == 2:
        median, sigma = _checked(text, numbers[0]), numbers[1]
        if not 0 <= sigma <= _WIDEST:
            raise ConfigurationError(f"--service-time {text!r}: a SIGMA of {sigma:g} is not from 0 to {_WIDEST:g}")
        middle = math.log(median)
        return ServiceTimes(median, lambda chance: min(LONGEST_S, chance.lognormvariate(middle, sigma)))
    raise ConfigurationError(f"--service-time {text!r} is none of {_FORMS}")


def _checked(text: str, seconds: float) -> float:
    if not _SHORTEST_S <= seconds <= LONGEST_S:
        raise ConfigurationError(
            f"--service-time {text!r}: {seconds:g} s is not from {_SHORTEST_S:g} to {LONGEST_S:g} seconds"
        )
    return seconds
