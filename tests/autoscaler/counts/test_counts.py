"""All counts but the policy's."""

import math

from msgspec.structs import replace

from scaled_model import FAST
from servescope.autoscaler.counts.counts import Counts
from servescope.autoscaler.options import PolicyOptions
from servescope.autoscaler.signals import Signals

TOLD = Signals(0.0, 0.0, 0.0, 0.0, 0, 2, 0, FAST, 1.0)


def _taken(counts, seconds, objective_s=0.5, **told):
    for at in range(seconds):
        taken = counts.take(replace(TOLD, at=float(at), **told), objective_s)
    return taken


def test_a_given_target_divides_what_is_in_flight_and_queued():
    """And the most that was asked for is remembered."""
    counts = Counts(PolicyOptions(target_per_worker=4.0, max_workers=9))
    assert _taken(counts, 60, in_flight=10, queued=6) == ({"concurrency": 4}, 4)
    assert counts.target == 4.0
    assert counts.concurrent == 16


def test_a_learnt_target_divides_them_too_and_is_shown():
    """Of a whole window; the policy remembers for itself, so nothing is remembered here."""
    counts = Counts(PolicyOptions(max_workers=9))
    assert _taken(counts, 60, in_flight=20, queued=20) == ({}, 0)
    asked, remembered = _taken(counts, 120, in_flight=20, queued=20)
    assert 0.4 < counts.target < 1.0
    assert asked["concurrency"] == math.ceil(40 / counts.target)
    assert remembered == 0


def test_before_anything_was_measured_a_worker_is_taken_for_seven_tenths_busy():
    """Without service times: seven requests in flight want ten workers. With an objective the policy knows better."""
    for at_once, count in ((1, 10), (4, 3)):
        options = PolicyOptions(max_workers=9, at_once=at_once)
        assert _taken(Counts(options), 5, 0.0, service=None, in_flight=7)[0] == {"concurrency": count}
        assert _taken(Counts(options), 5, service=None, arrived=None, in_flight=7)[0] == {"concurrency": count}
        assert _taken(Counts(options), 5, service=None, in_flight=7)[0] == {}


def test_a_worker_that_takes_as_many_as_come_is_learnt_from_how_slow_it_gets():
    """And a request's share of its time is what its target leaves."""
    counts = Counts(PolicyOptions(max_workers=9, at_once=None))
    asked, _ = _taken(counts, 60, in_flight=6)
    assert counts.target == 12.0  # three each were seen, and four times as much is believed
    assert asked == {"concurrency": 1}
    assert counts.share(FAST).mean_s == FAST.mean_s / 12.0
    assert counts.share(None) is None


def test_of_an_engine_caches_and_waiting_requests_count():
    """Of a model without one neither does."""
    counts = Counts(PolicyOptions(max_workers=9, at_once=None))
    asked, remembered = _taken(counts, 10, in_flight=30, kv_cache=(0.9, 0.9), waiting=10)
    assert asked["kv_cache"] == 3
    assert asked["waiting"] == 3
    assert remembered == 3
    assert set(_taken(Counts(PolicyOptions()), 10, in_flight=30)[0]) <= {"concurrency"}


def test_gpus_count_only_where_a_target_is_given():
    """A GPU is busy while anything runs on it."""
    asked, _ = _taken(Counts(PolicyOptions(max_workers=9)), 10, gpu=(1.0,))
    assert "gpu" not in asked
    asked, _ = _taken(Counts(PolicyOptions(max_workers=9, gpu_target=0.5)), 10, gpu=(1.0, None))
    assert asked["gpu"] == 4


def test_what_was_learnt_outlives_the_windows():
    """Service times are as true after a jump of the clock as before."""
    counts = Counts(PolicyOptions(max_workers=9, at_once=None))
    _taken(counts, 60, in_flight=6)
    counts.forget()
    assert counts.target == 12.0
    assert counts.concurrent == 0.0
