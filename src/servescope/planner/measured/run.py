"""One run of another program's load: in, what `aiperf` and `vllm_bench` have read; out, whether it kept an objective. Pure; called
by `points`.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from servescope.errors import ConfigurationError
from servescope.planner.objective import Objective, Of, seconds_text


@dataclass(frozen=True)
class Run:
    """`name`: of the file. `rate`: requests answered a second. `offered`: requests sent a second where a schedule sent them, and
    none was held back; None where each waited for another. `failed`: the share without an answer, from 0 to 1. `percentiles`: in
    seconds, by share from 0 to 1, of those that were answered. `tokens`: made a second; None: not told.
    """

    name: str
    rate: float
    offered: float | None
    failed: float
    percentiles: Mapping[Of, Mapping[float, float]]
    tokens: float | None = None

    def kept(self, objective: Objective, availability: float) -> bool:
        """Whether so many requests were in time; those that failed were not.

        Raises:
            ConfigurationError: the file has no percentile that tells.
        """
        told = self.percentiles.get(objective.of, {})
        if self.failed > 1 - availability or self.failed >= objective.misses:
            return False
        needed = objective.share / (1 - self.failed)
        if any(seconds <= objective.limit_s for share, seconds in told.items() if share >= needed - 1e-9):
            return True
        if any(seconds > objective.limit_s for share, seconds in told.items() if share <= needed + 1e-9):
            return False
        known = ", ".join(f"p{100 * share:g}" for share in sorted(told)) or "nothing"
        raise ConfigurationError(f"{self.name} does not tell whether it kept {objective}: of that it has {known}")

    def nearest(self, objective: Objective) -> str:
        """Its percentile that is next to the objective's, in words."""
        told = self.percentiles.get(objective.of, {})
        if not told:
            return f"{100 * self.failed:.3g} % failed at {self.rate:.3g} requests/s"
        share = min(told, key=lambda one: abs(one - objective.share))
        return f"p{100 * share:g} = {seconds_text(told[share])} at {self.rate:.3g} requests/s"


def positive(value: object, name: str, key: str) -> float:
    """A finite number above 0. Raises ConfigurationError for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        raise ConfigurationError(f"{name}: {key} {value!r} is no number above 0")
    return float(value)


def number_or(value: object, default: float) -> float:
    """A finite number of 0 or more, or the default."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return default
    return float(value)
