"""One request for inference on its way: a call in; out, its answer as messages. Made by `service` for each."""

import time
from collections.abc import AsyncIterator
from typing import Any

from servescope.errors import BadRequest
from servescope.serving.model import Model
from servescope.web.grpc.admission import Admission
from servescope.web.grpc.call import Call
from servescope.web.grpc.kserve.asking import HEADER_LENGTH, plain_fields, v2_body, v2_fields
from servescope.web.grpc.kserve.telling import FINAL, fill, fill_piece
from servescope.web.grpc.prediction import Prediction
from servescope.wire.messages import PROTOCOL_HEADER, V2_PROTOCOL

_V2 = {PROTOCOL_HEADER: V2_PROTOCOL}
_PIECE = "output"  # where nothing has a name


class Inferring:
    """`asked`: the ModelInferRequest. Its answer is asked for once: whole, or as responses."""

    def __init__(self, call: Call, model: Model, prediction: Prediction, asked: Any) -> None:
        self._call = call
        self._model = model
        self._prediction = prediction
        self._asked = asked

    async def whole(self) -> bytes:
        """The answer of ModelInfer.

        Raises:
            ServescopeError: there is none.
        """
        prediction = self._prediction
        await prediction.begun()
        if prediction.streams:
            raise BadRequest(f"Model {self._model.name} streams its answer: ask by ModelStreamInfer")
        response = self._call.method.response()
        self._fill(response)
        return self._call.answer_with(prediction.status, response)

    async def responses(self) -> AsyncIterator[bytes]:
        """The answers of ModelStreamInfer: each piece of a handler that streams, and what it returns at last.

        Raises:
            ServescopeError: there is none, or no more of it.
        """
        prediction, streamed = self._prediction, self._call.method.response
        async for piece in prediction.pieces():
            message = streamed()
            told = message.infer_response
            told.model_name, told.model_version, told.id = self._model.name, self._model.version, self._asked.id
            fill_piece(told, piece, self._piece_output, raw=self._raw)
            told.parameters[FINAL].bool_param = False
            yield message.SerializeToString()
            prediction.sent_piece(time.monotonic())
        message = streamed()
        self._fill(message.infer_response)
        message.infer_response.parameters[FINAL].bool_param = True
        yield message.SerializeToString()
        prediction.sent_piece(time.monotonic())
        self._call.finish(prediction.status)

    def abandon(self) -> None:
        """Nobody waits any more."""
        self._prediction.abandon()

    def _fill(self, response: Any) -> None:
        prediction = self._prediction
        fill(response, prediction.last, prediction.headers, raw=self._raw)
        response.model_name = response.model_name or self._model.name
        response.model_version = response.model_version or self._model.version

    @property
    def _raw(self) -> bool:
        """Whether the answer is to be raw, as the request was."""
        return bool(self._asked.raw_input_contents)

    @property
    def _piece_output(self) -> str:
        """What pieces are called: as the first output of the answer that ends them."""
        declared = self._model.options.v2
        if declared is not None and declared.outputs:
            return declared.outputs[0].name
        return (self._asked.inputs[0].name if self._asked.inputs else "") or _PIECE


def begin(admission: Admission, call: Call, asked: Any) -> Inferring:
    """Queue a request. `asked`: what the call says.

    Raises:
        BadRequest: it is no request of the protocol.
        ModelNotFound, ModelVersionNotFound: there is no such model.
        ServiceUnavailable: there is no room, or nobody to wait for.
    """
    model = admission.find(asked.model_name, asked.model_version)
    prediction = admission.enter(call, model, asked.model_version)
    if model.options.v2 is None:
        admission.submit(call, prediction, *plain_fields(asked))
    else:
        head, blobs = v2_body(asked)
        length = [(HEADER_LENGTH.encode(), b"%d" % len(head))]
        admission.submit(call, prediction, *v2_fields(head, blobs), headers=length, extra=_V2)
    return Inferring(call, model, prediction, asked)
