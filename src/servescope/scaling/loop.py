"""The loop: once a second every autoscaled model is looked at, each by itself.

In: the catalog. Out: decisions, by `scaled`. Started and stopped by `server.scaling`, which gives it the time and the room; the
management API reads its `report`. It is one task a server, which lets others run between two models; an error of one model is
logged once, and costs the others nothing.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from servescope.scaling.room import Rooms
from servescope.serving.catalog import Catalog
from servescope.serving.counts import Counts
from servescope.serving.model import Model

if TYPE_CHECKING:
    from servescope.scaling.scaled import Scaled

logger = logging.getLogger("servescope.scaling")

INTERVAL_S: Final = 1.0


class ScalingLoop:
    """`clock` is monotonic seconds, `wall` those since 1970."""

    def __init__(
        self,
        catalog: Catalog,
        counts: Counts,
        rooms: Rooms,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._catalog = catalog
        self._counts = counts
        self._rooms = rooms
        self._clock = clock
        self._wall = wall
        self._scaled: dict[Model, Scaled] = {}
        self._task: asyncio.Task[None] | None = None
        self._failing = False  # whether a round raised an error the last time, which is logged once

    def start(self) -> None:
        """Begin, on the running loop."""
        self._task = asyncio.create_task(self._run(), name="autoscaler")

    async def stop(self) -> None:
        """End, without a further decision."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
        self._rooms.close()

    def report(self, model: Model) -> dict[str, Any] | None:
        """What is decided about a model, for the management API; None where nobody autoscales it."""
        return self._of(model).describe() if model.options.autoscale.on and model.leaves_by is None else None

    def tick(self) -> Iterator[None]:
        """Look at every model once, one a step. Nothing is decided while the server stops."""
        there = list(self._catalog)
        wanted = [model for model in there if model.options.autoscale.on]
        for model in self._scaled.keys() - set(wanted):
            scaled = self._scaled.pop(model)
            if model in there:  # else its series have gone with it
                scaled.end()
        if wanted:
            self._rooms.look(there)
        for model in wanted:
            if self._counts.closed:
                return
            if model.leaves_by is None and model.options.autoscale.on:  # still, a moment later
                self._look(model)
                yield

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self._look_at_all()
            due = max(due + INTERVAL_S, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _look_at_all(self) -> None:
        """Whatever goes wrong, it is tried again a second later."""
        try:
            for _ in self.tick():
                await asyncio.sleep(0)
            self._failing = False
        except Exception:
            if not self._failing:
                logger.exception("Autoscaler: no model can be looked at")
            self._failing = True

    def _look(self, model: Model) -> None:
        scaled = None
        try:
            scaled = self._of(model)
            gpus = self._rooms.busy(model) if model.options.autoscale.gpu_target is not None else ()
            scaled.look(self._clock(), self._rooms.of(model), gpus)
            self._rooms.note(model)
            scaled.failing = False
        except Exception:
            if scaled is None or not scaled.failing:
                logger.exception("Autoscaler: model %s version %s cannot be looked at", model.name, model.version)
            if scaled is not None:
                scaled.failing = True

    def _of(self, model: Model) -> "Scaled":
        found = self._scaled.get(model)
        if found is None:
            # All of the autoscaler with it, a twelfth of what a server imports: only where a model is autoscaled.
            from servescope.scaling.scaled import Scaled

            found = self._scaled[model] = Scaled(model, self._counts.adjust, self._clock, self._wall)
        return found
