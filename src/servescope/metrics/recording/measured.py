"""What the handlers of one model write to `context.metrics`, read where their workers keep it.

In: readers of workers' shared memory, attached and detached by `fleet` (through `recording.model`). Out: `MetricUpdate`s in the
order of time, each write told once. A worker that has written something else there is not asked again, and said to be.
"""

import asyncio
import logging
from collections.abc import Iterator
from operator import attrgetter
from typing import Protocol

from servescope.wire.measured.update import MetricUpdate

logger = logging.getLogger(__name__)
_ORDER = attrgetter("order")


class Source(Protocol):
    """One worker's memory, as `wire.measured` reads it."""

    def ask(self) -> "asyncio.Future[None] | None":
        """Have it brought up to this moment; done when it is. None where there is nothing to wait for."""

    def take(self, *, final: bool = False, most: int | None = None) -> list[MetricUpdate]:
        """What is new, `most` updates at most where it comes by single writes. `final`: nothing more will come."""

    def parts(self) -> Iterator[list[MetricUpdate]]:
        """The same, a little at a time, for who lets others run in between."""


class Measured:
    """The sources of one model's workers, by the workers' names."""

    def __init__(self) -> None:
        self._sources: dict[str, Source] = {}

    def __len__(self) -> int:
        return len(self._sources)

    def ask(self) -> "list[asyncio.Future[None]]":
        """Have all brought up to this moment; what there is to wait for."""
        asked = (source.ask() for source in self._sources.values())
        return [answered for answered in asked if answered is not None]

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
                self._give_up(worker)
        if len(self._sources) > 1:
            found.sort(key=_ORDER)  # of two workers' writes to one gauge the later counts
        return found

    def parts(self) -> Iterator[list[MetricUpdate]]:
        """What is new, worker by worker and a little at a time. Workers may come and go in between."""
        for worker, source in list(self._sources.items()):
            if self._sources.get(worker) is not source:
                continue
            try:
                yield from source.parts()
            except Exception:
                self._give_up(worker)

    def _give_up(self, worker: str) -> None:
        logger.exception("What %s measures cannot be read; it is not read any more", worker)
        self._sources.pop(worker, None)
