"""One worker's life after the model is loaded: batches in, replies out, until told to stop or left alone.

`Session` serves ordinary handlers, one batch at a time, on the calling thread; `worker.concurrent` the asynchronous ones.
Called by `worker.__main__`. An error of the handler becomes the reply that TorchServe gives; nothing here lets one escape.
"""

import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from servescope.wire.blocking import BlockingChannel, ChannelClosed
from servescope.wire.frames import Buffer
from servescope.wire.messages import Batch, Part, Reply, Stop
from servescope.worker.context import Context
from servescope.worker.loader import LoadedHandler
from servescope.worker.outputs import AnswerTooLarge, BadOutput, build_parts
from servescope.worker.rows import Bodies, read_requests

OUT_OF_RESOURCES = "Out of resources"
PREDICTION_FAILED = "Prediction failed"


@dataclass(frozen=True)
class Failure:
    """The status and text of a reply for a batch that failed."""

    code: int
    message: str


def failure_of(error: BaseException) -> Failure:
    """The answer that TorchServe's service gives for what a handler raised."""
    # The handler raises the shim's class or one made from it; this module must not import it, and knows it by its name.
    names = {kind.__name__ for kind in type(error).__mro__}
    if "PredictionException" in names and hasattr(error, "error_code"):
        code = error.error_code
        text = _text(getattr(error, "message", error))
        if not isinstance(code, int) or not 200 <= code <= 999:
            return Failure(500, f"{text} (raised with the impossible code {code!r})")
        return Failure(507 if code == 413 else code, text)
    if isinstance(error, AnswerTooLarge):
        return Failure(500, _text(error))
    if isinstance(error, BadOutput):
        return Failure(503, _text(error))
    if isinstance(error, MemoryError) or "CUDA" in _text(error):
        return Failure(507, OUT_OF_RESOURCES)
    return Failure(503, PREDICTION_FAILED)


def _text(value: object) -> str:
    """What it says of itself, if it can."""
    try:
        return str(value)
    except Exception as error:  # a handler's own __str__
        return f"{type(value).__name__} (which cannot be shown: {type(error).__name__})"


def described(error: BaseException) -> str:
    """An error in words, as a traceback ends with it, and fit for a message."""
    text = _text(error)
    words = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return words.encode("utf-8", "replace").decode()


def report_failure(error: BaseException, request_ids: Sequence[str]) -> None:
    """Write what happened, to whom, to stderr, which the front end keeps as the model log."""
    print(f"Requests {', '.join(request_ids)} failed:", file=sys.stderr)
    traceback.print_exception(error, file=sys.stderr)
    sys.stderr.flush()


class Session:
    """Batches of one worker, handled one after the other."""

    def __init__(self, channel: BlockingChannel, handler: LoadedHandler, context: Context, decode: bool) -> None:
        self._channel = channel
        self._entry = handler.entry
        self._context = context
        self._decode = decode

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
        requests = batch.requests
        rows, processors = read_requests(requests, Bodies(body), self._decode)
        context = self._context
        context.start_batch([request.id for request in requests], processors)
        context.send_partial = lambda outputs, _code: self._send_partial(batch, started, outputs)
        code, text = 200, ""
        parts: list[Part] = []
        attachments: list[Buffer] = []
        before = time.monotonic()
        try:
            outputs = self._entry(rows, context)
            seconds = time.monotonic() - before
            parts, attachments = build_parts(outputs, len(requests), context)
        except Exception as error:  # whatever a handler raises is an answer
            seconds = time.monotonic() - before
            failure = failure_of(error)
            code, text = failure.code, failure.message
            report_failure(error, [request.id for request in requests])
            if code == 200:  # a PredictionException may say so; its text is then the answer
                parts = [Part(200, {}, text.encode()) for _ in requests]
        stages = context.stage_seconds
        stages["prediction"] = seconds
        reply = Reply(batch.id, True, code, text, parts, started, stages)
        try:
            self._channel.send(reply, attachments)
        except ChannelClosed:
            raise
        except Exception as error:  # a status or header that no message can hold
            report_failure(error, [request.id for request in requests])
            failure = failure_of(error)
            self._channel.send(Reply(batch.id, True, failure.code, failure.message, [], started, stages))

    def _send_partial(self, batch: Batch, started: float, outputs: Any) -> None:
        """Send a streamed piece of every request's answer.

        Raises:
            BadOutput: `outputs` is no list of the batch's length, or holds what cannot be sent.
        """
        parts, attachments = build_parts(outputs, len(batch.requests), self._context)
        for part in parts:
            part.headers["ts_stream_next"] = "true"  # reaches the client, as TorchServe's does
        self._channel.send(Reply(batch.id, False, 200, "", parts, started, {}), attachments)
