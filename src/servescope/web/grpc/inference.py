"""TorchServe's inference service: Ping, Predictions, StreamPredictions. A call in, its job to the dispatcher, its answer out.

Made by `ports`; `services` calls.
"""

import time

from servescope.web.grpc.admission import Admission
from servescope.web.grpc.call import Call
from servescope.web.grpc.prediction import Prediction
from servescope.web.http.bodies import message_fields
from servescope.web.http.exchange import json_body


class InferenceService:
    """Ping takes no token."""

    def __init__(self, admission: Admission) -> None:
        self._admission = admission

    async def ping(self, call: Call) -> bytes:
        """Whether models have as many workers as they should; an unhealthy server says so, and that is no error."""
        call.message()
        healthy = self._admission.health.healthy
        text = json_body({"status": "Healthy" if healthy else "Unhealthy"}).decode()
        return call.answer(200 if healthy else 500, health=text)

    async def predictions(self, call: Call) -> bytes:
        """One answer; the pieces of a handler that streams are joined, as HTTP's clients join them."""
        prediction = self._begin(call)
        try:
            body = await prediction.whole(self._admission.answer_limit)
        finally:
            prediction.abandon()
        return call.answer(prediction.status, prediction=bytes(body))

    async def stream_predictions(self, call: Call) -> None:
        """The pieces, each as soon as it is there."""
        prediction = self._begin(call)
        response = call.method.response
        try:
            async for piece in prediction.pieces():
                await call.write(response(prediction=bytes(piece)).SerializeToString())
                prediction.sent_piece(time.monotonic())
            if prediction.last or not prediction.streams:
                await call.write(response(prediction=bytes(prediction.last)).SerializeToString())
        finally:
            prediction.abandon()
        call.finish(prediction.status)

    def _begin(self, call: Call) -> Prediction:
        admission = self._admission
        admission.authorize(call)
        asked = call.message()
        model = admission.find(asked.model_name, asked.model_version)
        prediction = admission.enter(call, model, asked.model_version)
        fields, attachments = message_fields({name: ("", data) for name, data in asked.input.items()})
        admission.submit(call, prediction, fields, attachments)
        return prediction
