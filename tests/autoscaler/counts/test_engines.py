"""Replicas by KV caches, and by requests that wait."""

import pytest

from servescope.autoscaler.counts.engines import KvCache, Waiting


@pytest.mark.parametrize(
    ("shares", "count"),
    [
        ((0.81,), 2),
        ((0.80,), 1),
        ((0.95, 0.95, 0.95), 4),  # 2.85 at 0.80 each
        ((1.0,) * 10, 13),
        ((0.7, 0.7), 2),
        ((0.3, 0.3), 2),  # the one that is left would be at 0.60, which is not below
        ((0.3, 0.29), 1),
        ((0.59, 0.1, 0.1, 0.1), 2),
        ((0.61, 0.01, 0.01), 3),  # the fullest is above 0.60 already
        ((0.85, 0.1, 0.1), 3),  # one long request asks for nothing
        ((0.0, 0.0, 0.0), 1),
    ],
)
def test_more_above_high_and_fewer_only_where_the_rest_stays_below_low(shares, count):
    """On average above 0.80: so many that it is 0.80. Fewer: each of the rest below 0.60."""
    caches = KvCache(6.0, 0.80, 0.60)
    for at in range(10):
        wanted = caches.replicas(float(at), shares, len(shares))
    assert wanted == count


def test_a_moment_is_not_enough():
    """A cache that is full for one second of six asks for nothing."""
    caches = KvCache(6.0, 0.80, 0.60)
    for at in range(6):
        assert caches.replicas(float(at), (0.7,), 1) == 1
    assert caches.replicas(6.0, (1.0,), 1) == 1


def test_replicas_that_do_not_say_are_taken_for_as_full_as_the_others():
    """Two of four at 0.9."""
    caches = KvCache(6.0, 0.80, 0.60)
    assert caches.replicas(0.0, (0.9, 0.9), 4) == 5


@pytest.mark.parametrize(
    ("waiting", "in_flight", "count"),
    [
        (0, 20, 1),
        (10, 30, 3),  # 20 run on two replicas, and 10 wait: one and a half times as many
        (20, 40, 4),
        (1, 101, 3),
        (5, None, 3),  # how many run is not known
        (5, 5, 3),  # none does
    ],
)
def test_what_waits_gets_replicas_of_its_own(waiting, in_flight, count):
    """In the proportion of those that wait to those that run, of two replicas."""
    waits = Waiting(6.0)
    for at in range(10):
        wanted = waits.replicas(float(at), waiting, in_flight, 2)
    assert wanted == count
