"""What the policy is told once: bounds, the objective, and how it weighs. One set of defaults for all models."""

import math
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOptions:
    """Seconds, shares of 1, and factors.

    `objective_s`: what a request may take (0: nobody said, so five times what requests usually take a worker), `target`: the
    share of requests that shall be within it. `window_s` is the rate's, `panic_s` that of a rise. `hold_s`: for how long what
    was needed is kept at least, where loading takes no longer, and `longest_hold_s` at most. `insurance`: how many times as
    long, and `insured` by how much more, while the objective is missed. `growth`: the most that a step may multiply, or add
    where that is more (`steps`).

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
    hold_s: float = 30.0
    longest_hold_s: float = 600.0
    calm_s: float = 6.0
    horizon: float = 0.75
    most_ahead: float = 4.0
    insurance: float = 5.0
    insured: float = 0.5
    judged_s: float = 600.0
    growth: float = 2.0
    steps: int = 4
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
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{field.name}: {value} is not a number from 0 on")
        for share in ("target", "kv_high", "kv_low", "gpu_target"):
            value = getattr(self, share)
            if value is not None and not 0.0 < value <= 1.0:
                raise ValueError(f"{share}: {value} is not a share of 1")
        for positive in ("target_per_worker", "sample_s", "at_once", "window_s", "panic_s"):
            if getattr(self, positive) == 0:
                raise ValueError(f"{positive}: must be more than 0")
        for least, most in (("min_workers", "max_workers"), ("kv_low", "kv_high"), ("panic_s", "window_s")):
            if getattr(self, least) > getattr(self, most):
                raise ValueError(f"{least}: {getattr(self, least)} is more than {most}, {getattr(self, most)}")
