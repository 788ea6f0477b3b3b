"""What has piled up, and what will have by the time that new workers are there."""

import math

import pytest

from servescope.autoscaler.objective.backlog import Coming, Queue, queued_ahead


def test_a_queue_that_is_worked_off_in_time_is_none():
    """Two workers at 0.1 s each: 20 a second."""
    assert queued_ahead(30, 5.0, 0.1, 2, [], 0.0, 10.0) == (0.0, 2)


def test_what_comes_while_workers_load_waits_too():
    """30 a second for one worker that does 10."""
    assert queued_ahead(5, 30.0, 0.1, 1, [], 0.0, 10.0) == (pytest.approx(205.0), 1)


def test_workers_on_their_way_count_from_when_they_are_there():
    """Four more after five seconds."""
    waiting, workers = queued_ahead(0, 30.0, 0.1, 1, [(5.0, 4)], 0.0, 10.0)
    assert (waiting, workers) == (0.0, 5)
    waiting, workers = queued_ahead(0, 30.0, 0.1, 1, [(9.0, 4), (12.0, 9)], 0.0, 10.0)
    assert (waiting, workers) == (pytest.approx(160.0), 5)


def queue(**changes):
    """One worker that does 10 requests a second; 30 come."""
    usual = {
        "queued": 5,
        "workers": 1,
        "coming": [],
        "now": 0.0,
        "rate": 30.0,
        "mean_s": 0.1,
        "slack_s": 0.5,
        "objective_s": 1.0,
        "load_s": 10.0,
        "price": 100.0,
    }
    return Queue(**(usual | changes))


def test_what_will_wait_is_worth_workers():
    """Three for the rate, and so many more that one would cost as much as it spares: 205 requests are 20.5 s of work."""
    most = math.sqrt(100.0 * 3.0 * 20.5 / 10.0)
    assert queue().foreseen() == math.ceil(3.0 + min(most, 20.5))
    assert queue(load_s=60.0, queued=0).foreseen() < math.ceil(3.0 + 120.0)


def test_what_takes_care_of_itself_is_worth_none():
    """Workers that are there, or come in time."""
    assert queue(workers=4, queued=15).foreseen() == 0
    assert queue(coming=[(1.0, 40)], queued=0).foreseen() == 0


def test_those_that_load_are_kept_while_their_backlog_is_foreseen():
    """And are not once it is not."""
    assert queue(coming=[(5.0, 12)]).loading() > 12
    assert queue(coming=[(5.0, 20)], rate=5.0).loading() == 0
    assert queue().loading() == 0


def test_what_waits_now_keeps_those_that_work_it_off():
    """40 requests are 4 s of work, to be done in a quarter of a second beside the rate's."""
    assert queue(queued=40).waiting() == 19
    assert queue(queued=0).waiting() == 0


def test_those_that_were_taken_back_are_expected_no_more():
    """The latest first; and those whose time has come are there."""
    coming = Coming()
    assert coming.expected(0.0, 0, 10.0) == []
    assert coming.expected(1.0, 2, 10.0) == [(10.0, 2)]
    assert coming.expected(2.0, 5, 10.0) == [(10.0, 2), (11.0, 3)]
    assert coming.expected(5.0, 3, 10.0) == [(10.0, 2), (11.0, 1)]
    assert coming.expected(10.5, 1, 10.0) == [(11.0, 1)]
    assert coming.expected(10.8, 0, 10.0) == []
