"""Loads on one model: in, a site and requests; out, trials, with what the server said of itself meanwhile. Called by `command`."""

import asyncio
import random
import time
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import uvloop

from servescope.cli.client.scrape import Sample
from servescope.cli.planning.server.neighbours import Neighbours
from servescope.cli.planning.server.reading import read, samples_of
from servescope.cli.planning.server.site import Site
from servescope.cli.planning.server.traffic import BusyError
from servescope.planner.limits.readings import Reading, Use, use_between
from servescope.planner.load.connections import target_of
from servescope.planner.load.driver import Load, drive
from servescope.planner.load.schedule import poisson
from servescope.planner.load.trial import Trial
from servescope.planner.objective import Objective

_LEAST_PATIENCE_S, _MOST_PATIENCE_S = 3.0, 30.0
_REST_S = 30.0
_GUARD_S = 1.0  # from one look at the neighbours to the next
_LOOK = 0.8  # of a load is over when its gauges are read


@dataclass
class Bench:
    """A context: one event loop for all loads. `neighbours`: models for whose sake a load ends.

    `readings`: before and after each load; `during`: what the server said in each.
    """

    site: Site
    model: str
    version: str
    requests: Sequence[bytes]
    objective: Objective
    chance: random.Random
    neighbours: Neighbours | None = None
    during: list[Reading] = field(default_factory=list)
    readings: list[tuple[Reading, Reading]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        self._load = Load(target_of(self.site.inference, self.site.trust), self.requests, self.patience_s)
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.close()

    @property
    def patience_s(self) -> float:
        """How long an answer is waited for once all are sent."""
        return min(_MOST_PATIENCE_S, max(_LEAST_PATIENCE_S, 2 * self.objective.limit_s))

    @property
    def tokens_a_request(self) -> float | None:
        """Tokens that the model made for a request, on average, by the server's count; None where it counts none."""
        made = sum(after.tokens - before.tokens for before, after in self.readings)
        asked = sum(after.own_requests - before.own_requests for before, after in self.readings)
        return made / asked if made and asked else None

    def read(self) -> Reading:
        """What the server's metrics say now."""
        with self.site.metering() as client:
            return read(client, self.model, self.version, time.monotonic())

    def at_once(self, count: int, patience_s: float) -> Trial:
        """So many requests together, waited for so long."""
        load = replace(self._load, patience_s=patience_s)
        return self._runner.run(drive(load, [0.0] * count, float(count), 1.0, 1))

    def measure(self, rate: float, seconds: float) -> Trial:
        """A load of Poisson arrivals, on a model that has come to rest."""
        before = self.rest()
        moments = poisson(rate, seconds, self.chance) or [0.0]
        trial, during = self._runner.run(self._watched(moments, rate, seconds, before.workers))
        after = self.rest()
        self.readings.append((before, after))
        busy = after.busy_s - before.busy_s
        self.during.append(during)
        rejected = round(after.rejected - before.rejected)
        return replace(trial, busy_s=busy if busy > 0 else None, rejected=rejected)

    def use_of_last(self, count: int) -> Use:
        """What was used in the last so many loads together: some counters are sampled every few seconds, too seldom for one
        load.
        """
        if not count or not self.readings:
            return Use()
        during = self.during[-count:]
        end = replace(
            self.readings[-1][1],
            cpu_share=_most(one.cpu_share for one in during),
            memory_share=_most(one.memory_share for one in during),
            gpu_share=_most(one.gpu_share for one in during),
            kv_share=_most(one.kv_share for one in during),
        )
        return use_between(self.readings[-count:][0][0], end)

    def rest(self) -> Reading:
        """Wait until nothing is in flight. Raises BusyError where that does not come."""
        end = time.monotonic() + _REST_S
        while (found := self.read()).in_flight > 0:
            if time.monotonic() > end:
                raise BusyError(
                    f"{self.model}: {found.in_flight:.0f} requests are in flight after {_REST_S:g} s of rest"
                )
            time.sleep(0.05)
        return found

    async def _watched(
        self, moments: Sequence[float], rate: float, seconds: float, workers: int
    ) -> tuple[Trial, Reading]:
        watching = asyncio.create_task(self._look(_LOOK * seconds))
        try:
            trial = await self._guarded(drive(self._load, moments, rate, seconds, workers))
            return trial, await watching
        finally:
            watching.cancel()

    async def _guarded(self, driving: Coroutine[Any, Any, Trial]) -> Trial:
        """The load, unless it harms a neighbour. Raises SlowedError then."""
        if self.neighbours is None:
            return await driving
        load = asyncio.create_task(driving)
        try:
            began = await asyncio.to_thread(self._samples)
            while not load.done():
                await asyncio.wait({load}, timeout=_GUARD_S)
                self.neighbours.check(began, await asyncio.to_thread(self._samples))
            return load.result()
        finally:
            load.cancel()
            await asyncio.gather(load, return_exceptions=True)  # its connections are closed

    def _samples(self) -> list[Sample]:
        with self.site.metering() as client:
            return samples_of(client)

    async def _look(self, after_s: float) -> Reading:
        await asyncio.sleep(after_s)
        return await asyncio.to_thread(self.read)


def _most(shares: Iterable[float | None]) -> float | None:
    return max((one for one in shares if one is not None), default=None)
