"""`ts.service`: a model's context and entry point together, for handlers and their tests that build one themselves."""

from typing import Any

from servescope.worker.handler.context import Context
from ts.utils.util import PredictionException

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
            model_name, model_dir, manifest or {}, batch_size, gpu, "", limit_max_image_pixels, metrics_cache
        )
        self._entry_point = entry_point

    @property
    def context(self) -> Context:
        """The context that the entry point is given."""
        return self._context

    def predict(self, batch: list[dict[str, Any]]) -> Any:
        """The entry point's answer to a list of rows."""
        return self._entry_point(batch, self._context)
