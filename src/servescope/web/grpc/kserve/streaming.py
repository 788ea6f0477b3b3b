"""ModelStreamInfer: a stream of requests in, their answers out, in the same order. Made by `service` for each stream.

As in Triton, a request that fails is answered with `error_message`, and the stream goes on. Requests wait for the model side by
side, so that batches fill, but no more of them than `AT_ONCE`: what a client sends beyond stays with it.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from grpc.aio import AbortError

from servescope.errors import InvalidKey, ServescopeError
from servescope.web.grpc.admission import Admission
from servescope.web.grpc.call import Call
from servescope.web.grpc.kserve.inferring import Inferring, begin
from servescope.web.grpc.services import Stream

AT_ONCE: Final = 16


@dataclass
class Turn:
    """A request that waits for its turn to be answered: it is under way, or was refused."""

    call: Call
    asked: Any = None
    inferring: Inferring | None = None
    refused: ServescopeError | None = None

    def end(self) -> None:
        """Nobody waits any more; does nothing where it was answered."""
        if self.inferring is not None:
            self.inferring.abandon()
        self.call.left()


class Answers:
    """Those of one stream."""

    def __init__(self, admission: Admission, stream: Stream) -> None:
        self._admission = admission
        self._stream = stream
        self._turns: asyncio.Queue[Turn | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Answer until the client ends the stream."""
        reading = asyncio.create_task(self._read())
        try:
            while (turn := await self._turns.get()) is not None:
                await self._answer(turn)
                self._room.release()
            await reading
        finally:
            reading.cancel()
            while not self._turns.empty():
                if (turn := self._turns.get_nowait()) is not None:
                    turn.end()

    async def _read(self) -> None:
        try:
            await self._room.acquire()
            async for call in self._stream.calls():
                self._turns.put_nowait(self._begun(call))
                await self._room.acquire()
        finally:
            self._turns.put_nowait(None)

    def _begun(self, call: Call) -> Turn:
        turn = Turn(call)
        try:
            self._admission.authorize(call)
            turn.asked = call.message()
            turn.inferring = begin(self._admission, call, turn.asked)
        except ServescopeError as error:
            turn.refused = error
        except Exception:
            turn.refused = call.unforeseen()
        return turn

    async def _answer(self, turn: Turn) -> None:
        call = turn.call
        try:
            await self._send(turn)
        except (AbortError, asyncio.CancelledError):
            raise
        except InvalidKey as error:
            await call.fail(error)  # what else comes on this stream has the same key
        except ServescopeError as error:
            await self._refuse(turn, error)
        except Exception:
            await self._refuse(turn, call.unforeseen())
        finally:
            turn.end()

    async def _send(self, turn: Turn) -> None:
        if turn.inferring is None:
            assert turn.refused is not None
            raise turn.refused
        async for response in turn.inferring.responses():
            await turn.call.write(response)

    async def _refuse(self, turn: Turn, error: ServescopeError) -> None:
        call = turn.call
        call.refuse(error)
        told = call.method.response(error_message=call.face.words(error))
        if turn.asked is not None:
            told.infer_response.id, told.infer_response.model_name = turn.asked.id, turn.asked.model_name
        await call.context.write(told.SerializeToString())
