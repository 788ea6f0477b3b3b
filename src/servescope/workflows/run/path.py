"""Where a workflow's time went: the nodes that its answer waited for, one after the other, and the stages of their attempts. Pure.

In: when nodes began and ended, and after whose answer, as `run` noted it. Out: seconds by node and by stage, which add up to the
request's duration. A node that ran beside a slower one has no part in that: to make it faster would change nothing.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from servescope.metrics.recording.requests.times import BatchTimes, stage_times

OWN = "dispatch"
LAST = "respond"


class Tried(Struct):
    """An attempt, which was over at `ended`; see `RequestOutcome`."""

    began: float
    ended: float
    times: BatchTimes | None
    queued: bool


class Visit(Struct):
    """A node that was asked. `after`: whose answer it had waited for, None where it is the first. Monotonic seconds; `ended` 0.0
    while it has no answer.
    """

    node: str
    after: str | None
    began: float
    ended: float
    tried: Sequence[Tried]


def critical_path(visits: Mapping[str, Visit], last: str) -> list[Visit]:
    """The nodes that were waited for until `last`, which comes first."""
    path = [visits[last]]
    while (after := path[-1].after) is not None:
        path.append(visits[after])
    return path


def seconds_by_node(path: Sequence[Visit], ended: float) -> dict[str, float]:
    """Each node's share of a request that was over at `ended`."""
    until = ended
    shares = {}
    for visit in path:
        shares[visit.node] = until - visit.began
        until = visit.began
    return shares


def seconds_by_stage(path: Sequence[Visit], ended: float) -> dict[str, float]:
    """The same by stage: what the attempts went through, and what is left of it."""
    found: dict[str, float] = {}
    until = ended
    for place, visit in enumerate(path):
        left = until - visit.began
        for tried in visit.tried:
            stages = stage_times(tried.times, tried.began, tried.ended, queued=tried.queued)
            for stage, seconds in stages.items():
                found[stage] = found.get(stage, 0.0) + seconds
            left -= tried.ended - tried.began
        rest = LAST if place == 0 and visit.ended else OWN
        found[rest] = found.get(rest, 0.0) + max(0.0, left)
        until = visit.began
    return found
