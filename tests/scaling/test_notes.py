"""Which decisions are worth a line."""

import pytest

from servescope.autoscaler.decision import Decision, Facts
from servescope.scaling.notes import AGAIN_S, KEPT, Note, Notes


def decision(workers=1, direction="hold", reason="latency_slo", bound=None) -> Decision:
    facts = Facts(
        there=1,
        counts={},
        missing=(),
        rate=None,
        service_s=None,
        objective_s=0.0,
        concurrent=0.0,
        failed_starts=0,
        again_s=0.0,
    )
    return Decision(
        workers=workers,
        desired=workers,
        signals={},
        reason=reason,
        bound=bound,
        direction=direction,
        target_per_worker=None,
        age_s=0.0,
        facts=facts,
    )


def worth(*decisions, every_s=1.0) -> list[bool]:
    notes = Notes()
    return [notes.take(Note(number * every_s, "act", 1, made)) for number, made in enumerate(decisions)]


def test_changes_are():
    """Once while it says the same, again when it says so after a while of holding."""
    up, more, hold = decision(2, "up"), decision(3, "up"), decision(2)
    assert worth(hold, up, up, more, hold, more, up) == [False, True, False, True, False, True, True]


@pytest.mark.parametrize(
    "why", [{"reason": "missing"}, {"reason": "failed_starts"}, {"bound": "max"}, {"bound": "memory"}]
)
def test_what_hinders_a_change_is_now_and_then(why):
    """When it begins, and again after a minute at the earliest."""
    told = worth(*[decision(**why)] * 130)
    assert [second for second, is_told in enumerate(told) if is_told] == [0, AGAIN_S, 2 * AGAIN_S]


def test_that_nothing_changes_is_not():
    """Nor a step, which is over in a second."""
    assert (
        worth(decision(), decision(reason="kept"), decision(reason="tolerance"), decision(bound="step")) == [False] * 4
    )


def test_the_last_fifty():
    """The oldest first, as the management API tells them."""
    notes = Notes()
    for number in range(2 * KEPT):
        notes.take(Note(1.5 + number, "act", 1, decision(number + 2, "up")))
    told = [note.described() for note in notes]
    assert [one["to"] for one in told] == list(range(KEPT + 2, 2 * KEPT + 2))
    assert (told[0]["at"], told[0]["from"], told[0]["mode"]) == ("1970-01-01T00:00:51.500Z", 1, "act")
    assert list(told[0]) == [
        "at",
        "mode",
        "direction",
        "from",
        "to",
        "desired",
        "reason",
        "bound",
        "targetPerWorker",
        "words",
    ]
