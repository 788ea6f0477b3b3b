"""Was the plan right? In, a plan's JSON and the hours after it; out, a `Verdict`. Pure; called by `cli.planning.history.past`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from servescope.errors import ConfigurationError
from servescope.planner.history.hours import Hour


@dataclass(frozen=True)
class Verdict:
    """Predicted beside observed. Hours below the low end of the interval should keep the objective, those above its high end
    break it. `predicted`: None where the plan's client was the limit.

    `highest_kept`: the highest rate a worker at which an hour kept it; `lowest_broken`: the lowest at which one did not.
    """

    predicted: float | None
    interval: tuple[float, float | None]
    below: int
    below_kept: int
    above: int
    above_kept: int
    highest_kept: float | None
    lowest_broken: float | None

    @property
    def words(self) -> str:
        """In a sentence."""
        if not self.below and not self.above:
            return "not tried: no hour had a load outside the interval, and its workers and latency known"
        if self.below_kept < self.below:
            return f"too hopeful: {self.below - self.below_kept} of {self.below} hours below the interval broke the objective"
        if self.above_kept:
            return f"too careful: {self.above_kept} of {self.above} hours above the interval kept the objective"
        return "right: every hour below the interval kept the objective" + (", none above it did" if self.above else "")


def check(plan: Mapping[str, Any], limit_s: float, hours: Sequence[Hour]) -> Verdict:
    """Raises ConfigurationError where the plan is none."""
    try:
        predicted, (low, high) = plan["goodput_per_worker"], plan["goodput_per_worker_interval"]
        predicted = None if predicted is None else float(predicted)
        low, high = float(low), None if high is None else float(high)
    except (KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(f"--check: no plan of servescope plan --json: {error}") from error
    seen = [(one.rate / one.workers, one.took_s <= limit_s) for one in hours if one.workers and one.took_s is not None]
    below = [kept for rate, kept in seen if rate <= low]
    above = [kept for rate, kept in seen if high is not None and rate > high]
    return Verdict(
        predicted,
        (low, high),
        len(below),
        sum(below),
        len(above),
        sum(above),
        max((rate for rate, kept in seen if kept), default=None),
        min((rate for rate, kept in seen if not kept), default=None),
    )
