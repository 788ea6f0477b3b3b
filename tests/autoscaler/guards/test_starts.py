"""Workers that do not load."""

from msgspec.structs import replace

from scaled_model import FAST
from servescope.autoscaler.guards.starts import Starts
from servescope.autoscaler.signals import Signals

TOLD = Signals(0.0, 0.0, 0.0, 0.0, 0, 4, 2, FAST, 1.0)


def test_without_failures_there_is_no_limit():
    """However many load."""
    assert Starts(5.0, 300.0, 2.0).most(10.0, TOLD) is None


def test_nothing_is_added_until_the_wait_is_over_and_then_a_step_over_what_loaded():
    """Four loaded, two are on their way: six for five seconds, then eight."""
    starts = Starts(5.0, 300.0, 2.0)
    failed = replace(TOLD, failed_starts=1)
    assert [starts.most(float(now), failed) for now in range(10, 17)] == [6, 6, 6, 6, 6, 8, 8]


def test_no_more_than_a_step_over_what_loaded_even_of_those_on_their_way():
    """One loaded, and twenty are asked for: two."""
    starts = Starts(5.0, 300.0, 2.0)
    assert starts.most(10.0, replace(TOLD, workers=1, starting=20, failed_starts=1)) == 2
    assert starts.most(20.0, replace(TOLD, workers=0, starting=20, failed_starts=1)) == 1


def test_the_wait_doubles_with_each_failure_up_to_the_longest():
    """5 s, 10 s, 20 s … 300 s; however often it failed."""
    starts, waits = Starts(5.0, 300.0, 2.0), []
    for failed in (1, 2, 3, 7, 8, 10**6):
        starts.most(100.0, replace(TOLD, failed_starts=failed))
        waits.append(starts.again_at - 100.0)
    assert waits == [5.0, 10.0, 20.0, 300.0, 300.0, 300.0]


def test_a_start_that_succeeds_ends_it():
    """And the next failure waits as the first did."""
    starts = Starts(5.0, 300.0, 2.0)
    starts.most(0.0, replace(TOLD, failed_starts=6))
    assert starts.most(1.0, TOLD) is None
    starts.most(2.0, replace(TOLD, failed_starts=1))
    assert starts.again_at == 7.0
