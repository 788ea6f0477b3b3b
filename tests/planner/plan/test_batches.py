"""The best batch size."""

import pytest

from servescope.planner.limits.limit import find_limit
from servescope.planner.limits.readings import Use
from servescope.planner.objective import parse_objective
from servescope.planner.plan.batches import best_of
from servescope.planner.plan.law import Point
from servescope.planner.plan.plan import Asked, Machine, impossible, make_plan
from servescope.planner.search.edge import Edge

ASKED = Asked("m", parse_objective("p95=200ms"), 100.0)
LIMIT = find_limit(Use(workers=0.9))


def plan(rate, low=None):
    edge = Edge(rate, rate * 0.9 if low is None else low, rate * 1.1, "line")
    return make_plan([Point(1, edge, 2 * rate)], ASKED, LIMIT, Machine())


@pytest.mark.parametrize(
    ("plans", "best"),
    [
        ({1: plan(10), 4: plan(30), 8: plan(20)}, 4),
        ({8: plan(20), 1: plan(20)}, 1),  # alike: the smaller
        ({1: plan(20), 8: plan(22, low=5)}, 1),  # what is sure counts
        ({1: impossible(ASKED, LIMIT, "p50 = 3 s"), 2: plan(9)}, 2),
    ],
)
def test_the_most_goodput_is_best(plans, best):
    """And is pasted; all that were tried stand beside."""
    found = best_of(plans)
    assert (found.batch_size, found.autoscale["batchSize"]) == (best, best)
    assert [one.size for one in found.batches] == sorted(plans)
    assert found.goodput_per_worker == plans[best].goodput_per_worker


def test_where_none_keeps_it_there_is_none():
    """The smallest's nearest is told, and nothing is pasted."""
    found = best_of({4: impossible(ASKED, LIMIT, "p50 = 4 s"), 2: impossible(ASKED, LIMIT, "p50 = 2 s")})
    assert (found.nearest, found.workers, found.autoscale) == ("p50 = 2 s", None, {})
