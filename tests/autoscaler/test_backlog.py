"""What has piled up, and what will have by the time that new workers are there."""

import pytest

from servescope.autoscaler.backlog import Coming, queued_ahead, workers_for_backlog


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


def test_enough_to_serve_the_rate_and_be_done_with_the_queue_within_half_the_objective():
    """100 requests of 0.1 s within 2 s, beside 30 a second."""
    assert workers_for_backlog(100, 30.0, 0.1, 4.0) == 8


def test_those_that_were_taken_back_are_expected_no_more():
    """The latest first; and those whose time has come are there."""
    coming = Coming()
    coming.asked_for(2, 10.0)
    coming.asked_for(3, 12.0)
    assert coming.expected(5.0, 5) == [(10.0, 2), (12.0, 3)]
    assert coming.expected(5.0, 3) == [(10.0, 2), (12.0, 1)]
    assert coming.expected(11.0, 1) == [(12.0, 1)]
    assert coming.expected(11.0, 0) == []
