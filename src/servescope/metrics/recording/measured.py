"""What the handlers of one model write to `context.metrics`, read where their workers keep it.

In: readers of workers' shared memory, attached and detached by `fleet` (through `recording.model`). Out: `MetricUpdate`s in the
order of time, each write told once. A worker that has written something else there is not asked again, and said to be.
"""

import logging
from operator import attrgetter
from typing import Protocol

from servescope.wire.messages import MetricUpdate

logger = logging.getLogger(__name__)
_ORDER = attrgetter("order")


class Source(Protocol):
    """One worker's memory, as `wire.measured` reads it."""

    def take(self, *, final: bool = False, most: int | None = None) -> list[MetricUpdate]:
        """What is new, `most` updates at most where it comes by single writes. `final`: nothing more will come."""


class Measured:
    """The sources of one model's workers, by the workers' names."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}

    def __len__(self) -> int:
        return len(self._sources)

    def attach(self, worker: str, source: Source) -> None:
        """Ask this worker too."""
        self._sources[worker] = source

    def detach(self, worker: str) -> list[MetricUpdate]:
        """It has gone: what is new of all, so that its last gauges come in their turn, and nothing more of it from now on."""
        last = self._sources.get(worker)
        updates = self.take(last=last)
        self._sources.pop(worker, None)
        return updates

    def take(self, most: int | None = None, last: Source | None = None) -> list[MetricUpdate]:
        """What is new, the latest last. `most`: so many updates of each worker at most. `last`: a source that is asked finally."""
        found: list[MetricUpdate] = []
        for worker, source in list(self._sources.items()):
            try:
                found += source.take(final=source is last, most=most)
            except Exception:
                logger.exception("What %s measures cannot be read; it is not read any more", worker)
                del self._sources[worker]
        if len(self._sources) > 1:
            found.sort(key=_ORDER)  # of two workers' writes to one gauge the later counts
        return found
