"""The spans of one request: in, what is known of a finished request; out, names, times and attributes. Pure.

`web` fills in the `FinishedRequest`, `export` calls the rest. Attributes follow OpenTelemetry's semantic conventions of
`SCHEMA_URL` for HTTP servers and exceptions (both stable), and are named `servescope.*` where those have no name.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from msgspec import Struct

from servescope.errors import Raised
from servescope.metrics.definitions.requests import STAGES
from servescope.metrics.recording.codes import HUNG_UP

SCHEMA_URL = "https://opentelemetry.io/schemas/1.37.0"
CLIENT_LEFT_TYPE = "client_disconnected"
WORKER_STAGES = frozenset(("preprocess", "inference", "postprocess", "handler"))

# The handler's own span is what is left of its time when its stages are told apart; it raised in the last of these that there is.
_FAILING = ("handler", "postprocess", "inference", "preprocess")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]\s/@]{1,255})(?::(\d{1,5}))?")
_PORTS = {"http": 80, "https": 443}
_LONGEST_AGENT = 1024

_KNOWN_METHODS = frozenset(("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"))
_NS = 1_000_000_000

Attributes = dict[str, str | int]


class Finished(Struct, frozen=True, kw_only=True):
    """A request of a model with its outcome. `began`, `ended`: monotonic seconds.

    `status`: the code it is counted under; 499 when the client hung up. `error`: the error's type name, "" for the code itself.
    `version`: of the model that answered. `worker`: "" and `batch_size`: 0 where no worker got it. `stages`: seconds by stage,
    those of `servescope_request_stage_seconds`, in any order, adding up to the duration. `raised`: by the handler, where that is
    why it failed.
    """

    began: float
    ended: float
    status: int
    model: str
    version: str
    request_id: str
    stages: Mapping[str, float]
    worker: str = ""
    batch_size: int = 0
    error: str = ""
    raised: Raised | None = None


class FinishedAttempt(Finished, frozen=True, kw_only=True):
    """A part of a workflow's request: an attempt of a `node`, from 1 on. `outcome`: ok, failed, timeout or cancelled."""

    workflow: str
    node: str
    attempt: int
    outcome: str


class FinishedRequest(Finished, frozen=True, kw_only=True):
    """A client's request. `route`: the path's template (`/predictions/{model_name}`); `path`: what was asked, decoded. `scheme`:
    http or https. `host`: the Host header, or "". `client`, `peer`: address and port, 0 if not known, of who asked and of who the
    connection is with; None on a Unix socket. `workflow`: it is one's, and `model` is its name; its time is in its parts.
    """

    method: str
    route: str
    path: str
    workflow: bool = False
    scheme: str = "http"
    host: str = ""
    client: tuple[str, int] | None = None
    peer: tuple[str, int] | None = None
    user_agent: str = ""


class SpanEvent(NamedTuple):
    """What happened at a span's end."""

    name: str
    attributes: Attributes


class SpanData(NamedTuple):
    """A span without its ids. Times in unix nanoseconds. `failed`: status ERROR, else unset. `event`: at its end."""

    name: str
    start_ns: int
    end_ns: int
    attributes: Attributes
    failed: bool = False
    event: SpanEvent | None = None


def server_span(request: FinishedRequest, offset_ns: int) -> SpanData:
    """The span of the whole request. `offset_ns`: unix time less monotonic time, in nanoseconds.

    5xx is an error; the exception is that of a handler's span, where there is one. 4xx is the client's and leaves the status
    unset, and so does a client that hung up: no code was sent then, and the span gets `error.type` client_disconnected and an event
    of that name.
    """
    attributes = _asked(request)
    failed = request.status >= 500
    left = request.status == HUNG_UP
    if not left:
        attributes["http.response.status_code"] = request.status
    if failed:
        attributes["error.type"] = request.error or str(request.status)
    elif left:
        attributes["error.type"] = CLIENT_LEFT_TYPE
    # Conventions forbid a span's name that holds what a client made up, and `_OTHER` reads as HTTP there.
    method = request.method if request.method in _KNOWN_METHODS else "HTTP"
    start, end = _bounds(request, offset_ns)
    event = SpanEvent(CLIENT_LEFT_TYPE, {}) if left else None
    if event is None and request.raised is not None and _failing_stage(request) is None:
        event = _exception(request.raised)
    return SpanData(f"{method} {request.route}", start, end, attributes, failed, event)


