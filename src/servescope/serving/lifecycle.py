"""The life of models: register, scale, set default, unregister, and the end of them all.

Called by `web.management.api` for its clients and by `server.service` at start and stop. Each call changes the catalog in one step
on the loop's thread, so requests see a model whole or not at all. Calls that change one model wait for their turns
(`serving.turns`): what a caller is told was true when its turn ended.
"""

import asyncio
import logging
import time
from contextlib import suppress
from functools import partial

from servescope.archive.reader import Archive
from servescope.config.model.options import RegisterOptions
from servescope.errors import ModelNotFound, RequestTimeout, ServiceUnavailable
from servescope.fleet.loads import WAITS
from servescope.serving.catalog import Catalog
from servescope.serving.counts import Counts
from servescope.serving.model import Model
from servescope.serving.outcome import PROCESSING, Outcome, not_started, waiting
from servescope.serving.readiness.wanted import WantedModel, WantedModels
from servescope.serving.refusals import draining, unregistered
from servescope.serving.registration import Host, build_model, open_model
from servescope.serving.saving.changes import Changes
from servescope.serving.turns import Caller, CallerLeft, Turns
from servescope.wire.messages import Loaded

logger = logging.getLogger("servescope.serving")


class Lifecycle:
    """Changes the catalog's models. `counts` changes how many workers they have; `changes` is told of all that, but for what the
    autoscaler does.
    """

    def __init__(self, catalog: Catalog, host: Host, wanted: WantedModels) -> None:
        self._catalog = catalog
        self._host = host
        self._wanted = wanted
        self._turns = Turns()
        self.changes = Changes()
        self.counts = Counts(catalog, host, self._turns, self.changes)
        self._watches: set[asyncio.Task[None]] = set()

    async def register(
        self, options: RegisterOptions, caller: Caller | None = None, *, wanted: WantedModel | None = None
    ) -> Outcome:
        """Make a model version known and start its workers; wait for them unless `options.synchronous` is false, or it is
        `wanted` by the start.

        Raises:
            ServescopeError: it cannot be registered, or (synchronous) its workers do not start: then it is gone again.
            CallerLeft: the caller did not wait for the turn, when nothing is registered, or for the workers, which go on.
        """
        self._turns.refuse_if_closed()  # before a download
        archive = await open_model(options, self._host, at_startup=wanted is not None)
        return await self.register_opened(archive, options, caller, wanted=wanted)

    async def register_opened(
        self,
        archive: Archive,
        options: RegisterOptions,
        caller: Caller | None = None,
        *,
        wanted: WantedModel | None = None,
    ) -> Outcome:
        """The same of an archive that is open already; it is closed with the model, or where this fails."""
        caller, at_startup = caller or Caller(), wanted is not None
        try:
            turn = await self._turns.take(archive.manifest.model_name, caller)
        except BaseException:
            await asyncio.to_thread(archive.close)
            raise
        with turn:
            model = await build_model(archive, options, self._host, self._catalog, at_startup=at_startup)
            self._catalog.add(model)
            self._wanted.registered(model, wanted)
            logger.info("Model %s loaded. Version %s is registered from %s", model.name, model.version, archive.url)
            try:
                return await self._begin(model, caller, wait=options.synchronous and not at_startup)
            finally:
                await self.changes.told()

    async def _begin(self, model: Model, caller: Caller, *, wait: bool) -> Outcome:
        """Start the workers of a model that is new in the catalog."""
        count = model.options.min_workers
        added = model.pool.grow(count)
        registered = f'Model "{model.name}" Version: {model.version} registered with {count} initial workers'
        if model.asleep:
            return Outcome(200, registered + ". It is asleep: a request wakes it.")
        if not count:
            return Outcome(200, registered + ". Use scale workers API to add workers for the model.")
        if not wait:
            return Outcome(202, PROCESSING)
        loads = model.pool.loads.first_failure(added)
        try:
            failed = await caller.wait(loads)
        except CallerLeft:
            self._watch(model, loads)
            raise
        if failed and failed.code == WAITS:
            return Outcome(202, waiting(PROCESSING, failed))
        if failed:
            await self._discard(model)
            raise not_started(model, failed)
        return Outcome(200, registered)

    def _watch(self, model: Model, loads: "asyncio.Task[Loaded | None]") -> None:
        """Nobody waits any more for a registration's workers: others have their turns, and if none of these loads, it is gone."""

        async def watch() -> None:
            if (failed := await loads) is None or failed.code == WAITS:
                return
            # At the server's end there are no turns any more; all models go then.
            with suppress(ServiceUnavailable), await self._turns.take(model.name, Caller(internal=True)):
                await self._discard(model)

        task = asyncio.create_task(watch())
        self._watches.add(task)
        task.add_done_callback(self._watches.discard)

    async def _discard(self, model: Model) -> None:
        """Take back a registration that failed, unless someone unregistered it meanwhile."""
        if self._catalog.discard(model):
            self._wanted.discarded(model)
            await self.changes.told()
            await self._bury(model, 0.0)

    async def set_default(self, name: str, version: str, caller: Caller | None = None) -> Outcome:
        """Make `version` the one that requests without a version get.

        Raises:
            ModelNotFound, ModelVersionNotFound: as `Catalog.set_default`.
            CallerLeft: the caller did not wait for the turn; nothing changes.
        """
        with await self._turns.take(name, caller or Caller()):
            self._catalog.set_default(name, version)
            await self.changes.told()
        return Outcome(200, f'Default version successfully updated for model "{name}" to "{version}"')

    async def unregister(self, name: str, version: str | None, caller: Caller | None = None) -> Outcome:
        """Take a version (None: the default) away: new requests find it no more, those under way are finished.

        Raises:
            ModelNotFound, ModelVersionNotFound, InvalidModelVersion: as `Catalog.remove`.
            RequestTimeout: they were not finished within unregister_model_timeout, and were ended.
            CallerLeft: the caller did not wait for the turn; nothing changes.
        """
        with await self._turns.take(name, caller or Caller()):
            try:
                model = self._catalog.remove(name, version)
            except ModelNotFound:
                self._wanted.given_up(name)
                await self.changes.told()
                raise
            self._wanted.unregistered(model)
            await self.changes.told()
        if not await self._leave(model, float(self._host.settings.unregister_model_timeout)):
            raise RequestTimeout(f"Timed out while cleaning resources: {name}")
        return Outcome(200, f'Model "{name}" unregistered')

    async def unregister_of_workflow(self, workflow: str, grace_s: float) -> bool:
        """Take away all models that were registered for a workflow, whatever else has their names. Whether all finished in
        `grace_s` seconds.
        """
        models = [model for model in self._catalog if model.workflow == workflow]
        return all(await asyncio.gather(*(self._take_away(model, grace_s) for model in models)))

    async def _take_away(self, model: Model, grace_s: float) -> bool:
        with await self._turns.take(model.name, Caller(internal=True)):
            if not self._catalog.discard(model, leaves=True):
                return True  # somebody has unregistered it meanwhile
            self._wanted.unregistered(model)
            await self.changes.told()
        return await self._leave(model, grace_s)

    async def _leave(self, model: Model, grace_s: float) -> bool:
        """Let a model finish what it has in hand that requests do not find any more. Whether it could, in time."""
        # It is nobody's to change any more: others have their turns, and may register another in its place, while it finishes.
        model.leaves_by = time.monotonic() + grace_s
        text = "Model %s unregistered. Version %s finishes %d requests that are in flight, in %g s at most"
        logger.info(text, model.name, model.version, model.in_flight, round(grace_s, 1))
        return await self._bury(model, grace_s)

    async def _bury(self, model: Model, grace_s: float, *, keep_download: bool = False) -> bool:
        """End a model that requests do not find any more. Whether what was under way could be finished in time."""
        in_time = True
        try:
            await asyncio.wait_for(model.dispatcher.drain(), grace_s)
        except TimeoutError:
            in_time = False
        try:
            model.dispatcher.gate.close(partial(unregistered, model.name))
            await model.pool.close(grace_s if in_time else 0.0)
            await asyncio.to_thread(model.archive.close, keep_download=keep_download)
        finally:
            self._catalog.gone(model)
            # Where another one has its name and version, registered meanwhile, the metrics are that one's.
            if (model.name, model.version) not in self._catalog and not self._catalog.leaving(
                model.name, model.version
            ):
                self._host.recorder.forget(model.name, model.version)
        return in_time

    def refuse_if_closed(self) -> None:
        """Raises: ServiceUnavailable where the server is stopping."""
        self._turns.refuse_if_closed()

    def refuse_changes(self) -> None:
        """Nobody has a turn any more: whoever waits for one, or comes later, is told that the server is stopping."""
        self._turns.close()

    async def close(self, grace_s: float) -> None:
        """End every model; what is in hand gets `grace_s` seconds. The catalog keeps them, for what is still asked.

        May be called again meanwhile, by who cannot wait as long.
        """
        self.refuse_changes()
        models = [*self._catalog, *self._catalog.leaving()]
        for model in models:
            model.dispatcher.gate.close(draining)
        burials = (self._bury(model, grace_s, keep_download=self._is_saved(model)) for model in models)
        for outcome in await asyncio.gather(*burials, return_exceptions=True):
            if isinstance(outcome, Exception):
                logger.error("A model could not be ended in order", exc_info=outcome)

    def _is_saved(self, model: Model) -> bool:
        """Whether the next start goes on with it, and needs its archive."""
        return self._host.settings.config_snapshots and model.leaves_by is None and not model.workflow
