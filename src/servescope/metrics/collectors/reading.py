"""What a collector gives and what it is.

In: nothing. Out: the types that the collectors produce and `sampler` writes to the registry.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reading:
    """One value, in the unit of its family; `labels` are all its label values, in the definition's order."""

    family: str
    labels: tuple[str, ...]
    value: float


class Collector(Protocol):
    """Something that can be read. `name` is its label in servescope_collector_success."""

    @property
    def name(self) -> str:
        """A short name, unique among the collectors."""

    def update(self) -> Iterable[Reading]:
        """What it reads now, called on the sampler's thread; may raise, which costs only this collector's own
        readings.
        """
