"""`ts.model_loader`: a model's directory → a `Service`, for scripts and tests that call a handler without a server.

Handlers are found and initialised as in workers.
"""

import asyncio
import importlib
import json
import os
import uuid
from pathlib import Path

from servescope.errors import ServescopeError
from servescope.worker.handler.loader import load_handler
from ts.service import Service


class ModelLoaderFactory:
    """Gives the one loader that there is."""

    @staticmethod
    def get_model_loader():
        """A `TsModelLoader`."""
        return TsModelLoader()


class ModelLoader:
    """What a loader can do."""

    def load(
        self,
        model_name,
        model_dir,
        handler=None,
        gpu_id=None,
        batch_size=None,
        envelope=None,
        limit_max_image_pixels=True,
    ):
        """The model, ready to predict."""
        raise NotImplementedError(f"{type(self).__name__} has no load")


class TsModelLoader(ModelLoader):
    """Loads what torch-model-archiver packs, once it is unpacked."""

    def load(
        self,
        model_name,
        model_dir,
        handler=None,
        gpu_id=None,
        batch_size=None,
        envelope=None,
        limit_max_image_pixels=True,
        metrics_cache=None,
    ):
        """A `Service` whose handler has loaded its model. Without `handler`, the manifest's.

        Raises:
            ValueError: there is no such handler, or not just one. What the handler raises comes through as it is.
        """
        if metrics_cache is not None:
            metrics_cache.set_request_ids(str(uuid.uuid4()))
        manifest = _manifest(model_dir)
        handler = handler or manifest.get("model", {}).get("handler", "")
        facts = (gpu_id, batch_size, limit_max_image_pixels, metrics_cache)
        service = Service(model_name, model_dir, manifest, None, *facts)
        try:
            entry = load_handler(handler, Path(model_dir), service.context, asyncio.run).entry
        except ServescopeError as error:
            raise ValueError(error.message) from error
        return Service.around(service.context, _enveloped(entry, envelope))


def _manifest(model_dir):
    path = os.path.join(model_dir, "MAR-INF", "MANIFEST.json")
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def _enveloped(entry, envelope):
    if envelope is None:
        return entry
    module = importlib.import_module(f"ts.torch_handler.request_envelope.{envelope}")
    return getattr(module, module.__all__[0])(entry).handle
