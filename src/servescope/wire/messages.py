"""What the front end and a worker say to each other, as msgspec structs encoded by position.

Front end → worker: `Load`, then any number of `Batch` (or `spooled.placing.Placed`), `Cancel`, at last `Stop`.
Worker → front end: `Loaded`, then `Reply` (one or, when streaming, several a batch), `EngineStats` of a language model's, `Stepped`
of a running batch's, `Unread` of bodies that it cannot have. What a handler measures is not sent: see `wire.measured`.
Bodies over `frames.INLINE_LIMIT` travel beside the message, uncopied; see `frames`.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from servescope.errors import Raised

# What the server says of a request of KServe's V2 protocol, among the headers that it adds.
PROTOCOL_HEADER = "x-inference-protocol"
V2_PROTOCOL = "kserve-v2"


class Field(Struct, array_like=True):
    """One part of a request: a form field, or the whole body under the key `body`.

    `data` is the bytes themselves, or the length in bytes of the next attachment of the frame.
    `content_type` is the part's MIME type, "" where none was sent.
    """

    name: str
    content_type: str
    data: bytes | int


class Request(Struct, array_like=True):
    """One request of a batch. `headers` are the wire's, in their own case; `extra` are the server's (`explain`, `url_path`)."""

    id: str
    headers: list[tuple[bytes, bytes]]
    extra: Mapping[str, str]
    fields: list[Field]


class Load(Struct, array_like=True, tag="load"):
    """Load a model. Paths are absolute; `gpu_id` is None on a CPU. `metrics` are metrics.yaml's model_metrics.

    `auto_detect` says whether a metric that `metrics` does not declare is registered on first use. `answer_limit`: the most
    bytes that the body of an answer may have, and as many its headers together (max_response_size); 0: any number. `v2`: None where
    the model does not speak that protocol. `continuous`: a handler that is no coroutine is called step by step, with a running
    batch of `batch_size` rows. `busy_poll`: whether it may wait awake for its next batch (`wire.polling`).
    """

    model_name: str
    model_version: str
    model_dir: str
    manifest: dict[str, Any]
    handler: str
    envelope: str
    batch_size: int
    gpu_id: int | None
    limit_max_image_pixels: bool
    decode_input: bool
    auto_detect: bool
    metrics: list["MetricDeclaration"]
    answer_limit: int = 0
    measuring: "Measuring | None" = None
    writing: "Writing | None" = None
    v2: "V2Tensors | None" = None
    continuous: bool = False
    busy_poll: bool = False


class Writing(Struct, array_like=True):
    """How answers are written. `json_nan`: what becomes of NaN and Infinity in JSON (keep, null or error). `typed`: JSON that the
    worker writes says so in its Content-Type, unless the handler has set one.
    """

    json_nan: str = "keep"
    typed: bool = False


class V2Tensors(Struct, array_like=True):
    """How a model speaks KServe's V2 protocol. `numpy`: its handler is given arrays in place of lists. `outputs`: names and
    datatypes of its outputs in their order, where they are declared.
    """

    numpy: bool = False
    outputs: list[tuple[str, str]] = []


class Measuring(Struct, array_like=True):
    """How a worker keeps what its handler measures. `series`: how many series of a metric, and how many metrics, it tells apart.

    `each`: every write by itself and with its time, for a mode that logs; else writes are added up. The upper bounds of histograms:
    `bounds_by_name` by the name that a metric is shown under, in the unit that it is shown in, which the worker does not know;
    `bounds_by_unit` by a write's unit and in it; `bounds` for all others. `conversions`: by a unit, what a number in each unit that
    the metric may be shown in is multiplied with, and then divided by, to be in it. Names and units are in lower case.
    """

    series: int = 100
    each: bool = False
    bounds_by_name: dict[str, list[float]] = {}
    bounds_by_unit: dict[str, list[float]] = {}
    bounds: list[float] = []
    conversions: dict[str, list[tuple[float, float]]] = {}


class MetricDeclaration(Struct, array_like=True):
    """A custom metric that metrics.yaml declares; `kind` is counter, gauge or histogram."""

    kind: str
    name: str
    unit: str
    dimensions: list[str]


class Batch(Struct, array_like=True, tag="batch"):
    """Requests to be handled in one call. `id` comes back in the replies."""

    id: int
    requests: list[Request]


class Cancel(Struct, array_like=True, tag="cancel"):
    """The client of this request hung up; an asynchronous handler's task is cancelled. Clients choose ids, and two may choose
    the same: so it says which batch the request is in.
    """

    batch_id: int
    request_id: str


class Stop(Struct, array_like=True, tag="stop"):
    """Finish what is in hand, then exit."""


class NoMore(Struct, array_like=True, tag="no_more"):
    """From rank 0 of a worker to its other ranks: it has looked for more requests before a step, and found none."""


class ServedModel(Struct, array_like=True):
    """A name that a language model's worker answers to: the model itself (`parent` None), or an adapter of it.

    `root`: where its weights are from. `max_model_len`: tokens of prompt and answer together.
    """

    id: str
    root: str
    parent: str | None
    max_model_len: int | None


class Loaded(Struct, array_like=True, tag="loaded"):
    """The outcome of `Load`: code 200, 500 or 507. `concurrent`: an async handler that takes batches at any time.

    `served`: the names of a language model, none for any other. `reason`: why its engine cannot be started, for whoever
    registers it; "" for any other model, of which TorchServe's clients hear no more than that it failed. `rows`: how many requests
    its running batch has room for, 0 where it keeps none.
    """

    code: int
    message: str
    concurrent: bool
    served: list[ServedModel] = []
    reason: str = ""
    rows: int = 0


class Part(Struct, array_like=True):
    """The answer, or a piece of it, to one request. `data` as in `Field`. `error`: there is no answer, or no more of it, and why;
    the others of the batch have theirs. `mistake`: that is the client's own fault. `raised`: as in `Reply`.
    """

    status: int
    headers: dict[str, str]
    data: bytes | int
    error: str = ""
    mistake: bool = False
    raised: Raised | None = None


class Tokens(Struct, array_like=True):
    """What a language model has done for a request since the last reply to it.

    `prompt`, `cached` (those of them that were in the cache) and `generation`: tokens. `first_s`: seconds from the reply's
    `started` to the request's first token, where it is among these. `gaps_s`: seconds between one output of a sequence and
    its next. `finished`: why sequences of the engine ended (stop, length, abort, error).
    """

    prompt: int = 0
    cached: int = 0
    generation: int = 0
    first_s: float | None = None
    gaps_s: list[float] = []
    finished: list[str] = []


class EngineStats(Struct, array_like=True, tag="engine"):
    """A language model's engine now: requests that it works on and that wait in it, the share of its KV cache in use (0–1),
    and how often it preempted a request since the last message.
    """

    running: int
    waiting: int
    kv_cache_usage: float
    preemptions: int


class Stepped(Struct, array_like=True, tag="stepped"):
    """A step of a running batch is over: `rows` were in it, and it took `seconds`. `left`: the steps that each request has had that
    is not in the batch any more since the last message. Without rows there was no step.
    """

    rows: int
    seconds: float
    left: list[int]


class Unread(Struct, array_like=True, tag="unread"):
    """Bodies of a batch are not where they were said to lie: by their requests' places in it, and why. The answers that follow are
    those of the others.
    """

    batch_id: int
    lost: list[tuple[int, str]]


class Reply(Struct, array_like=True, tag="reply"):
    """Answers to a batch in its order. `code` other than 200 is an error for all of it, with its text in `message`.

    `final` is False for a streamed piece. `started`: CLOCK_MONOTONIC seconds when the worker took the batch up.
    `stages` (with the final one): seconds of `prediction`, the handler's entry point, also where it failed, and of preprocess,
    inference and postprocess where the handler tells them apart. `tokens`: of a language model, whose batches are of one.
    `deliberate`: the handler chose code and message itself, by a PredictionException. `raised`: by the handler, where that is
    why it failed.
    """

    batch_id: int
    final: bool
    code: int
    message: str
    parts: list[Part]
    started: float
    stages: dict[str, float]
    tokens: Tokens | None = None
    deliberate: bool = False
    raised: Raised | None = None


ToWorker = Load | Batch | Cancel | Stop
ToRank = ToWorker | NoMore  # from rank 0 to the others, which answer with `Loaded`
FromWorker = Loaded | Reply | EngineStats | Stepped | Unread
