"""TorchServe's inference service: Ping, Predictions and both of StreamPredictions. A call in, its job to its queue, its answer out.

Made by `ports`; `services` calls.
"""

import time

from servescope.serving.queue.sequences.headers import SequenceHeaders
from servescope.web.grpc.admission import Admission
from servescope.web.grpc.call import Call
from servescope.web.grpc.prediction import Prediction
from servescope.web.grpc.sequences import SequenceStream, begin, sequence_of
from servescope.web.grpc.services import Stream
from servescope.web.http.exchange import json_body


class InferenceService:
    """Ping takes no token. `headers`: what those of sequences are called."""

    def __init__(self, admission: Admission, headers: SequenceHeaders) -> None:
        self._admission = admission
        self._headers = headers

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

    async def stream_predictions2(self, stream: Stream) -> None:
        """Requests of sequences, and their answers."""
        await SequenceStream(self._admission, self._headers, stream).run()

    def _begin(self, call: Call) -> Prediction:
        self._admission.authorize(call)
        asked = call.message()
        return begin(self._admission, call, asked, sequence_of(self._headers, asked))
