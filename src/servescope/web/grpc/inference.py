"""TorchServe's inference service: Ping, Predictions, StreamPredictions. A call in, its job to the dispatcher, its answer out.

Made by `server.grpc`; `services` calls.
"""

import time
from typing import Any

from servescope.errors import BadRequest
from servescope.serving.catalog import Catalog
from servescope.serving.readiness.health import Health
from servescope.serving.refusals import draining
from servescope.web.authorization import TokenAuthority
from servescope.web.grpc.call import Call
from servescope.web.grpc.prediction import Prediction
from servescope.web.http.bodies import message_fields
from servescope.web.http.exchange import json_body
from servescope.wire.messages import Request as WireRequest


class InferenceService:
    """`authority` None: no tokens. Ping takes none."""

    api = "inference"

    def __init__(self, catalog: Catalog, health: Health, authority: TokenAuthority | None) -> None:
        self._catalog = catalog
        self._health = health
        self._authority = authority

    async def ping(self, call: Call) -> bytes:
        """Whether models have as many workers as they should; an unhealthy server says so, and that is no error."""
        call.message()
        healthy = self._health.healthy
        text = json_body({"status": "Healthy" if healthy else "Unhealthy"}).decode()
        return call.answer(200 if healthy else 500, health=text)

    async def predictions(self, call: Call) -> bytes:
        """One answer; the pieces of a handler that streams are joined, as HTTP's clients join them."""
        prediction = self._begin(call)
        try:
            body = b"".join([piece async for piece in prediction.pieces()])
        finally:
            prediction.abandon()
        return call.answer(prediction.status, prediction=body)

    async def stream_predictions(self, call: Call) -> None:
        """The pieces, each as soon as it is there."""
        prediction = self._begin(call)
        response = call.method.response
        try:
            async for piece in prediction.pieces():
                await call.write(response(prediction=bytes(piece)).SerializeToString())
                prediction.sent_piece(time.monotonic())
        finally:
            prediction.abandon()
        call.finish(prediction.status)

    def _begin(self, call: Call) -> Prediction:
        if self._authority is not None:
            self._authority.authorize_inference(call.metadata.get("authorization"))
        asked: Any = call.message()
        if not asked.model_name:
            raise BadRequest("Parameter model_name is required.")
        model = self._catalog.find(asked.model_name, asked.model_version or None)
        prediction = Prediction(call, model, asked.model_version or "default")
        call.watcher = prediction
        model.recorder.request_arrived(asked.model_version or "default")
        if self._health.draining:
            model.recorder.rejected("draining")
            raise draining()
        fields, attachments = message_fields({name: ("", data) for name, data in asked.input.items()})
        prediction.submit(WireRequest(call.request_id, [], {}, fields), attachments)
        return prediction
