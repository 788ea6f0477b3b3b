"""M/D/c: Poisson arrivals, constant service times, c workers, one queue. In, rates; out, shares. Pure.

Crommelin's chain: of those that are there, c are gone one service time later, and those have come that arrived meanwhile. The wait
follows from its stationary state by Franx' formula (2001), whose terms are all positive, so that nothing cancels out.
"""

import math

import numpy as np

_ENOUGH = 1e-12
_MOST_STEPS = 4000


def late(rate: float, service_s: float, workers: int, limit_s: float) -> float:
    """The share of requests whose wait and service together take longer than `limit_s`; 1 where the workers are too few."""
    wait_s = limit_s - service_s
    if wait_s < 0 or rate * service_s >= workers * 0.9999:
        return 1.0
    return max(0.0, 1.0 - waits_within(rate, service_s, workers, wait_s))


def waits_within(rate: float, service_s: float, workers: int, wait_s: float) -> float:
    """The share of requests that wait no longer than `wait_s`."""
    there = stationary(rate * service_s, workers)
    until = int(wait_s / service_s) + 1
    left = rate * (until * service_s - wait_s)
    most = until * workers - 1
    queued: list[float] = []  # the share of moments at which so many wait, or fewer
    total = math.fsum(there[:workers])
    for count in range(most + 1):
        total += there[workers + count] if workers + count < len(there) else 0.0
        queued.append(total)
    term, found = math.exp(-left), 0.0
    for arrivals in range(most + 1):
        found += queued[most - arrivals] * term
        term *= left / (arrivals + 1)
    return min(1.0, found)


def stationary(load: float, workers: int) -> list[float]:
    """How often so many requests are there, by the power method. `load`: rate times service time, below `workers`."""
    came = np.array(_poisson(load))
    there = np.zeros(int(workers + len(came) + 12 / (1 - load / workers)))
    there[0] = 1.0
    for _ in range(_MOST_STEPS):
        after = _a_service_later(there, came, workers)
        moved = np.abs(after - there).max()
        there = after
        if moved < _ENOUGH:
            break
    return there.tolist()


def _a_service_later(there: np.ndarray, came: np.ndarray, workers: int) -> np.ndarray:
    left = np.append(there[: workers + 1].sum(), there[workers + 1 :])
    after = np.convolve(left, came)[: len(there)]
    return after / after.sum()


def _poisson(mean: float) -> list[float]:
    term, found = math.exp(-mean), []
    count = 0
    while count <= mean or term > _ENOUGH:
        found.append(term)
        count += 1
        term *= mean / count
    return found
