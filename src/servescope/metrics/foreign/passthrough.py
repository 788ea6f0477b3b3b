"""Handlers' own metrics: whatever is registered with prometheus_client in a worker's process, shown in this server's scrape.

In: sources, one a worker that offers such metrics, attached and detached by `fleet`; answers in the words of `wire.exposed`.
Out: families that `registry` collects after all others. `web` awaits `gather` before each scrape; everything runs on the
loop's thread, in slices, and nothing that a worker says can fail a scrape. `merging` has the rules.
"""

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from servescope.metrics.foreign.left_out import LeftOut
from servescope.metrics.foreign.merging import Merge, Origin
from servescope.metrics.instruments import AnyFamily
from servescope.metrics.label_budget import LabelBudget
from servescope.metrics.registry import Registry
from servescope.metrics.slices import Clock, Slice
from servescope.wire.exposed import Exposed

logger = logging.getLogger(__name__)

# How long a scrape waits for workers, seconds; of those that are late it shows the answer before.
DEADLINE_S = 0.25
# Metrics that a model may have; vLLM has some hundred.
MOST_FAMILIES = 1000


class MetricsSource(Protocol):
    """A worker that offers its handler's metrics.

    `latest`: the pieces of its last answer, each an `Exposed` in msgpack. `problem`: why it is asked no more, or "".
    """

    problem: str

    @property
    def latest(self) -> Sequence[bytes]:
        """() where there is none, or the worker has gone."""

    def ask(self) -> "asyncio.Future[None] | None":
        """Ask for a new answer; done when `latest` has it. None where there is nothing to wait for. Never raises."""


class PassThrough:
    """The metrics of all workers that offer some. Its owner registers it with the registry. `clock` gives seconds."""

    def __init__(self, registry: Registry, clock: Clock = time.perf_counter) -> None:
        self._registry = registry
        self._budget = LabelBudget(registry, MOST_FAMILIES)
        self._left_out = LeftOut(registry.drops)
        self._merge = Merge(registry, self._budget, self._left_out)
        self._decode = msgspec.msgpack.Decoder(Exposed).decode
        self._sources: dict[str, tuple[Origin, MetricsSource]] = {}
        self._families: tuple[AnyFamily, ...] = ()
        self._gathering: asyncio.Task[None] | None = None
        self._slice = Slice(clock)

    def attach(self, worker_name: str, model: str, version: str, source: MetricsSource) -> None:
        """Ask this worker from now on. `worker_name`: `W-9000-model_1.0`. It replaces an earlier source of that name."""
        self._sources[worker_name] = (Origin(model, version, worker_name), source)

    def detach(self, worker_name: str) -> None:
        """The worker has gone; nothing happens where it had not been attached. Its series go with the next `gather`."""
        if self._sources.pop(worker_name, None) is not None:
            self._left_out.forget(worker_name)

    def collect(self) -> Iterator[AnyFamily]:
        """See `instruments.Collectable`: what the last `gather` found."""
        yield from self._families

    async def gather(self) -> None:
        """Ask all workers and put their answers together. Takes at most about DEADLINE_S where one does not answer.

        Callers at the same time share one round, which goes on when one of them is cancelled.
        """
        if not self._sources and not self._families:
            return
        if self._gathering is None or self._gathering.done():
            self._gathering = asyncio.create_task(self._gather())
        await asyncio.shield(self._gathering)

    async def _gather(self) -> None:
        try:
            self._show(await self._gathered())
        except (
            Exception
        ):  # these metrics may be wrong in ways that nobody thought of; the server's own are shown anyhow
            logger.exception("handlers' prometheus_client metrics could not be put together; none are shown")
            self._merge = Merge(self._registry, self._budget, self._left_out)
            self._show(())

    async def _gathered(self) -> tuple[AnyFamily, ...]:
        await self._ask()
        merge = self._merge
        merge.begin()
        for origin, source in tuple(self._sources.values()):
            if source.problem:
                self._warn(origin, source.problem)
            for piece in source.latest:
                await self._in_slices(self._taken(origin, piece))
        await self._in_slices(merge.end())
        return merge.families

    async def _ask(self) -> None:
        waiting = []
        for _, source in tuple(self._sources.values()):
            if (answered := source.ask()) is not None:
                waiting.append(answered)
            await self._breathe()
        if waiting:
            await asyncio.wait(waiting, timeout=DEADLINE_S)

    def _taken(self, origin: Origin, piece: bytes) -> Iterator[None]:
        """Take a piece, a little at a time."""
        try:
            exposed = self._decode(piece)
            yield
            yield from self._merge.take(origin, exposed)
        except Exception as error:  # whatever a worker says, the scrape goes on
            self._warn(origin, f"its answer cannot be read: {type(error).__name__}: {error}")
            return
        for problem in exposed.problems:
            self._warn(origin, problem)

    def _warn(self, origin: Origin, why: str) -> None:
        text = f"prometheus_client metrics of {origin.worker} are left out, some or all: {why}"
        self._registry.warn_once(f"passthrough:{why}", text, origin.model)

    async def _in_slices(self, work: Iterator[None]) -> None:
        for _ in work:
            await self._breathe()
        await self._breathe()

    async def _breathe(self) -> None:
        """Let requests through where this slice has been long enough."""
        if self._slice.over():
            await asyncio.sleep(0)
            self._slice.begin()

    def _show(self, families: tuple[AnyFamily, ...]) -> None:
        """These from now on, and how many samples each has."""
        counts = self._registry.gauge("servescope_series")
        shown = {family.definition.name for family in families}
        for family in self._families:
            name = family.definition.name
            if name not in shown and self._registry.find(name) is None:
                counts.remove(name)
        for family in families:
            counts.labels(family.definition.name).value = family.samples
        self._families = families
