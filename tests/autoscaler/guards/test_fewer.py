"""Whether workers may be taken away."""

from dataclasses import replace

import pytest

from servescope.autoscaler.guards.fewer import Moment, fewer

CALM = Moment(missing=False, late=False, panic=False, found=0, kept=0, tolerance=0.1)


@pytest.mark.parametrize(
    ("told", "count", "reason"),
    [
        ({}, 3, "latency_slo"),
        ({"missing": True}, 8, "missing"),
        ({"late": True}, 8, "late"),
        ({"panic": True}, 8, "panic"),
        ({"found": 5}, 5, "new"),
        ({"found": 9}, 8, "new"),
        ({"kept": 6}, 6, "kept"),
        ({"kept": 20}, 8, "kept"),
        ({"kept": 2}, 3, "latency_slo"),
        ({"kept": 6, "found": 7}, 7, "new"),
        ({"missing": True, "late": True}, 8, "missing"),
    ],
)
def test_the_first_objection_wins(told, count, reason):
    """Three of eight are wanted."""
    assert fewer(3, 8, "latency_slo", replace(CALM, **told)) == (count, reason)


@pytest.mark.parametrize(
    ("wanted", "there", "expected"),
    [(19, 20, (20, "tolerance")), (18, 20, (18, "gpu")), (9, 10, (9, "gpu")), (1, 2, (1, "gpu")), (0, 1, (0, "gpu"))],
)
def test_less_than_a_tenth_changes_nothing(wanted, there, expected):
    """A tenth does."""
    assert fewer(wanted, there, "gpu", CALM) == expected
