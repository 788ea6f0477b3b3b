"""What a handler is told about its model and its requests, and how it sets status and headers of its answers.

In: the model's facts at load and, for each batch, request ids and `RequestProcessor`s, from the session. Out: each
processor's `status` and `response_headers`, read by `outputs`. Names are TorchServe's (ts.context); header look-up is
case-insensitive here.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from servescope.wire.messages import EngineStats, ServedModel, Tokens
from servescope.worker.measuring.custom_metrics import CustomMetrics
from servescope.worker.requests.headers import Headers
from servescope.worker.requests.processor import CONTENT_TYPE, OK, RequestProcessor


class Context:
    """A model and the batch in hand. Handlers may hang attributes of their own on it.

    `stage_seconds`: what BaseHandler measured of the batch's preprocess, inference and postprocess. `started`:
    CLOCK_MONOTONIC seconds when the worker took the batch up.

    A language model's handler sets `served_models` when it is initialised and `take_tokens` for each request: what the model
    did for it since the last call. `send_engine_stats` is there for it while the worker serves; `end`, if it sets one, is
    called when that is over.

    `gpu_id` is None on a CPU, `batch_size` the most requests in a batch, `model_yaml_config` the whole of
    model-config.yaml. `environ` may rename the sequence headers (TS_REQUEST_SEQUENCE_ID, _START, _END).
    """

    # Until a session or the handler sets them.
    stopping_criteria: Any = None
    cl_socket: Any = None
    send_partial: Callable[[list[Any], int], None] | None = None
    started: float = 0.0
    take_tokens: Callable[[], Tokens | None] | None = None
    send_engine_stats: Callable[[EngineStats], None] | None = None
    end: Callable[[], None] | None = None

    # Of the batch in hand: see `start_batch`.
    request_processor: list[RequestProcessor]
    stage_seconds: dict[str, float]
    _ids: list[str]
    _request_ids: dict[int, str] | None

    def __init__(
        self,
        model_name: str,
        model_dir: str,
        manifest: dict[str, Any],
        batch_size: int,
        gpu_id: int | None,
        server_version: str,
        limit_max_image_pixels: bool = True,
        metrics: CustomMetrics | None = None,
        model_yaml_config: dict[str, Any] | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self.model_name = model_name
        self.manifest = manifest
        self.system_properties: dict[str, Any] = {
            "model_dir": str(model_dir),
            "gpu_id": gpu_id,
            "batch_size": batch_size,
            "server_name": "MMS",
            "server_version": server_version,
            "limit_max_image_pixels": limit_max_image_pixels,
        }
        self.model_yaml_config: dict[str, Any] = model_yaml_config if model_yaml_config is not None else {}
        self.header_key_sequence_id = environ.get("TS_REQUEST_SEQUENCE_ID", "ts_request_sequence_id")
        self.header_key_sequence_start = environ.get("TS_REQUEST_SEQUENCE_START", "ts_request_sequence_start")
        self.header_key_sequence_end = environ.get("TS_REQUEST_SEQUENCE_END", "ts_request_sequence_end")
        self.served_models: list[ServedModel] = []
        self.start_batch([], [RequestProcessor(())])
        self.metrics = metrics if metrics is not None else CustomMetrics(model_name)

    @property
    def metrics(self) -> CustomMetrics:
        """The custom metrics API; it takes its request ids from this context unless it has a source of its own."""
        return self._metrics

    @metrics.setter
    def metrics(self, metrics: CustomMetrics) -> None:
        self._metrics = metrics
        # A handler's tests may put a double in place that has no `request_id`.
        if isinstance(metrics, CustomMetrics) and metrics.request_id is None:
            metrics.request_id = self._metric_request_id

    @property
    def request_ids(self) -> dict[int, str]:
        """Index in the batch → request id."""
        if self._request_ids is None:
            self._request_ids = dict(enumerate(self._ids))
        return self._request_ids

    @request_ids.setter
    def request_ids(self, ids: Mapping[int, str]) -> None:
        self._request_ids = dict(ids)
        self._ids = list(ids.values())

    def start_batch(self, ids: list[str], processors: list[RequestProcessor]) -> None:
        """Turn to the next batch: one id and one processor a request, in the order of the rows."""
        self._ids = ids
        self._request_ids = None
        self.request_processor = processors
        self.stage_seconds = {}

    def fork(self) -> "Context":
        """A context for one more batch at the same time: own requests, shared model facts and metrics."""
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__)
        twin.take_tokens = None
        twin.start_batch([], [RequestProcessor(())])
        twin.metrics = self._metrics.fork()
        return twin

    def narrowed(self, indices: Sequence[int]) -> "Context":
        """A context for these requests of the batch only, in their order. What they set is set in the batch; stages add up
        there.
        """
        twin = self.fork()
        twin.start_batch([self._ids[index] for index in indices], [self.request_processor[index] for index in indices])
        twin.started = self.started
        twin.stage_seconds = self.stage_seconds
        return twin

    def let_go(self) -> None:
        """The batch is over. What is held in a circle, its bodies too, would be left to the garbage collector."""
        self.send_partial = None
        metrics = self._metrics
        if isinstance(metrics, CustomMetrics) and metrics.request_id == self._metric_request_id:
            ids = self._metric_request_id(None)
            metrics.request_id = lambda _idx: ids  # for what the handler may still write

    def get_request_id(self, idx: int = 0) -> str | None:
        """The id of request `idx`; None beyond the batch."""
        return self.request_ids.get(idx)

    def get_request_header(self, idx: int, key: str) -> Any:
        """A header of request `idx`, its name in any case; None without."""
        return self.request_processor[idx].get_request_property(key)

    def get_all_request_header(self, idx: int) -> Headers:
        """All headers of request `idx`."""
        return self.request_processor[idx].get_request_properties()

    def set_response_content_type(self, idx: int, value: str) -> None:
        """Set the Content-Type of answer `idx`; without it none is sent."""
        self.request_processor[idx].add_response_property(CONTENT_TYPE, value)

    def get_response_content_type(self, idx: int) -> str | None:
        """The Content-Type that was set for answer `idx`."""
        return self.request_processor[idx].get_response_header(CONTENT_TYPE)

    def get_response_status(self, idx: int) -> tuple[int, str | None]:
        """Status and phrase of answer `idx`."""
        processor = self.request_processor[idx]
        return processor.status, processor.reason

    def set_response_status(self, code: int = OK, phrase: str = "", idx: int = 0) -> None:
        """Set the HTTP status of answer `idx`; the body stays the handler's."""
        self.request_processor[idx].report_status(code, phrase)

    def set_all_response_status(self, code: int = OK, phrase: str = "") -> None:
        """Set the HTTP status of all answers of the batch."""
        for processor in self.request_processor:
            processor.report_status(code, phrase)

    def get_response_headers(self, idx: int) -> dict[str, str]:
        """The headers that were set for answer `idx`."""
        return self.request_processor[idx].get_response_headers()

    def get_response_header(self, idx: int, key: str) -> str | None:
        """One header that was set for answer `idx`."""
        return self.request_processor[idx].get_response_header(key)

    def set_response_header(self, idx: int, key: str, value: Any) -> None:
        """Set a header of answer `idx`."""
        self.request_processor[idx].add_response_property(key, value)

    def get_sequence_id(self, idx: int) -> str:
        """The sequence that request `idx` belongs to; "" without."""
        return self.get_request_header(idx, self.header_key_sequence_id) or ""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Context):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        return hash(self.model_name)

    def _identity(self) -> tuple[Any, ...]:
        return self.model_name, self.manifest, self.system_properties, self.model_yaml_config, self.request_ids

    def _metric_request_id(self, idx: int | None) -> str:
        if idx is None:
            ids = self._ids
            return ids[0] if len(ids) == 1 else ",".join(ids)
        return self.request_ids.get(idx) or ",".join(self._ids)
