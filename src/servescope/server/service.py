"""The time in which models are served: the startup models are loaded when it begins, all work is finished when it ends."""

import asyncio
import logging
from typing import Literal

from servescope.archive.source import list_store
from servescope.config.load import require_model_store
from servescope.config.model.options import RegisterOptions
from servescope.config.shown_url import shown_url
from servescope.config.values.load_list import LoadModel
from servescope.config.values.models_json import unmatched
from servescope.errors import ServescopeError
from servescope.server.beginning import Beginning
from servescope.server.composition import Part
from servescope.server.http.exchanges import Exchanges
from servescope.server.models import Models
from servescope.serving.readiness.wanted import WantedModel
from servescope.serving.saving.restored import restored

logger = logging.getLogger("servescope.runtime")

STOP_GRACE_S = 10.0


class Service(Part):
    """Stands last: nothing is loaded before the ports are open, and nothing is closed before the models have ended."""

    def __init__(self, beginning: Beginning, models: Models, exchanges: Exchanges) -> None:
        self._settings = beginning.settings
        self._models = models
        self._observers = exchanges.observers

    async def start(self) -> None:
        """Begin to load the startup models."""
        for wanted in self._models.wanted.ask(self._startup_models()):
            await self._load(wanted)
        for warning in self._unmatched():
            logger.warning("%s", warning)

    def _unmatched(self) -> list[str]:
        """What the key `models` says of models that are not there."""
        loaded: dict[str, list[str]] = {}
        for model in self._models.catalog:
            loaded.setdefault(model.name, []).append(model.version)
        return unmatched(self._settings.models, loaded, {one.name for one in self._models.wanted if one.refusal})

    async def _load(self, wanted: WantedModel) -> None:
        """Whatever is wrong with one model is no reason not to serve the others."""
        asked, url = wanted.asked, shown_url(wanted.asked.url)
        handler = None if asked.saved is None else asked.saved.handler or None
        options = RegisterOptions(url=asked.url, model_name=asked.name, handler=handler, saved=asked.saved)
        try:
            await self._models.lifecycle.register(options, wanted=wanted)
        except ServescopeError as error:
            logger.error("Failed to load model %s", f"{url}: {error}")
            self._models.wanted.refused(wanted, error)
        except Exception as error:
            logger.exception("Failed to load model %s", url)
            self._models.wanted.refused(wanted, error)

    def _startup_models(self) -> list[LoadModel]:
        settings = self._settings
        if settings.model_snapshot is not None:
            logger.info(
                "The models are those of the snapshot %s: %d", settings.config_file, settings.model_snapshot.model_count
            )
            return restored(settings.model_snapshot, require_model_store(settings))
        if settings.load_all:
            return [LoadModel(name=None, url=name) for name in list_store(require_model_store(settings))]
        return list(settings.load_models)

    async def close(self, hurry: asyncio.Event) -> None:
        """/ping fails and new requests are refused; what is in flight is finished, in time; workers stop."""
        self._models.health.draining = True
        self._models.lifecycle.refuse_changes()
        at_rest = asyncio.ensure_future(self._observers.wait_for_rest())
        hurried = asyncio.ensure_future(hurry.wait())
        await self._drain(at_rest, hurried)
        await self._end_models(hurried, STOP_GRACE_S if at_rest.done() else 0.0)
        await asyncio.wait((at_rest,), timeout=1)  # whoever was failed by that gets to read it
        at_rest.cancel()
        hurried.cancel()

    async def _drain(self, at_rest: "asyncio.Future[None]", hurried: "asyncio.Task[Literal[True]]") -> None:
        """Wait until all requests are answered, in the time that they have, and say what was waited for."""
        seconds = self._patience_s()
        text = "Stopping: %d requests are in flight, and have %g s at most; SIGINT or `servescope stop --now` ends them"
        logger.info(text, self._observers.open, seconds)
        await asyncio.wait((at_rest, hurried), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if at_rest.done():
            logger.info("Stopping: all requests are answered; the workers end")
        else:
            why = "in a hurry" if hurried.done() else f"after {seconds:g} s"
            logger.warning("Stopping %s, %d requests are cut off: %s", why, self._observers.open, self._in_flight())

    async def _end_models(self, hurried: "asyncio.Task[Literal[True]]", grace_s: float) -> None:
        """Workers may be at requests whose clients have gone, which nobody waits for once there is a hurry."""
        lifecycle = self._models.lifecycle
        ending = asyncio.ensure_future(lifecycle.close(grace_s))
        await asyncio.wait((ending, hurried), return_when=asyncio.FIRST_COMPLETED)
        if not ending.done():
            logger.warning("Stopping: the workers are ended in a hurry")
            await lifecycle.close(0.0)
        await ending

    def _patience_s(self) -> float:
        """How long what is in flight may take: as long as a batch may, and a second to say that it took longer."""
        if self._settings.shutdown_timeout is not None:
            return float(self._settings.shutdown_timeout)
        models = [*self._models.catalog, *self._models.catalog.leaving()]
        return max((float(model.options.response_timeout_s) for model in models), default=0.0) + 1.0

    def _in_flight(self) -> str:
        """Of which models, and where they are."""
        models = [*self._models.catalog, *self._models.catalog.leaving()]
        counts = [
            f"{model.name} {model.version} has {model.dispatcher.in_hand} in workers and {len(model.dispatcher)} in the queue"
            for model in models
            if model.in_flight
        ]
        return "; ".join(counts) or "none of a model"
