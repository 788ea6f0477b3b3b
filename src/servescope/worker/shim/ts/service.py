"""`ts.service`: a model's context and entry point together, for handlers and their tests that build one themselves."""

import os
from typing import Any

from servescope.worker.handler.context import Context
from ts.utils.util import PredictionException, get_yaml_config
from ts.version import __version__

__all__ = ["PredictionException", "Service"]


class Service:
    """Calls `entry_point(rows, context)`. Workers do not use it; `gpu` is a device number or None."""

    def __init__(
        self,
        model_name,
        model_dir,
        manifest,
        entry_point,
        gpu,
        batch_size,
        limit_max_image_pixels=True,
        metrics_cache=None,
    ) -> None:
        self._context = Context(
            model_name,
            model_dir,
            manifest or {},
            batch_size,
            gpu,
            __version__,
            limit_max_image_pixels,
            metrics_cache,
            _yaml_config(model_dir, manifest or {}),
        )
        self._entry_point = entry_point

    @classmethod
    def around(cls, context, entry_point) -> "Service":
        """One with a context that is there already."""
        service = cls.__new__(cls)
        service._context, service._entry_point = context, entry_point
        return service

    @property
    def context(self) -> Context:
        """The context that the entry point is given."""
        return self._context

    def predict(self, batch: list[dict[str, Any]]) -> Any:
        """The entry point's answer to a list of rows."""
        return self._entry_point(batch, self._context)


def _yaml_config(model_dir, manifest):
    """The model-config.yaml that the manifest names, {} where it names none."""
    name = manifest.get("model", {}).get("configFile")
    return get_yaml_config(os.path.join(model_dir, name)) if name else {}
