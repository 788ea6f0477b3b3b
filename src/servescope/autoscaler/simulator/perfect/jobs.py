"""What the perfect pool has to do: requests as jobs with a deadline. In, a load and its terms; out, jobs in the order of arrival.

Used by `schedule` and `bound`. With batches, consecutive requests are one job when that leaves each of them half of the time that
it may wait at the least: an approximation, for which of all ways to form batches is the best would take too long to find.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from servescope.autoscaler.simulator.replay import Load, Terms

_SHARE_OF_SLACK = 0.5  # that waiting for a fuller batch may use up


@dataclass(frozen=True, slots=True)
class Job:
    """Seconds: when it can begin, how long it takes, when it has to begin. `requests`: whom it answers."""

    release: float
    service: float
    latest: float
    requests: Sequence[int]


def jobs_of(load: Load, terms: Terms) -> tuple[list[Job], list[int]]:
    """The jobs that can be in time, and the requests that cannot, because they take longer than the objective by themselves."""
    hopeless = [number for number, took in enumerate(load.services) if took > terms.objective_s]
    left_out = set(hopeless)
    jobs = []
    for batch in _batches(load, terms, left_out):
        service = max(load.services[number] for number in batch)
        release = load.arrivals[batch[-1]]
        latest = load.arrivals[batch[0]] + terms.objective_s - service
        jobs.append(Job(release, service, latest, batch))
    return jobs, hopeless


def _batches(load: Load, terms: Terms, left_out: set[int]) -> Iterator[list[int]]:
    """Consecutive requests that wait for each other no longer than they can afford to."""
    batch: list[int] = []
    longest = 0.0
    for number, (arrived, took) in enumerate(zip(load.arrivals, load.services, strict=True)):
        if number in left_out:
            continue
        together = max(longest, took)
        if batch:
            slack = terms.objective_s - together
            full = len(batch) == terms.pool.batch_size
            if full or arrived - load.arrivals[batch[0]] > _SHARE_OF_SLACK * slack:
                yield batch
                batch, together = [], took
        batch.append(number)
        longest = together
    if batch:
        yield batch
