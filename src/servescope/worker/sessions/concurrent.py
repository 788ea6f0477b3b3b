"""A worker whose handler is asynchronous: every batch is a task of its own, as many at once as the front end sends.

Called by `worker.__main__` in place of `Session`. A thread reads the channel; all else runs on one asyncio loop. Each batch
has a context of its own, so that one request's status or headers never reach another's answer. Replies leave by an outbox.
"""

import asyncio
import threading
import time
from typing import Any

from servescope.wire.blocking import ChannelClosed
from servescope.wire.frames import Buffer
from servescope.wire.messages import Batch, Cancel, EngineStats, Reply, Stop, Tokens, ToWorker
from servescope.worker.handler.context import Context
from servescope.worker.replies.failures import Failure, failure_of, report_failure
from servescope.worker.replies.outputs import build_parts, build_pieces
from servescope.worker.replies.records import REQUESTS
from servescope.worker.replies.stages import PREDICTION, stages_of
from servescope.worker.requests.rows import bodies_of, read_requests
from servescope.worker.sessions.outbox import Outbox
from servescope.worker.sessions.terms import AnySession, Terms

CANCELLED = Failure(499, "The client hung up")


class ConcurrentSession(AnySession):
    """Batches of one worker, handled side by side."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(terms)
        self._tasks: dict[int, asyncio.Task[None]] = {}  # by batch
        self._waiting: dict[int, list[str]] = {}  # the requests of a batch whose clients have not hung up

    async def run(self) -> None:
        """Serve until `Stop`, then finish what is in hand.

        Raises:
            ChannelClosed: the front end has gone.
        """
        inbox: asyncio.Queue[tuple[ToWorker, bytearray] | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        self._outbox = Outbox(self._channel, loop)
        self._context.send_engine_stats = self._outbox.send
        if self._context.served_models:
            self._outbox.send(EngineStats(0, 0, 0.0, 0))
        threading.Thread(target=self._read, args=(inbox, loop), daemon=True).start()
        while received := await inbox.get():
            message, body = received
            if isinstance(message, Batch):
                self._begin(message, body)
            elif isinstance(message, Cancel):
                self._cancel(message.batch_id, message.request_id)
            elif isinstance(message, Stop):
                await asyncio.gather(*self._tasks.values(), return_exceptions=True)
                self._outbox.flush()
                return
        raise ChannelClosed

    def _begin(self, batch: Batch, body: bytearray) -> None:
        task = asyncio.create_task(self._serve(batch, body))
        self._tasks[batch.id] = task
        self._waiting[batch.id] = [request.id for request in batch.requests]
        task.add_done_callback(lambda _task: self._forget(batch.id))

    def _forget(self, batch_id: int) -> None:
        del self._tasks[batch_id], self._waiting[batch_id]

    def _cancel(self, batch_id: int, request_id: str) -> None:
        """A client hung up. Its batch goes on while another client waits for it."""
        waiting = self._waiting.get(batch_id, [])
        if request_id not in waiting:
            return
        waiting.remove(request_id)
        if not waiting:
            # Later, so that it has begun: a task that is cancelled before it begins would send no reply.
            asyncio.get_running_loop().call_soon(self._tasks[batch_id].cancel)

    def _read(self, inbox: "asyncio.Queue[tuple[ToWorker, bytearray] | None]", loop: asyncio.AbstractEventLoop) -> None:
        """Pass what arrives to the loop; None when the front end has gone."""
        try:
            while True:
                received = self._channel.receive()
                loop.call_soon_threadsafe(inbox.put_nowait, received)
                if isinstance(received[0], Stop):
                    return
        except ChannelClosed:
            pass
        except Exception as error:  # whatever it is, nothing more can be read
            report_failure(error, [], "What comes next cannot be read.")
        loop.call_soon_threadsafe(inbox.put_nowait, None)

    async def _serve(self, batch: Batch, body: bytearray) -> None:
        started = time.monotonic()
        request_ids = [request.id for request in batch.requests]
        rows, processors = read_requests(batch.requests, bodies_of(body), self._decode)
        context = self._context.fork()
        context.start_batch(request_ids, processors)
        REQUESTS.set(request_ids)
        context.started = started
        context.send_partial = lambda outputs, _code: self._send_partial(batch, started, context, outputs)
        reply, attachments = await self._reply(batch, started, rows, context)
        context.let_go()
        self._send(batch, reply, attachments)

    def _send(self, batch: Batch, reply: Reply, attachments: list[Buffer]) -> None:
        try:
            self._outbox.send(reply, attachments)
        except Exception as error:  # something that no message can hold
            report_failure(error, [request.id for request in batch.requests])
            failure = failure_of(error)
            self._outbox.send(self._failed(batch, reply.started, failure, reply.stages[PREDICTION], reply.tokens))

    async def _reply(
        self, batch: Batch, started: float, rows: list[dict[str, Any]], context: Context
    ) -> tuple[Reply, list[Buffer]]:
        before = time.monotonic()
        try:
            outputs = await self._entry(rows, context)
            seconds = time.monotonic() - before
            count = len(batch.requests)
            parts, attachments = build_parts(outputs, count, context, self._answer_limit, self._writing)
        except (KeyboardInterrupt, SystemExit):
            raise  # asyncio ends the loop with these, and so the worker
        except (
            BaseException
        ) as error:  # whatever else a handler raises is an answer: the loop keeps what is no Exception
            failure = self._failure(batch, error)
            return self._failed(batch, started, failure, time.monotonic() - before, _tokens(context)), []
        stages = stages_of(context.stage_seconds, seconds)
        return Reply(batch.id, True, 200, "", parts, started, stages, _tokens(context)), attachments

    def _failure(self, batch: Batch, error: BaseException) -> Failure:
        """A cancellation is the front end's where nobody waits any more; else it is the handler's own failure."""
        if isinstance(error, asyncio.CancelledError) and not self._waiting[batch.id]:
            return CANCELLED
        report_failure(error, [request.id for request in batch.requests])
        return failure_of(error)

    def _failed(self, batch: Batch, started: float, failure: Failure, seconds: float, tokens: Tokens | None) -> Reply:
        stages = stages_of(None, seconds)
        told = (failure.deliberate, failure.raised)
        return Reply(batch.id, True, failure.code, failure.message, [], started, stages, tokens, *told)

    def _send_partial(self, batch: Batch, started: float, context: Context, outputs: Any) -> None:
        count = len(batch.requests)
        parts, attachments = build_pieces(outputs, count, context, self._answer_limit, self._writing)
        reply = Reply(batch.id, False, 200, "", parts, started, {}, _tokens(context))
        self._outbox.send(reply, attachments)


def _tokens(context: Context) -> Tokens | None:
    """What a language model has done since the last reply."""
    return context.take_tokens() if context.take_tokens is not None else None
