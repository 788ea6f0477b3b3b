"""Sections to paste into model-config.yaml and thresholds.yml: in, a law and an objective; out, mappings. Pure; called by
`plan`.
"""

import math
from typing import Any

from servescope.planner.objective import Objective
from servescope.planner.plan.law import Law


def autoscale_section(law: Law, workers: int, most: int) -> dict[str, Any]:
    """For model-config.yaml. The target counts requests in hand: by Little's law, how full a worker is at the edge."""
    target = law.rate(workers) * law.low / law.ceiling(workers)
    return {
        "minWorkers": workers,
        "maxWorkers": max(workers, most),
        "autoscale": {"mode": "advise", "target_per_worker": round(max(0.05, target), 2)},
    }


def slo_section(objective: Objective, availability: float | None) -> dict[str, Any]:
    """For model-config.yaml."""
    timed = {f"{objective.of}_ms": round(1000 * objective.limit_s, 3)}
    timed[f"{objective.of}_target"] = round(100 * objective.share, 4)
    return timed if availability is None else {"availability_target": availability, **timed}


def thresholds_section(objective: Objective, rate: float) -> dict[str, Any]:
    """For thresholds.yml: an age of the queue at which the objective has long been missed, and counts that mean something here."""
    return {
        "queue_stalled_seconds": max(1, math.ceil(10 * objective.limit_s)),
        "minimum_requests": max(20, round(rate * 3)),
        "slo_minimum_requests": max(100, round(rate * 60)),
    }
