"""A worker with a running batch: the handler is called step by step, with all requests that are not done, until none is left.

Called by `worker.__main__` in place of `Session` where the model has continuousBatching. Each request is a batch of one for the
front end, so it joins at the next step, gets a piece of its answer at each, and leaves by itself: when
`context.stopping_criteria` says so, when it fails, or when its client hangs up. TorchServe's wlm/ContinuousBatching and
create_predict_response, with the loop in the worker, where no step waits for the front end.
"""

import time
from collections.abc import Sequence
from typing import Any

from servescope.wire.frames import Buffer, encode
from servescope.wire.messages import Batch, Cancel, Part, Reply, Stepped, Stop, Writing
from servescope.worker.replies.failures import failure_of, report_failure
from servescope.worker.replies.outputs import build_parts, build_pieces, checked_outputs, is_json, say_json
from servescope.worker.replies.records import REQUESTS
from servescope.worker.replies.refusal import Refusal
from servescope.worker.replies.stages import stages_of
from servescope.worker.sessions.concurrent import CANCELLED
from servescope.worker.sessions.row import Row, row_of
from servescope.worker.sessions.stopping import goes_on
from servescope.worker.sessions.terms import AnySession, Terms


class ContinuousSession(AnySession):
    """The running batch of one worker."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self._pieces = Writing(terms.writing.json_nan)  # what is not whole is no JSON
        self._rows: dict[int, Row] = {}  # by batch
        self._left: list[int] = []
        self._outgoing: list[Buffer] = []
        self._stopping = False

    def run(self) -> None:
        """Serve until `Stop`, then finish what is in hand.

        Raises:
            ChannelClosed: the front end has gone.
        """
        while self._take_in():
            self._step()

    def _take_in(self) -> bool:
        """Take in what has come, and wait where there is nothing to do. False: that is for good."""
        while self._channel.has_more or not (self._rows or self._stopping):
            message, body = self._channel.receive()
            if isinstance(message, Batch):
                self._rows[message.id] = row_of(message, body)
            elif isinstance(message, Cancel):
                self._cancel(message.batch_id)
            elif isinstance(message, Stop):
                self._stopping = True
        return bool(self._rows)

    def _cancel(self, batch_id: int) -> None:
        """Its client hung up: it is in no further step. Handlers know by `context.request_ids` who is."""
        row = self._rows.get(batch_id)
        if row is not None:
            self._leave(row, row.failed(CANCELLED))
            self._flush(0, 0.0)

    def _step(self) -> None:
        rows = self._next()
        started = time.monotonic()
        entered = [row.enter(started, self._decode) for row in rows]
        context, ids = self._context, [row.request.id for row in rows]
        context.start_batch(ids, [processor for _, processor in entered])
        context.send_partial = lambda outputs, _code: self._send_partial(rows, outputs)
        REQUESTS.set(ids)
        try:
            self._answer(rows, self._call(rows, [data for data, _ in entered]))
        except Exception as error:  # whatever a handler raises is an answer to all that are in the step
            self._fail(rows, error)
        self._flush(len(rows), time.monotonic() - started)
        REQUESTS.set(())

    def _call(self, rows: Sequence[Row], data: list[dict[str, Any]]) -> Any:
        before = time.monotonic()
        try:
            return self._entry(data, self._context)
        finally:
            stages = stages_of(self._context.stage_seconds, time.monotonic() - before)
            for row in rows:
                row.stepped(stages)

    def _next(self) -> list[Row]:
        """The rows of the next step: all, or one that stands alone."""
        alone = next((row for row in self._rows.values() if row.alone), None)
        return list(self._rows.values()) if alone is None else [alone]

    def _answer(self, rows: Sequence[Row], outputs: Any) -> None:
        """Each row has its piece of an answer, or the last of it."""
        outputs = list(checked_outputs(outputs, len(rows)))
        more = [self._goes_on(row, index, outputs) for index, row in enumerate(rows)]
        for index, row in enumerate(rows):
            if self._writing.typed and row.steps == 1 and not more[index] and is_json(outputs[index]):
                say_json(self._context.request_processor[index])
        parts, attachments = build_parts(outputs, len(rows), self._context, self._answer_limit, self._pieces)
        bodies = iter(attachments)
        for row, part, goes in zip(rows, parts, more, strict=True):
            body = [next(bodies)] if isinstance(part.data, int) else []
            if goes and not part.error:
                self._outgoing += _framed(row.piece(part), body)
            else:
                self._leave(row, row.answer(part), body)

    def _goes_on(self, row: Row, index: int, outputs: list[Any]) -> bool:
        """Whether there will be more of the answer; one whose criterion raises fails, alone."""
        if row.alone or type(outputs[index]) is Refusal:
            return False
        try:
            return goes_on(self._context, index, outputs[index])
        except Exception as error:
            report_failure(error, [row.request.id], "Its stopping_criteria failed.")
            failure = failure_of(error)
            outputs[index] = Refusal(failure.code, failure.message, raised=failure.raised)
            return False

    def _fail(self, rows: Sequence[Row], error: Exception) -> None:
        """The step failed, and all that were in it; a PredictionException may say 200, and its text is then their answer."""
        report_failure(error, [row.request.id for row in rows])
        failure = failure_of(error)
        said = Part(200, {}, failure.message.encode("utf-8", "replace"))
        for row in rows:
            if row.batch_id in self._rows:
                self._leave(row, row.answer(said) if failure.code == 200 else row.failed(failure))

    def _leave(self, row: Row, reply: Reply, body: Sequence[Buffer] = ()) -> None:
        """It is in the batch no more."""
        del self._rows[row.batch_id]
        self._left.append(row.steps)
        try:
            self._outgoing += _framed(reply, body)
        except Exception as error:  # something that no message can hold
            report_failure(error, [row.request.id])
            self._outgoing += _framed(row.failed(failure_of(error)))

    def _send_partial(self, rows: Sequence[Row], outputs: Any) -> None:
        """Send a streamed piece of every answer, within a step; a handler may do so from a thread of its own, at any time.

        Raises:
            BadOutput: `outputs` is no list of the batch's length, or holds what cannot be sent.
        """
        parts, attachments = build_pieces(outputs, len(rows), self._context, self._answer_limit, self._writing)
        bodies = iter(attachments)
        pieces: list[Buffer] = []  # not among `_outgoing`, which is the step's own
        for row, part in zip(rows, parts, strict=True):
            pieces += _framed(row.piece(part), [next(bodies)] if isinstance(part.data, int) else ())
        self._channel.send_buffers(pieces)

    def _flush(self, rows: int, seconds: float) -> None:
        """What a step has for the front end goes out in one write: what is to be counted before what clients see."""
        left, self._left = self._left, []
        outgoing, self._outgoing = self._outgoing, []
        self._channel.send_buffers([*_framed(Stepped(rows, seconds, left)), *outgoing])


def _framed(message: Reply | Stepped, body: Sequence[Buffer] = ()) -> list[Buffer]:
    return [encode(message, body), *body]
