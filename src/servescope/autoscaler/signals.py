"""What the scaler is told of one model version at one moment, some of which may be missing, and what of it the policy needs,
which is complete. Made by the loop of the metrics' snapshot, and by the simulator.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from msgspec import Struct


@dataclass(frozen=True)
class ServiceTimes:
    """How long workers take for a request: seconds on average, and the times that equal shares of the requests take,
    ascending. `together`: so many have a worker's time at once without waiting for each other, and `mean_s` is the share of one.
    """

    mean_s: float
    quantiles_s: tuple[float, ...]
    together: float = 1.0

    def __hash__(self) -> int:
        """Worked out once: what is learnt of them is looked up several times a second."""
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.mean_s, self.quantiles_s))

    @cached_property
    def total_s(self) -> float:
        """The sum of the quantiles; NaN or infinite where one of them is."""
        return sum(self.quantiles_s)


class Room(Struct, frozen=True):
    """How many `more` workers there is room for, beside those that are there or load, and what is scarcest: a word such as
    "memory", "gpu_memory" or "container".
    """

    more: int
    scarcest: str


class Signals(Struct, frozen=True):
    """`at`: monotonic seconds. Counts are since the model was registered, and never go down. None: it cannot be measured now.

    `arrived`: requests; `finished`: those that are over; `late`: of these, those outside the objective (None where the model has
    none). `queued` wait for a worker, the first of them for `oldest_s`; `in_flight` are at workers. `workers` take work,
    `starting` load, `failed_starts` in a row did not load. `service` None: too few requests yet. `load_s`: how long a worker
    takes to load, the 90th percentile; None: none has yet.

    Of what a model does not have it has none, which is not missing: `kv_cache`, a share of 1 for each replica, and `waiting` in
    the engine, are language models'; `gpu`, a share of 1, is of each GPU that its workers use. `room` None: it is not known.
    `idle_s`: since a request came, or was over. `age_s`: how old the oldest of all this is.
    """

    at: float
    arrived: float | None
    finished: float | None
    late: float | None
    queued: int | None
    workers: int
    starting: int
    service: ServiceTimes | None
    load_s: float | None
    in_flight: int | None = 0
    oldest_s: float | None = 0.0
    failed_starts: int = 0
    kv_cache: tuple[float | None, ...] | None = ()
    waiting: int | None = 0
    gpu: tuple[float | None, ...] | None = ()
    room: Room | None = None
    idle_s: float | None = None
    age_s: float = 0.0

    @property
    def there(self) -> int:
        """Workers that take work, or will."""
        return self.workers + self.starting


class Measured(NamedTuple):
    """What the policy needs of `Signals`, complete."""

    at: float
    arrived: float
    finished: float
    late: float
    queued: int
    workers: int
    starting: int
    service: ServiceTimes | None
    load_s: float
