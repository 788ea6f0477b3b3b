"""`ts.service`: a model's context and entry point together, which answer what TorchServe's front end asks.

In: a batch as `ts.protocol.otf_message_handler` reads it. Out: the bytes of the reply. This project's workers do without it; it is
for `ts.model_service_worker`, and for tests that call a handler through it.
"""

import logging
import os
import time

from servescope.worker.handler.context import Context
from servescope.worker.replies.failures import failure_of, words_for
from servescope.worker.replies.outputs import BadOutput, checked_outputs
from servescope.worker.requests.processor import RequestProcessor
from ts.protocol.otf_message_handler import create_predict_response
from ts.utils.util import PredictionException, get_yaml_config
from ts.version import __version__

__all__ = ["PREDICTION_METRIC", "PredictionException", "Service", "emit_metrics"]

PREDICTION_METRIC = "PredictionTime"
logger = logging.getLogger(__name__)


class Service:
    """Calls `entry_point(rows, context)`. `gpu` is a device number or None, `cl_socket` where pieces of answers go."""

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
            _yaml_config(model_dir, manifest),
        )
        self._entry_point = entry_point
        self.cl_socket = None

    @classmethod
    def around(cls, context, entry_point) -> "Service":
        """One with a context that is there already."""
        service = cls.__new__(cls)
        service._context, service._entry_point, service.cl_socket = context, entry_point, None
        return service

    @property
    def context(self) -> Context:
        """The context that the entry point is given."""
        return self._context

    def set_cl_socket(self, cl_socket) -> None:
        """Where pieces of answers are sent to."""
        self.cl_socket = cl_socket

    @staticmethod
    def retrieve_data_for_inference(batch):
        """The headers of each request, its row, and its id by its place in the batch.

        Raises:
            ValueError: there is no batch.
        """
        if batch is None:
            raise ValueError("Received invalid inputs: None")
        rows = [{one["name"]: one["value"] for one in request["parameters"]} for request in batch]
        ids = {place: request["requestId"].decode("utf-8") for place, request in enumerate(batch)}
        return [RequestProcessor(_headers(request)) for request in batch], rows, ids

    def predict(self, batch):
        """The reply to a batch, whatever becomes of it."""
        rows, ids = self._begin(self._context, batch)
        started = time.perf_counter()
        try:
            outputs = checked_outputs(self._entry_point(rows, self._context), len(rows))
            return self._done(self._context, ids, outputs, started)
        except Exception as error:
            return self._failed(ids, error)

    async def predict_async(self, batch):
        """As `predict`, of an entry point that is a coroutine: beside others, on a context of its own."""
        context = self._context.fork()
        rows, ids = self._begin(context, batch)
        started = time.perf_counter()
        try:
            outputs = checked_outputs(await self._entry_point(rows, context), len(rows))
            return self._done(context, ids, outputs, started)
        except Exception as error:
            return self._failed(ids, error)

    def _begin(self, context, batch):
        headers, rows, ids = self.retrieve_data_for_inference(batch)
        context.start_batch(list(ids.values()), headers)
        if hasattr(context.metrics, "set_request_ids"):
            context.metrics.set_request_ids(ids)
        context.cl_socket = self.cl_socket
        return rows, ids

    @staticmethod
    def _failed(ids, error):
        logger.warning("%s", words_for(error) if not isinstance(error, BadOutput) else error, exc_info=error)
        failure = failure_of(error)
        return create_predict_response(None, ids, failure.message, failure.code)

    @staticmethod
    def _done(context, ids, outputs, started):
        context.metrics.add_time(PREDICTION_METRIC, round((time.perf_counter() - started) * 1000, 2))
        return create_predict_response(outputs, ids, "Prediction success", 200, context=context)


def emit_metrics(metrics) -> None:
    """Log each of them, as lines that TorchServe's front end reads."""
    for metric in metrics or ():
        logger.info("[METRICS]%s", metric)


def _headers(request):
    """A request's own, and the type of each field."""
    types = {one["name"]: {"content-type": one["contentType"]} for one in request["parameters"]}
    own = {one["name"].decode("utf-8"): one["value"].decode("utf-8") for one in request.get("headers") or ()}
    return types | own


def _yaml_config(model_dir, manifest):
    """The model-config.yaml that the manifest names, {} where it names none."""
    model = manifest.get("model") if isinstance(manifest, dict) else None
    name = (model or {}).get("configFile")
    return get_yaml_config(os.path.join(model_dir, name)) if name else {}
