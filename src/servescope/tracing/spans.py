"""The spans of one request: in, what is known of a finished request; out, names, times and attributes. Pure.

`export` calls it with what `web` filled in (`finished`). Attributes follow OpenTelemetry's semantic conventions of
`SCHEMA_URL` for HTTP servers and exceptions (both stable) and for gRPC's, and are named `servescope.*` where those have no name.
"""

import re
from typing import NamedTuple

from servescope.errors import Raised
from servescope.metrics.definitions.requests import STAGES
from servescope.metrics.recording.codes import HUNG_UP
from servescope.tracing.finished import Finished, FinishedAttempt, FinishedRequest

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
    if not left and request.rpc:
        attributes["rpc.grpc.status_code"] = request.rpc_status
    elif not left:
        attributes["http.response.status_code"] = request.status
    if failed:
        attributes["error.type"] = request.error or str(request.status)
    elif left:
        attributes["error.type"] = CLIENT_LEFT_TYPE
    start, end = _bounds(request, offset_ns)
    event = SpanEvent(CLIENT_LEFT_TYPE, {}) if left else None
    if event is None and request.raised is not None and _failing_stage(request) is None:
        event = _exception(request.raised)
    return SpanData(_name(request), start, end, attributes, failed, event)


def _name(request: FinishedRequest) -> str:
    """Conventions forbid a name that holds what a client made up; `_OTHER` reads as HTTP there."""
    if request.rpc:
        return request.rpc
    method = request.method if request.method in _KNOWN_METHODS else "HTTP"
    return f"{method} {request.route}"


def _asked(request: FinishedRequest) -> Attributes:
    """What was asked, by whom, and who worked on it."""
    attributes: Attributes = _asked_by_rpc(request) if request.rpc else _asked_by_http(request)
    if request.workflow:
        attributes["servescope.workflow.name"] = _text(request.model)
        attributes["servescope.request_id"] = _text(request.request_id)
    else:
        attributes |= _of_model(request)
    return attributes | _ends(request)


def _asked_by_http(request: FinishedRequest) -> Attributes:
    method = request.method if request.method in _KNOWN_METHODS else "_OTHER"
    attributes: Attributes = {
        "http.request.method": method,
        "url.scheme": request.scheme,
        "url.path": _text(request.path),
        "http.route": request.route,
    }
    if method == "_OTHER":
        attributes["http.request.method_original"] = _text(request.method)
    return attributes


def _asked_by_rpc(request: FinishedRequest) -> Attributes:
    service, _, method = request.rpc.rpartition("/")
    return {"rpc.system": "grpc", "rpc.service": service, "rpc.method": method}


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
