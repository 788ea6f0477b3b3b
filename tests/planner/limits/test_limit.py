"""What saturates first, by name."""

import pytest

from servescope.planner.limits.limit import find_limit
from servescope.planner.limits.readings import Reading, Use, use_between


@pytest.mark.parametrize(
    ("use", "name"),
    [
        (Use(workers=0.95, event_loop=0.1, processor=0.5), "worker"),
        (Use(workers=0.6, event_loop=0.1, processor=0.3), "worker"),
        (Use(workers=1.0, event_loop=0.3, processor=0.97), "processor"),
        (Use(workers=0.7, event_loop=0.96, processor=0.6), "event loop"),
        (Use(workers=1.0, gpu=0.99, processor=0.3), "GPU"),
        (Use(workers=1.0, gpu=0.99, kv_cache=1.0), "KV cache"),
        (Use(workers=0.5, memory=0.99, processor=0.4), "memory"),
        (Use(workers=0.5, memory=0.8, processor=0.4), "worker"),
        (Use(workers=0.5, processor=0.4, refused=12), "queue"),
        (Use(workers=1.0, processor=0.4, refused=12), "worker"),
    ],
)
def test_the_limit_is_what_is_full(use, name):
    """Of several, what the others share; and the figures are there."""
    limit = find_limit(use)
    assert limit.name == name
    assert limit.why
    assert limit.figures == use.figures()


def test_a_client_that_is_the_limit_comes_first():
    """Whatever else is full."""
    assert find_limit(Use(workers=1.0, processor=1.0), client=True).name == "client"


def test_use_is_what_passed_between_two_readings():
    """Busy and processor seconds over the time; a preemption is a full cache; being held back is a full processor."""
    before = Reading(at_s=10, workers=2, busy_s=5, workers_cpu_s=1, front_cpu_s=2, throttled_s=0, cores=4)
    after = Reading(
        at_s=20, workers=2, busy_s=17, workers_cpu_s=11, front_cpu_s=4, throttled_s=0, cores=4, preemptions=1
    )
    use = use_between(before, after)
    assert use.workers == pytest.approx(0.6)
    assert use.event_loop == pytest.approx(0.2)
    assert use.processor == pytest.approx(0.3)
    assert use.kv_cache == 1.0
    assert use_between(before, Reading(at_s=20, workers=2, front_cpu_s=2, throttled_s=2)).processor == 1.0


def test_a_server_that_tells_nothing_has_a_limit_too():
    """The worker, and it is said that nothing is known."""
    assert "told nothing" in find_limit(Use()).why
