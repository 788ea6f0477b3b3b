"""Whether workers may be taken away: in, what is known of the moment, and how many are wanted; out, how many are kept, and why.

The first objection that holds the count where it is wins; those that only slow it down come after these.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Moment:
    """Each is an objection: numbers are `missing`; requests are `late`; a `panic`. `found`: so many were there when the numbers
    began, a moment ago (0: long ago); `kept`: so many were needed of late.
    """

    missing: bool
    late: bool
    panic: bool
    found: int
    kept: int
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
    for name, least in (("kept", moment.kept), ("new", moment.found)):
        if least > count:
            count, reason = min(there, least), name
    if there - count < moment.tolerance * there:
        return there, reason if count == there else "tolerance"
    return count, reason
