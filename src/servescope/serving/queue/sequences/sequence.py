"""One sequence: requests that a worker's handler remembers something between. Made by `open_sequences`."""

from collections import deque
from typing import NamedTuple

from msgspec import Struct

from servescope.serving.queue.job import Job
from servescope.serving.queue.sequences.headers import Asked


class Sequence(Struct, eq=False):
    """`began`, `idle_since`: seconds of the loop's clock; idle is one of which nothing waits and nothing is in hand.

    `waiting`: its requests in their order. `in_hand`: how many of them its worker has. `used`: its worker was given one. `ending`:
    what it was given last says that it is the last. `queued`: it stands in its lane's line. `over`: it has ended; what is in hand
    is still answered. `told`: the client of a request that failed with its worker was
    told so, and its worker has answered nothing of it since.
    """

    id: str
    began: float
    waiting: deque[Job]
    in_hand: int = 0
    idle_since: float | None = None
    used: bool = False
    ending: bool = False
    queued: bool = False
    over: bool = False
    told: bool = False


class Member(NamedTuple):
    """A request's place: in which sequence, and what it says of it."""

    sequence: Sequence
    asked: Asked
