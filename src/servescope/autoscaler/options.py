"""What the policy is told once: bounds, the objective, and how it weighs. One set of defaults for all models."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOptions:
    """Seconds, shares of 1, and factors.

    `objective_s`: what a request may take, `target`: the share of requests that shall be within it. `window_s` is the rate's,
    `panic_s` that of a rise. `hold_s`: for how long what was needed is kept at least, where loading takes no longer, and
    `longest_hold_s` at most. `insurance`: how many times as long, and `insured` by how much more, while the objective is
    missed. `growth`: the most that a step may multiply, or add where that is more (`steps`).
    """

    objective_s: float
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
