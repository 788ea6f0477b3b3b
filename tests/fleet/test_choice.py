"""The replica that gets the next request."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servescope.fleet.choice import least_loaded, requests_of
from servescope.wire.messages import EngineStats


@dataclass
class Replica:
    """A worker, as far as the choice goes."""

    sent: int
    engine: EngineStats | None = None
    in_flight: range = field(init=False)

    def __post_init__(self):
        self.in_flight = range(self.sent)


def engine(running, waiting):
    return EngineStats(running, waiting, 0.9, 0)


@pytest.mark.parametrize(
    ("replica", "requests"),
    [
        (Replica(0), 0),
        (Replica(3), 3),
        (Replica(3, engine(0, 0)), 3),
        (Replica(1, engine(2, 3)), 5),
        (Replica(5, engine(2, 3)), 5),
    ],
)
def test_requests_of_a_replica(replica, requests):
    """What it was sent, or what its engine has, whichever is more."""
    assert requests_of(replica) == requests


def test_a_full_engine_is_passed_over():
    """Though the front end has sent it less."""
    full, free = Replica(1, engine(4, 4)), Replica(3, engine(3, 0))
    assert least_loaded([full, free]) is free


def test_nobody():
    """There must be somebody to choose."""
    with pytest.raises(ValueError, match="empty"):
        least_loaded([])


replicas = st.builds(Replica, st.integers(0, 5), st.none() | st.builds(engine, st.integers(0, 3), st.integers(0, 3)))


@given(st.lists(replicas, min_size=1))
def test_the_first_of_the_fewest(some):
    """None has fewer, and none before it as few."""
    chosen = least_loaded(iter(some))
    fewest = requests_of(chosen)
    place = next(place for place, replica in enumerate(some) if replica is chosen)
    assert all(requests_of(replica) >= fewest for replica in some)
    assert all(requests_of(replica) > fewest for replica in some[:place])
