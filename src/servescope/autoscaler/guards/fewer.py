"""Whether workers may be taken away: in, what is known of the moment, and how many are wanted; out, how many are kept, and why.

The first objection that holds the count where it is wins; those that only slow it down come after these.
"""

from dataclasses import dataclass

from servescope.autoscaler.signals import ServiceTimes
from servescope.autoscaler.staffing import workers_for


@dataclass(frozen=True, slots=True)
class Load:
    """Of which the rest has to keep up: requests a second, how long they take, what they may, and which share of them."""

    rate: float
    service: ServiceTimes
    objective_s: float
    target: float


@dataclass(frozen=True, slots=True)
class Moment:
    """Each is an objection: numbers are `missing`; requests are `late`; a `panic`. `found`: so many were there when the numbers
    began, a moment ago (0: long ago); `kept`: so many were needed of late. `load` None: it is not known.
    """

    missing: bool
    late: bool
    panic: bool
    found: int
    kept: int
    load: Load | None
    tolerance: float


def fewer(wanted: int, there: int, reason: str, moment: Moment) -> tuple[int, str]:
    """How many of those that are `there` to keep where `wanted`, which are fewer, were asked for with that `reason`."""
    for objection, holds in (
        ("missing", moment.missing),
        ("late", moment.late),
        ("panic", moment.panic),
    ):
        if holds:
            return there, objection
    count = wanted
    for name, least in (("kept", moment.kept), ("new", moment.found), ("refused", _rest(moment.load))):
        if least > count:
            count, reason = min(there, least), name
    if there - count < moment.tolerance * there:
        return there, reason if count == there else "tolerance"
    return count, reason


def _rest(load: Load | None) -> int:
    """How many keep the objective."""
    return workers_for(load.rate, load.service, load.objective_s, load.target) if load is not None else 0
