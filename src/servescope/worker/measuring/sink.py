"""Where writes of custom metrics go. `folding` adds them up, `each` keeps every one for a mode that logs; both in shared memory.

In: writes of `caching_metric`, from any thread. Made by `worker.__main__` for one worker.
"""

from abc import ABC, abstractmethod
from typing import Any, Protocol

from servescope.worker.measuring.complaints import Refused

Texts = tuple[str, ...]


class Entry(Protocol):
    """One series, to write to as often as one likes."""

    def write(self, number: float, request_id: str, /) -> None:
        """Take a write. Raises Refused."""


class Sink(ABC):
    """Takes writes. `each`: it keeps every one by itself, with the ids of its requests, which else nobody needs."""

    each = False

    @abstractmethod
    def entry(self, kind: str, name: str, unit: str, names: Texts, values: Texts) -> Entry:
        """The series of this name under these dimensions, in any order; fields as in `MetricUpdate`. Raises Refused."""

    @abstractmethod
    def leave(self) -> None:
        """Take nothing any more: the process is a child of the one that the front end knows."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "Sink":
        return self  # a copied context measures as the first

    def __reduce__(self) -> tuple[Any, ...]:
        return Nowhere, ()  # what is pickled goes to another process, which nobody asks


class Nowhere(Sink):
    """The sink of a context that no server has made: what is written is not kept."""

    def entry(self, kind: str, name: str, unit: str, names: Texts, values: Texts) -> Entry:
        """See `Sink`."""
        del kind, name, unit, names, values
        return self

    def write(self, number: float, request_id: str, /) -> None:
        """See `Entry`."""

    def leave(self) -> None:
        """See `Sink`."""


class Left:
    """The lock of a sink in a child process: nobody gets past it."""

    def __enter__(self) -> None:
        raise Refused("", "a child process measures nothing")

    def __exit__(self, *_: object) -> None:
        pass
