"""Which of several replicas of a model gets the next request. Pure; asked by `serving.queue.dispatcher` for asynchronous handlers.

A language model's engine knows more than the front end: what it was sent may have become several sequences, or be over already.
But it speaks only now and then, and the front end always knows what it has sent. So the larger of the two counts.
"""

from collections.abc import Iterable, Sized
from typing import Protocol, TypeVar

from servescope.wire.messages import EngineStats


class Replica(Protocol):
    """A worker, as far as the choice goes."""

    @property
    def in_flight(self) -> Sized:
        """What it was given and has not answered."""

    @property
    def engine(self) -> EngineStats | None:
        """What its engine said last, None where it has none."""


R = TypeVar("R", bound=Replica)


def requests_of(replica: Replica) -> int:
    """How many requests it has, running and waiting."""
    engine = replica.engine
    sent = len(replica.in_flight)
    return sent if engine is None else max(sent, engine.running + engine.waiting)


def least_loaded(replicas: Iterable[R]) -> R:
    """The replica with the fewest requests; of those that have equally few, the first. Raises ValueError for none."""
    return min(replicas, key=requests_of)
