"""Pools in virtual time, and what queueing theory says of them."""

import random
from collections.abc import Callable

from planner import mdc, mmc
from planner.virtual import VirtualPool
from servescope.planner.objective import Objective, parse_objective
from servescope.planner.search.search import Found, Search, Terms

SERVICE_S = 0.05
LATE = {"constant": mdc.late, "exponential": mmc.late}
DRAW: dict[str, Callable[[random.Random], float]] = {
    "constant": lambda _: SERVICE_S,
    "exponential": lambda chance: chance.expovariate(1 / SERVICE_S),
}


def pool(kind: str, workers: int, seed: object, queue: int = 1_000_000) -> VirtualPool:
    """Workers whose service times are of that kind, 50 ms on average."""
    return VirtualPool(workers, DRAW[kind], random.Random(f"{kind} {workers} {seed}"), queue)


def true_edge(kind: str, workers: int, objective: Objective) -> float:
    """The rate at which theory has exactly as many late as may be."""
    low, high = 0.0, workers / SERVICE_S
    for _ in range(40):
        middle = (low + high) / 2
        if LATE[kind](middle, SERVICE_S, workers, objective.limit_s) <= objective.misses:
            low = middle
        else:
            high = middle
    return low


def searched(kind: str, workers: int, slo: str, seed: object, budget_s: float = 240.0, queue: int = 1_000_000) -> Found:
    """What the search finds in a pool."""
    found = pool(kind, workers, seed, queue)
    terms = Terms(parse_objective(slo), budget_s, 0.25 * workers / SERVICE_S)
    return Search(found.measure, terms, found.clock).run()
