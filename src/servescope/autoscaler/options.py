"""What the policy is told once: bounds, the objective, and how it weighs. One set of defaults for all models."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOptions:
    """Seconds, shares of 1, and factors.

    `objective_s`: what a request may take, `target`: the share of requests that shall be within it. `hold_s`: for how long what
    was needed is kept at first, at the least, before the time is learnt; `longest_hold_s`: at most. `most_ahead`: how many times
    the rate of now a trend may ask for. `price`: how many times a request's work in worker-seconds is as bad as a late request,
    and `insurance`: how many times more while the objective is missed, over `judged_s`. `growth`: the most that a step may
    multiply. `tolerance`: no change by less than this share of those that are there.
    """

    objective_s: float
    target: float = 0.99
    min_workers: int = 1
    max_workers: int = 1
    hold_s: float = 60.0
    longest_hold_s: float = 600.0
    most_ahead: float = 4.0
    price: float = 40.0
    insurance: float = 4.0
    judged_s: float = 600.0
    growth: float = 2.0
    tolerance: float = 0.1
