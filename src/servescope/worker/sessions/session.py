"""One worker's life after the model is loaded: batches in, replies out, until told to stop or left alone.

`Session` serves ordinary handlers, one batch at a time, on the calling thread; `worker.sessions.concurrent` the asynchronous ones.
Called by `worker.__main__`. An error of the handler becomes the reply that TorchServe gives; nothing here lets one escape.
"""

import time
from collections.abc import Sequence
from typing import Any

from servescope.wire.blocking import ChannelClosed
from servescope.wire.frames import Buffer
from servescope.wire.messages import Batch, Part, Reply, Stop
from servescope.worker.handler.context import Context
from servescope.worker.replies.answer import Room, answer_of
from servescope.worker.replies.failures import Failure, failure_of, report_failure
from servescope.worker.replies.outputs import build_parts, build_pieces
from servescope.worker.replies.records import REQUESTS
from servescope.worker.replies.stages import stages_of
from servescope.worker.requests.rows import bodies_of, read_requests
from servescope.worker.sessions.terms import AnySession


class Session(AnySession):
    """Batches of one worker, handled one after the other."""

    def run(self) -> None:
        """Serve until `Stop`.

        Raises:
            ChannelClosed: the front end has gone.
        """
        try:
            while True:
                message, body = self._channel.receive()
                if isinstance(message, Batch):
                    self._serve(message, body)
                elif isinstance(message, Stop):
                    return
        finally:
            REQUESTS.set(())  # not after each batch: nothing of the handler's runs on this thread until the next one

    def _serve(self, batch: Batch, body: bytearray) -> None:
        started = time.monotonic()
        rows, processors = read_requests(batch.requests, bodies_of(body), self._decode)
        context, request_ids = self._context, [request.id for request in batch.requests]
        context.start_batch(request_ids, processors)
        context.send_partial = lambda outputs, _code: self._send_partial(batch, started, outputs)
        REQUESTS.set(request_ids)
        reply, attachments = self._reply(batch, started, rows)
        try:
            self._channel.send(reply, attachments)
        except ChannelClosed:
            raise
        except Exception as error:  # something that no message can hold
            report_failure(error, request_ids)
            self._channel.send(_failed(batch, started, failure_of(error), reply.stages))

    def _reply(self, batch: Batch, started: float, rows: list[dict[str, Any]]) -> tuple[Reply, list[Buffer]]:
        requests, context = batch.requests, self._context
        failure = None
        parts: list[Part] = []
        attachments: list[Buffer] = []
        before = time.monotonic()
        try:
            outputs = self._entry(rows, context)
            seconds = time.monotonic() - before
            parts, attachments = build_parts(outputs, len(requests), context, self._answer_limit, self._writing)
        except Exception as error:  # whatever a handler raises is an answer
            seconds = time.monotonic() - before
            failure = failure_of(error)
            report_failure(error, [request.id for request in requests])
            if failure.code == 200:  # a PredictionException may say so; its text is then the answer
                parts = self._said(failure.message, context, len(requests))
        stages = stages_of(context.stage_seconds, seconds)
        if failure is None:
            return Reply(batch.id, True, 200, "", parts, started, stages), attachments
        return _failed(batch, started, failure, stages, parts), attachments

    def _said(self, text: str, context: Context, count: int) -> list[Part]:
        """A text for an answer to every request."""
        room, data = Room(), text.encode()
        return [answer_of(context, index, data, self._answer_limit, room) for index in range(count)]

    def _send_partial(self, batch: Batch, started: float, outputs: Any) -> None:
        """Send a streamed piece of every request's answer.

        Raises:
            BadOutput: `outputs` is no list of the batch's length, or holds what cannot be sent.
        """
        count = len(batch.requests)
        parts, attachments = build_pieces(outputs, count, self._context, self._answer_limit, self._writing)
        self._channel.send(Reply(batch.id, False, 200, "", parts, started, {}), attachments)


def _failed(
    batch: Batch, started: float, failure: Failure, stages: dict[str, float], parts: Sequence[Part] = ()
) -> Reply:
    """What a handler raised, for all of a batch. `parts`: answers with its text, where it chose to say 200."""
    told = (failure.deliberate, failure.raised)
    return Reply(batch.id, True, failure.code, failure.message, list(parts), started, stages, None, *told)