def _asked(request: FinishedRequest) -> Attributes:
    """What was asked, by whom, and who worked on it."""
    method = request.method if request.method in _KNOWN_METHODS else "_OTHER"
    attributes: Attributes = {
        "http.request.method": method,
        "url.scheme": request.scheme,
        "url.path": _text(request.path),
        "http.route": request.route,
    }
    if request.workflow:
        attributes["servescope.workflow.name"] = _text(request.model)
        attributes["servescope.request_id"] = _text(request.request_id)
    else:
        attributes |= _of_model(request)
    attributes |= _ends(request)
    if method == "_OTHER":
        attributes["http.request.method_original"] = _text(request.method)
    return attributes


def _of_model(request: Finished) -> Attributes:
    """Which model was asked, and who worked on it."""
    attributes: Attributes = {
        "servescope.model.name": _text(request.model),
        "servescope.model.version": _text(request.version),
        "servescope.request_id": _text(request.request_id),
    }
    if request.worker:
        attributes["servescope.worker"] = _text(request.worker)
        attributes["servescope.batch.size"] = request.batch_size
    return attributes


def attempt_span(attempt: FinishedAttempt, offset_ns: int) -> SpanData:
    """The span of an attempt of a workflow's node, which is its name. One that did not answer is an error, unless nobody waited."""
    attributes: Attributes = {
        "servescope.workflow.name": _text(attempt.workflow),
        "servescope.workflow.node": _text(attempt.node),
        "servescope.workflow.attempt": attempt.attempt,
        "servescope.workflow.outcome": attempt.outcome,
        **_of_model(attempt),
    }
    failed = attempt.outcome in ("failed", "timeout")
    if failed:
        attributes["error.type"] = attempt.error or str(attempt.status)
    event = None
    if attempt.raised is not None and _failing_stage(attempt) is None:
        event = _exception(attempt.raised)
    start, end = _bounds(attempt, offset_ns)
    return SpanData(_text(attempt.node), start, end, attributes, failed, event)


def _ends(request: FinishedRequest) -> Attributes:
    """Who asked, and whom it asked, as far as they are known."""
    found: Attributes = {}
    host = _HOST.fullmatch(request.host)
    if host is not None:
        found["server.address"] = _text(host[1].strip("[]"))
        found["server.port"] = int(host[2] or _PORTS.get(request.scheme, 80))
    for name, end in (("client", request.client), ("network.peer", request.peer)):
        if end is not None:
            found[f"{name}.address"] = _text(end[0])
            if end[1]:
                found[f"{name}.port"] = end[1]
    if request.user_agent:
        found["user_agent.original"] = _text(request.user_agent[:_LONGEST_AGENT])
    return found


def _failing_stage(request: Finished) -> str | None:
    """Which of the spans is that of the handler that raised; None where it did not, or that took no time."""
    if request.raised is None or request.status < 500:
        return None
    return next((name for name in _FAILING if request.stages.get(name, 0.0) > 0), None)


def _exception(raised: Raised) -> SpanEvent:
    return SpanEvent(
        "exception",
        {
            "exception.type": _text(raised.kind),
            "exception.message": _text(raised.text),
            "exception.stacktrace": _text(raised.trace),
        },
    )


def stage_spans(request: Finished, offset_ns: int) -> list[SpanData]:
    """A span for each stage that took time, laid end to end from the request's beginning, in the order of `STAGES`.

    Stages are known by their lengths. They add up to the duration, so where one ends the next begins; rounding never puts
    one past the request's end. `dispatch` and `handler` are remainders: their time stands in one piece, though it passed in
    several. Worker stages carry the worker's name.
    """
    start, last = _bounds(request, offset_ns)
    spans = []
    failing = _failing_stage(request)
    whole = max(0.0, request.ended - request.began)
    passed = 0.0
    for name in STAGES:
        seconds = request.stages.get(name, 0.0)
        if not seconds > 0:  # nor NaN
            continue
        begin = min(start + int(passed * _NS), last)
        passed = min(passed + seconds, whole)  # a worker may say anything, infinity too
        end = min(start + int(passed * _NS), last)
        attributes: Attributes = {"servescope.worker": _text(request.worker)} if name in WORKER_STAGES else {}
        event = None
        if name == failing and request.raised is not None:
            attributes["error.type"] = _text(request.raised.kind)
            event = _exception(request.raised)
        spans.append(SpanData(name, begin, max(begin, end), attributes, name == failing, event))
    return spans


def _bounds(request: Finished, offset_ns: int) -> tuple[int, int]:
    start = int(request.began * _NS) + offset_ns
    return start, max(start, int(request.ended * _NS) + offset_ns)


def _text(value: str) -> str:
    """What protobuf can carry: one lone surrogate would lose a whole batch of spans."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
