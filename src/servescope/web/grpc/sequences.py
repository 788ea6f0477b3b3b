"""StreamPredictions2: requests of sequences in, their answers out, each as soon as it is there. Made by `inference`.

As in TorchServe, a request that fails is answered with a `status`, and the stream goes on. Requests of one sequence are handled in
the order in which they came; of several sequences side by side, no more than `AT_ONCE`: what a client sends beyond stays with it.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from servescope.errors import BadRequest, InvalidKey, ServescopeError
from servescope.serving.queue.sequences.headers import UNNAMED, SequenceHeaders
from servescope.web.grpc.admission import Admission
from servescope.web.grpc.call import Call
from servescope.web.grpc.prediction import Prediction
from servescope.web.grpc.services import Stream
from servescope.web.http.bodies import message_fields

AT_ONCE: Final = 64
_TRUE: Final = "true"


def begin(admission: Admission, call: Call, asked: Any, extra: dict[str, str]) -> Prediction:
    """Queue a request for a prediction. `extra`: headers that its handler sees, among them those of its sequence.

    Raises:
        ServescopeError: it is refused.
    """
    model = admission.find(asked.model_name, asked.model_version)
    prediction = admission.enter(call, model, asked.model_version)
    fields, attachments = message_fields({name: ("", data) for name, data in asked.input.items()})
    admission.submit(call, prediction, fields, attachments, extra=extra)
    return prediction


def sequence_of(headers: SequenceHeaders, asked: Any) -> dict[str, str]:
    """What a message says of its sequence, as headers: its id, and whether inputs called as the other two headers are say true."""
    said = {headers.id: asked.sequence_id} if asked.sequence_id else {}
    return said | {name: _TRUE for name in (headers.start, headers.end) if _says_true(asked.input, name)}


def _says_true(inputs: Mapping[str, bytes], name: str) -> bool:
    return name in inputs and inputs[name].strip().lower() == _TRUE.encode()


class SequenceStream:
    """One stream's requests and answers."""

    def __init__(self, admission: Admission, headers: SequenceHeaders, stream: Stream) -> None:
        self._admission = admission
        self._headers = headers
        self._stream = stream
        self._room = asyncio.Semaphore(AT_ONCE)
        self._writing = asyncio.Lock()

    async def run(self) -> None:
        """Answer until the client ends the stream, and all that it has asked."""
        answering: set[asyncio.Task[None]] = set()
        try:
            await self._room.acquire()
            async for call in self._stream.calls():
                prediction, sequence = await self._begun(call)
                if prediction is None:
                    continue
                task = asyncio.create_task(self._answer(call, prediction, sequence))
                answering.add(task)
                task.add_done_callback(answering.discard)
                await self._room.acquire()
            while answering:
                await asyncio.wait(answering)
        finally:
            for task in answering:
                task.cancel()

    async def _begun(self, call: Call) -> tuple[Prediction | None, str]:
        """Queue a request, in its turn, and say of which sequence it is; None: it was refused."""
        sequence = ""
        try:
            self._admission.authorize(call)
            asked = call.message()
            extra = sequence_of(self._headers, asked)
            sequence = extra.get(self._headers.id, "")
            if not sequence and self._headers.start not in extra:
                raise BadRequest("Parameter sequenceId is required.")
            if not sequence:
                sequence = extra[self._headers.id] = f"{UNNAMED}{uuid4()}"
            return begin(self._admission, call, asked, extra), sequence
        except InvalidKey as error:
            await call.fail(error)  # what else comes on this stream has the same key
        except ServescopeError as error:
            await self._refuse(call, sequence, error)
        except Exception:
            await self._refuse(call, sequence, call.unforeseen())
        return None, sequence

    async def _answer(self, call: Call, prediction: Prediction, sequence: str) -> None:
        try:
            async for piece in prediction.pieces():
                await self._write(call, prediction=bytes(piece), sequence_id=sequence)
                prediction.sent_piece(time.monotonic())
            if prediction.last or not prediction.streams:
                await self._write(call, prediction=bytes(prediction.last), sequence_id=sequence)
            call.finish(prediction.status)
        except ServescopeError as error:
            await self._refuse(call, sequence, error)
        except Exception:
            await self._refuse(call, sequence, call.unforeseen())
        finally:
            prediction.abandon()
            call.left()
            self._room.release()

    async def _write(self, call: Call, **fields: Any) -> None:
        async with self._writing:
            await call.write(call.method.response(**fields).SerializeToString())

    async def _refuse(self, call: Call, sequence: str, error: ServescopeError) -> None:
        call.refuse(error)
        told = call.method.response(sequence_id=sequence)
        told.status.code, told.status.message = call.status.value[0], call.face.words(error)
        async with self._writing:
            await call.context.write(told.SerializeToString())
