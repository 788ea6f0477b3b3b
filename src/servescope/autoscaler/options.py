"""What the policy is told once: bounds, the objective, and how it weighs. One set of defaults for all models."""

import math
from dataclasses import dataclass, fields

SHORTEST_OBJECTIVE_S = 1e-6
HIGHEST_TARGET = 0.999999  # no number of workers makes each and every request be in time
# Above which, and up to which: everything else is a number from 0 on.
_RANGES = {
    "target": (0.0, HIGHEST_TARGET),
    "kv_high": (0.0, 1.0),
    "kv_low": (0.0, 1.0),
    "gpu_target": (0.0, 1.0),
    "target_per_worker": (0.0, math.inf),
    "at_once": (0.0, math.inf),
    "sample_s": (0.0, math.inf),
    "window_s": (0.0, math.inf),
    "panic_s": (0.0, math.inf),
    "growth": (1.0, math.inf),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOptions:
    """Seconds, shares of 1, and factors.

    `objective_s`: what a request may take (0: nobody said, so five times what requests usually take a worker), `target`: the
    share of requests that shall be within it. `longest_hold_s`: for how long what was needed is kept at first, and at most once
    the time is learnt. `most_ahead`: how many times the rate of now a trend may ask for. `price`: how
    many times its own work a late request is as bad as, and `insurance`: how many times more while the objective is missed,
    over `judged_s`. `growth`: the most that a step may multiply. `window_s` is that of concurrency and of what is said of the
    rate, `panic_s` that of a rise.

    `at_once`: how many requests a worker takes at the same time, its batch size; None: as many as come, as language models'
    engines do. `target_per_worker`: how many a worker shall have in flight and queued; None: learnt. `kv_high`, `kv_low`: more
    replicas above, fewer only where each of the rest would be below. `gpu_target`: how busy GPUs shall be; None: not looked at.
    `lookback_s`: down only to the most that these asked for within. `tolerance`: no change by less than this share.
    `to_zero_after_s`: without workers after so long without requests; None: never. `sample_s`: how often the policy is asked.
    `stale_after_s`: so long without numbers, and the last count decided on fresh ones is gone to. `backoff_s`: how long nothing
    is started after a worker that did not load, doubled for each further one, to `longest_backoff_s`.
    """

    objective_s: float = 0.0
    target: float = 0.99
    min_workers: int = 1
    max_workers: int = 1
    window_s: float = 60.0
    panic_s: float = 6.0
    longest_hold_s: float = 600.0
    most_ahead: float = 4.0
    price: float = 40.0
    insurance: float = 4.0
    judged_s: float = 600.0
    growth: float = 2.0
    at_once: int | None = 1
    target_per_worker: float | None = None
    kv_high: float = 0.80
    kv_low: float = 0.60
    gpu_target: float | None = None
    lookback_s: float = 300.0
    tolerance: float = 0.1
    to_zero_after_s: float | None = None
    sample_s: float = 1.0
    stale_after_s: float = 300.0
    backoff_s: float = 5.0
    longest_backoff_s: float = 300.0

    def __post_init__(self) -> None:
        """Raises ValueError, which names key and value."""
        for field in fields(self):
            value = getattr(self, field.name)
            above, most = _RANGES.get(field.name, (-math.inf, math.inf))
            if value is not None and not (0 <= value < math.inf and above < value <= most):
                raise ValueError(f"{field.name}: {value} is not {_range(above, most)}")
        if 0 < self.objective_s < SHORTEST_OBJECTIVE_S:
            raise ValueError(f"objective_s: {self.objective_s} is neither 0 nor {SHORTEST_OBJECTIVE_S:g} or more")
        for less, more in (("min_workers", "max_workers"), ("kv_low", "kv_high"), ("panic_s", "window_s")):
            if getattr(self, less) > getattr(self, more):
                raise ValueError(f"{less}: {getattr(self, less)} is more than {more}, {getattr(self, more)}")


def _range(above: float, most: float) -> str:
    if above < 0:
        return "a number from 0 on"
    return f"a number above {above:g}" + (f", up to {most}" if most < math.inf else "")
