"""The time in which models are served: the startup models are loaded when it begins, all work is finished when it ends."""

import asyncio
import logging

from servescope.archive.source import list_store
from servescope.config.load import require_model_store
from servescope.config.load_list import LoadModel
from servescope.config.model.options import RegisterOptions
from servescope.errors import ServescopeError
from servescope.server.beginning import Beginning
from servescope.server.composition import Part
from servescope.server.exchanges import Exchanges
from servescope.server.models import Models
from servescope.serving.wanted import WantedModel, without_queries

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

    async def _load(self, wanted: WantedModel) -> None:
        """Whatever is wrong with one model is no reason not to serve the others."""
        url = wanted.asked.url
        options = RegisterOptions(url=url, model_name=wanted.asked.name)
        try:
            await self._models.lifecycle.register(options, wanted)
        except ServescopeError as error:
            logger.error("Failed to load model %s", without_queries(f"{url}: {error}"))
            self._models.wanted.refused(wanted, error)
        except Exception as error:
            logger.exception("Failed to load model %s", without_queries(url))
            self._models.wanted.refused(wanted, error)

    def _startup_models(self) -> list[LoadModel]:
        settings = self._settings
        if settings.load_all:
            return [LoadModel(name=None, url=name) for name in list_store(require_model_store(settings))]
        return list(settings.load_models)

    async def close(self, hurry: asyncio.Event) -> None:
        """/ping fails and new requests are refused; what is in flight is finished; workers stop."""
        self._models.health.draining = True
        logger.info("Stopping: %d requests are in flight", self._observers.open)
        grace = max((float(model.options.response_timeout_s) for model in self._models.catalog), default=0.0)
        at_rest = asyncio.ensure_future(self._observers.wait_for_rest())
        hurried = asyncio.ensure_future(hurry.wait())
        await asyncio.wait((at_rest, hurried), timeout=grace + 1, return_when=asyncio.FIRST_COMPLETED)
        await self._models.lifecycle.close(0.0 if hurry.is_set() else STOP_GRACE_S)
        await asyncio.wait((at_rest,), timeout=1)  # whoever was failed by that gets to read it
        at_rest.cancel()
        hurried.cancel()
