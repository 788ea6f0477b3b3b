"""What a collector gives and what it is.

In: nothing. Out: the types that the collectors produce and `sampler` writes to the registry.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from msgspec import Struct


class Reading(Struct, frozen=True):
    """One value, in the unit of its family; `labels` are all its label values, in the definition's order.

    Of a counter it is the total so far, as its source counts it.
    """

    family: str
    labels: tuple[str, ...]
    value: float


class PartlyFailed(Exception):
    """Some of what a collector looks at could not be read: `readings` are what the rest gave."""

    def __init__(self, readings: Sequence[Reading], why: str) -> None:
        super().__init__(why)
        self.readings = readings


class Collector(Protocol):
    """Something that can be read. `name` is its label in servescope_collector_success."""

    @property
    def name(self) -> str:
        """A short name, unique among the collectors."""

    def update(self) -> Iterable[Reading]:
        """What it reads now, called on the sampler's thread. May raise, which costs only this collector's own
        readings, and of `PartlyFailed` not even those that it holds.
        """
