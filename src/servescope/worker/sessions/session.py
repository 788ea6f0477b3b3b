"""One worker's life after the model is loaded: batches in, replies out, until told to stop or left alone.

`Session` serves ordinary handlers, one batch at a time, on the calling thread; `worker.sessions.concurrent` the asynchronous ones.
Called by `worker.__main__`. An error of the handler becomes the reply that TorchServe gives; nothing here lets one escape.
"""

import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from servescope.errors import Raised
from servescope.wire.blocking import BlockingChannel, ChannelClosed
from servescope.wire.frames import Buffer
from servescope.wire.messages import Batch, Part, Reply, Stop
from servescope.worker.handler.context import Context
from servescope.worker.handler.loader import LoadedHandler
from servescope.worker.replies.answer import Room, answer_of
from servescope.worker.replies.outputs import BadOutput, build_parts, build_pieces
from servescope.worker.replies.records import NAME, REQUESTS, write_record
from servescope.worker.replies.stages import stages_of
from servescope.worker.replies.texts import shorten, text_of, traceback_of
from servescope.worker.requests.rows import Bodies, read_requests

OUT_OF_RESOURCES = "Out of resources"
PREDICTION_FAILED = "Prediction failed"
_SHOWN = 200
_TOLD, _TOLD_TRACE = 1024, 16 * 1024  # bytes, for traces: each request of a batch that failed has them


@dataclass(frozen=True)
class Failure:
    """The status and text of a reply for a batch that failed, and what the handler raised."""

    code: int
    message: str
    raised: Raised | None = field(default=None, compare=False)


def failure_of(error: BaseException) -> Failure:
    """The answer that TorchServe's service gives for what a handler raised."""
    code, message = _answer_for(error)
    return Failure(code, message, raised_by(error))


def raised_by(error: BaseException) -> Raised:
    """The exception for a trace: its class as OpenTelemetry names it, its text, its traceback."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return Raised(shorten(name, _SHOWN), shorten(text_of(error), _TOLD), shorten(traceback_of(error), _TOLD_TRACE))


def _answer_for(error: BaseException) -> tuple[int, str]:
    if _is_prediction_exception(error):
        code = error.error_code  # type: ignore[attr-defined]
        text = text_of(getattr(error, "message", error))
        if not isinstance(code, int) or not 200 <= code <= 999:
            shown = repr(code) if isinstance(code, str) else text_of(code)
            return 500, f"{text} (raised with the impossible code {shorten(shown, _SHOWN)})"
        return 507 if code == 413 else int(code), text
    if isinstance(error, BadOutput):
        return 503, text_of(error)
    if isinstance(error, MemoryError) or _speaks_of_cuda(error):
        return 507, OUT_OF_RESOURCES
    return 503, PREDICTION_FAILED


def _is_prediction_exception(error: BaseException) -> bool:
    """The handler raises the shim's class or one made from it; this module must not import it, and knows it by its name."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return "PredictionException" in names and hasattr(error, "error_code")


def _speaks_of_cuda(error: BaseException) -> bool:
    try:
        return "CUDA" in str(error)
    except Exception:  # a handler's own __str__
        return False


def described(error: BaseException) -> str:
    """An error in words, as a traceback ends with it, and fit for a message."""
    text = text_of(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def words_for(error: BaseException) -> str:
    """What TorchServe's service logs of what a handler raised, before its traceback."""
    if _is_prediction_exception(error):
        return "Prediction error."
    if isinstance(error, MemoryError):
        return "System out of memory."
    return "CUDA out of memory." if _speaks_of_cuda(error) else "Invoking custom service failed."


def report_failure(error: BaseException, request_ids: Sequence[str], what: str = "") -> None:
    """Have the model log say what happened, to whom. `what`: by default what TorchServe says of a handler that raised."""
    what = what or words_for(error)
    text = f"{what} Requests: {', '.join(request_ids)}" if request_ids else what
    write_record(sys.stderr, logging.ERROR, NAME, text, traceback_of(error), request_ids)


class Session:
    """Batches of one worker, handled one after the other. `answer_limit`: as in `Load`."""

    def __init__(
        self,
        channel: BlockingChannel,
        handler: LoadedHandler,
        context: Context,
        decode: bool,
        answer_limit: int = 0,
    ) -> None:
        self._channel = channel
        self._entry = handler.entry
        self._context = context
        self._decode = decode
        self._answer_limit = answer_limit

    def run(self) -> None:
        """Serve until `Stop`.

        Raises:
            ChannelClosed: the front end has gone.
        """
        while True:
            message, body = self._channel.receive()
            if isinstance(message, Batch):
                self._serve(message, body)
            elif isinstance(message, Stop):
                return

    def _serve(self, batch: Batch, body: bytearray) -> None:
        started = time.monotonic()
        rows, processors = read_requests(batch.requests, Bodies(body), self._decode)
        context, request_ids = self._context, [request.id for request in batch.requests]
        context.start_batch(request_ids, processors)
        context.send_partial = lambda outputs, _code: self._send_partial(batch, started, outputs)
        REQUESTS.set(request_ids)
        reply, attachments = self._reply(batch, started, rows)
        REQUESTS.set(())
        try:
            self._channel.send(reply, attachments)
        except ChannelClosed:
            raise
        except Exception as error:  # something that no message can hold
            report_failure(error, request_ids)
            failure = failure_of(error)
            failed = Reply(
                batch.id, True, failure.code, failure.message, [], started, reply.stages, None, failure.raised
            )
            self._channel.send(failed)

    def _reply(self, batch: Batch, started: float, rows: list[dict[str, Any]]) -> tuple[Reply, list[Buffer]]:
        requests, context = batch.requests, self._context
        code, text, raised = 200, "", None
        parts: list[Part] = []
        attachments: list[Buffer] = []
        before = time.monotonic()
        try:
            outputs = self._entry(rows, context)
            seconds = time.monotonic() - before
            parts, attachments = build_parts(outputs, len(requests), context, self._answer_limit)
        except Exception as error:  # whatever a handler raises is an answer
            seconds = time.monotonic() - before
            failure = failure_of(error)
            code, text, raised = failure.code, failure.message, failure.raised
            report_failure(error, [request.id for request in requests])
            if code == 200:  # a PredictionException may say so; its text is then the answer
                parts = self._said(text, context, len(requests))
        stages = stages_of(context.stage_seconds, seconds)
        return Reply(batch.id, True, code, text, parts, started, stages, None, raised), attachments

    def _said(self, text: str, context: Context, count: int) -> list[Part]:
        """A text for an answer to every request."""
        room, data = Room(), text.encode()
        return [answer_of(context, index, data, self._answer_limit, room) for index in range(count)]

    def _send_partial(self, batch: Batch, started: float, outputs: Any) -> None:
        """Send a streamed piece of every request's answer.

        Raises:
            BadOutput: `outputs` is no list of the batch's length, or holds what cannot be sent.
        """
        parts, attachments = build_pieces(outputs, len(batch.requests), self._context, self._answer_limit)
        self._channel.send(Reply(batch.id, False, 200, "", parts, started, {}), attachments)
