"""How many workers each model version has: changed by the management API (`scale`), and by the autoscaler's loop (`adjust`).

In: what somebody asked for. Out: a pool that keeps as many, and an `Outcome`. Both take turns with all other changes of the model;
the loop only where nobody else has one or waits. The bounds are the model's options, the count that holds now is the pool's length:
there is no second record of it. Held by `serving.lifecycle`.
"""

import asyncio
from dataclasses import replace

from servescope.config.model.autoscale import Mode
from servescope.config.model.calls.scaling import ScaleOptions
from servescope.config.model.placement.devices import worker_capacity
from servescope.config.model.worker_counts import most_workers
from servescope.errors import BadRequest
from servescope.fleet.loads import WAITS
from servescope.fleet.worker.worker import Worker
from servescope.serving.catalog import Catalog
from servescope.serving.model import Model
from servescope.serving.outcome import IN_PROGRESS, PROCESSING, Outcome, not_started, waiting
from servescope.serving.registration import Host
from servescope.serving.saving.changes import Changes
from servescope.serving.turns import Caller, Turns


class Counts:
    """Of the catalog's models."""

    def __init__(self, catalog: Catalog, host: Host, turns: Turns, changes: Changes) -> None:
        self._catalog = catalog
        self._host = host
        self._turns = turns
        self._changes = changes

    @property
    def most_workers(self) -> int:
        """How many workers a model version may have."""
        return most_workers(self._host.settings, self._host.cpus, self._host.gpus.count)

    @property
    def closed(self) -> bool:
        """Whether nothing can be changed any more, as the server is stopping."""
        return self._turns.closed

    async def scale(
        self, name: str, version: str | None, options: ScaleOptions, caller: Caller | None = None
    ) -> Outcome:
        """Change a model's bounds, or who decides on its count, as the management API was asked; wait for it where
        `options.synchronous`.

        Raises:
            BadRequest: max_worker is below min_worker, or `autoscale` is asked for where nothing is measured.
            ModelNotFound, ModelVersionNotFound: there is no such model.
            WorkerFailed: (synchronous) a worker does not load.
            CallerLeft: the caller did not wait for the turn, when nothing changes, or for the workers, which go on.
        """
        caller = caller or Caller()
        with await self._turns.take(name, caller):
            model = self._catalog.find(name, version)
            retired = self._change(model, options)
            await self._changes.told()
            if not options.synchronous:
                return Outcome(202, PROCESSING) if options.asks_counts else Outcome(200, _mode_text(model))
            if text := await self._unsettled(model, retired, caller):
                return Outcome(206, text)
        if not options.asks_counts:
            return Outcome(200, _mode_text(model))
        which = f", version: {version}" if version is not None else ""
        return Outcome(200, f"Workers scaled to {model.options.min_workers} for model: {name}{which}")

    def adjust(self, model: Model, count: int) -> bool:
        """Have `count` workers from now on, without waiting for them. False: the model is being changed, or has gone, or the
        server is stopping.
        """
        turn = self._turns.take_now(model.name)
        if turn is None:
            return False
        with turn:
            if model.leaves_by is not None:
                return False
            model.pool.shrink(count)
            model.pool.grow(count)
        return True

    def _change(self, model: Model, options: ScaleOptions) -> list[Worker]:
        """Whom it retired. What is asked of a model that sleeps wakes it, unless it may go on sleeping."""
        asleep = model.asleep
        before, mode = model.options.autoscale.mode, options.autoscale or model.options.autoscale.mode
        fewest, most = model.options.min_workers, model.options.max_workers
        if options.asks_counts:
            limit = self._capacity(model)
            fewest, most = (
                min(count, limit) for count in options.bounds(fewest, most, autoscaled=mode is not Mode.OFF)
            )
        if mode is not before:
            self._switch(model, mode)
        if not options.asks_counts and (mode is before or (mode is not Mode.OFF and not asleep)):
            return []
        alone = options.asks_counts and not options.asks_both
        if options.asks_counts:
            model.want(fewest, most, held=alone and mode is Mode.ACT)
        falls = mode is not before if mode is Mode.OFF else alone and mode is Mode.ADVISE
        retired = model.pool.shrink(fewest if falls else most)
        (model.pool.wake if asleep else model.pool.grow)(fewest)
        return retired

    def _switch(self, model: Model, mode: Mode) -> None:
        if mode is not Mode.OFF and self._host.settings.metrics_mode == "off":
            raise BadRequest(f"Parameter autoscale={mode}: there is nothing to decide by, as metrics_mode is off")
        model.options = replace(model.options, autoscale=replace(model.options.autoscale, mode=mode))
        model.held_since = None
        model.woken = False

    async def _unsettled(self, model: Model, retired: list[Worker], caller: Caller) -> str:
        """Wait until all that are wanted work and `retired` have gone, "", or else what to say: it is not so in time, or a worker
        waits for a place.

        Raises:
            WorkerFailed: one of those that are wanted does not load.
        """
        idle = [worker for worker in model.pool if not worker.retiring and not worker.at_work]
        if failed := await caller.wait(model.pool.loads.first_failure(idle)):
            if failed.code == WAITS:
                return waiting(IN_PROGRESS, failed)
            raise not_started(model, failed)
        ended = asyncio.ensure_future(model.pool.ended(retired))
        waited = asyncio.wait((ended,), timeout=model.options.response_timeout_s)
        await caller.wait(asyncio.ensure_future(waited))
        at_work = sum(worker.at_work and not worker.retiring for worker in model.pool)
        return "" if ended.done() and at_work >= model.options.min_workers else IN_PROGRESS

    def _capacity(self, model: Model) -> int:
        """The most workers that it may have, and that the GPUs carry."""
        options = model.options
        limit = worker_capacity(options.device_type, options.device_ids, options.parallel_level, self._host.gpus.count)
        return self.most_workers if limit is None else min(limit, self.most_workers)


def _mode_text(model: Model) -> str:
    return f"Autoscaling of model {model.name} version {model.version} is {model.options.autoscale.mode} now"
