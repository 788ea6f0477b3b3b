"""KServe's V2 services: live, ready, metadata, ModelInfer, and ModelStreamInfer as Triton has it. A call in; out, what REST says.

Made by `ports`, once as KServe's and once as TorchServe's; `services` calls.
"""

from servescope.web.grpc.admission import Admission
from servescope.web.grpc.call import Call
from servescope.web.grpc.kserve.inferring import begin
from servescope.web.grpc.kserve.streaming import Answers
from servescope.web.grpc.services import Stream
from servescope.web.grpc.statuses import Face
from servescope.web.kserve.speakers import Speakers


class KServeService:
    """`infer_face`: how errors of inference look; those of the other methods are as the service has them. Health takes no token."""

    def __init__(self, admission: Admission, speakers: Speakers, infer_face: Face) -> None:
        self._admission = admission
        self._speakers = speakers
        self._infer_face = infer_face

    async def server_live(self, call: Call) -> bytes:
        """It answers."""
        call.message()
        return call.answer(200, live=True)

    async def server_ready(self, call: Call) -> bytes:
        """As /readyz says."""
        call.message()
        return call.answer(200, ready=self._admission.health.ready)

    async def server_metadata(self, call: Call) -> bytes:
        """Name, version, extensions."""
        self._admission.authorize(call)
        call.message()
        said = self._speakers.server()
        return call.answer(
            200, name=said["name"], version=said["version"], extensions=said.get("extensions", said["extenstion"])
        )

    async def model_ready(self, call: Call) -> bytes:
        """Whether a model can be asked now.

        Raises:
            BadRequest, ModelNotFound, ModelVersionNotFound: there is no such model.
        """
        self._admission.authorize(call)
        asked = call.message()
        if asked.version or not asked.name:
            self._admission.find(asked.name, asked.version)
        return call.answer(200, ready=self._speakers.ready(asked.name, asked.version or None))

    async def model_metadata(self, call: Call) -> bytes:
        """What a model declares.

        Raises:
            BadRequest, ModelNotFound, ModelVersionNotFound: there is no such model.
            ResourceNotFound: it does not speak the protocol.
        """
        self._admission.authorize(call)
        asked = call.message()
        return call.answer(200, **self._speakers.metadata(self._admission.find(asked.name, asked.version)))

    async def model_infer(self, call: Call) -> bytes:
        """One request, one answer."""
        self._admission.authorize(call)
        call.face = self._infer_face
        inferring = begin(self._admission, call, call.message())
        try:
            return await inferring.whole()
        finally:
            inferring.abandon()

    async def model_stream_infer(self, stream: Stream) -> None:
        """Any number of requests, answered in their order; see `Answers`."""
        await Answers(self._admission, stream).run()
