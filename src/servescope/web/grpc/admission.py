"""Who may ask a model: a call in; out, a `Prediction` that is entered in the model's books, and not queued yet.

Made by `ports`, called by `inference` and `kserve.service` for each request of a model.
"""

from collections.abc import Sequence

from servescope.errors import BadRequest
from servescope.serving.catalog import Catalog
from servescope.serving.model import Model
from servescope.serving.readiness.health import Health
from servescope.tracing.tracer import Tracer
from servescope.web.authorization import TokenAuthority
from servescope.web.grpc.call import Call
from servescope.web.grpc.prediction import Prediction
from servescope.wire.messages import Field
from servescope.wire.messages import Request as WireRequest
from servescope.wire.spooled.body import Attachment

KIND = "predict"

Headers = list[tuple[bytes, bytes]]


class Admission:
    """`authority` None: no tokens. `tracer` None: no spans. `answer_limit`: the most bytes of an answer."""

    def __init__(
        self,
        catalog: Catalog,
        health: Health,
        authority: TokenAuthority | None,
        tracer: Tracer | None,
        answer_limit: int,
    ) -> None:
        self.catalog = catalog
        self.health = health
        self.answer_limit = answer_limit
        self._authority = authority
        self._tracer = tracer

    def authorize(self, call: Call) -> None:
        """Let those in who have the key.

        Raises:
            InvalidKey: it is wrong, or there is none.
        """
        if self._authority is not None:
            self._authority.authorize_inference(call.said("authorization"))

    def find(self, name: str, version: str) -> Model:
        """A model by what a message says of it.

        Raises:
            BadRequest: no name.
            ModelNotFound, ModelVersionNotFound: there is no such model.
        """
        if not name:
            raise BadRequest("Parameter model_name is required.")
        return self.catalog.find(name, version or None)

    def enter(self, call: Call, model: Model, version: str) -> Prediction:
        """A call for a prediction of this model. `version`: as it asks for it.

        Raises:
            ServiceUnavailable: the server is on its way out.
        """
        prediction = Prediction(call, model, version or "default", KIND)
        call.watcher = prediction
        prediction.enter(self.health)
        return prediction

    def submit(
        self,
        call: Call,
        prediction: Prediction,
        fields: list[Field],
        attachments: Sequence[Attachment],
        *,
        headers: Headers | None = None,
        extra: dict[str, str] | None = None,
    ) -> None:
        """Queue it. Handlers see `headers`, none of the client's, and whose span theirs belong to.

        Raises:
            ServiceUnavailable: there is no room, or nobody to wait for.
        """
        given = headers or []
        if self._tracer is not None:
            traced = prediction.trace(self._tracer, call.headers)
            given = given + [pair for pair in traced if pair[0].lower() in (b"traceparent", b"tracestate")]
        prediction.submit(WireRequest(call.request_id, given, extra or {}, fields), attachments)
