"""KServe's V2 protocol: health, metadata and inference, for models that speak it.

A route in; out, an answer, or the request on its way by the inference API's own `predict`. A model speaks it with a `v2`
section in its model-config.yaml, or where `service_envelope=kservev2`. To the others V2's paths are what they are in
TorchServe: inference of the default version with any body, and health where `ts_open_inference_protocol` is on.
"""

from collections.abc import Callable, Mapping

from servescope.config.settings import Settings
from servescope.errors import MethodNotAllowed, ResourceNotFound
from servescope.serving.catalog import Catalog
from servescope.serving.model import Model
from servescope.serving.readiness.health import Health
from servescope.web.http.exchange import Exchange, json_body
from servescope.web.http.face import JSON_TYPE, TORCHSERVE, Face
from servescope.web.kserve.face import V2_FACE
from servescope.web.kserve.server import VERSIONS_UNKNOWN
from servescope.web.kserve.speakers import Speakers
from servescope.web.routes import Call, Kind, Route
from servescope.wire.messages import PROTOCOL_HEADER, V2_PROTOCOL

Predict = Callable[[Exchange, Route], None]


class KServeApi:
    """`predict` sends an exchange on to the model that a route names."""

    def __init__(self, catalog: Catalog, health: Health, settings: Settings, predict: Predict) -> None:
        self._catalog = catalog
        self._health = health
        self._open_inference = settings.ts_open_inference_protocol
        self._speakers = Speakers(catalog, health, settings)
        self._predict = predict

    def face(self, model: str = "") -> Face:
        """How errors look on V2's paths: of a model, of one that is not there, or of the server."""
        return V2_FACE if self._speakers.speaks(model) else TORCHSERVE

    def handle(self, exchange: Exchange, route: Route) -> None:
        """Answer a V2 route.

        Raises:
            ServescopeError: there is no such thing, or nobody to answer.
        """
        if route.call is Call.INFER:
            self._infer(exchange, route)
        elif route.call is Call.LIVE:
            self._require_health(route)
            _answer(exchange, 200, {"live": True})
        elif route.call is Call.READY:
            self._require_health(route)
            self._answer_ready(exchange, route)
        elif route.call is Call.OTHER:
            self._refuse(exchange, route)
        elif route.model:
            self._answer_metadata(exchange, route)
        else:
            self._require_health(route)
            _answer(exchange, 200, self._speakers.server())

    def _infer(self, exchange: Exchange, route: Route) -> None:
        model = self._found(exchange, route)
        if model is None:
            return
        extra: Mapping[str, str] = route.extra
        speaks = model.options.v2 is not None
        if speaks:
            extra = {**extra, PROTOCOL_HEADER: V2_PROTOCOL}
        self._predict(
            exchange,
            Route(Kind.PREDICT, route.template, route.model, route.version, extra, asks=route.asks, raw=speaks),
        )

    def _answer_ready(self, exchange: Exchange, route: Route) -> None:
        if not route.model:
            ready = self._health.ready
            _answer(exchange, 200 if ready else 503, {"ready": ready})
            return
        if route.version is not None and self._found(exchange, route) is None:
            return
        ready = self._speakers.ready(route.model, route.version)
        name = {"name": route.model} if self._speakers.speaks(route.model) else {}
        _answer(exchange, 200 if ready else 503, {**name, "ready": ready})

    def _answer_metadata(self, exchange: Exchange, route: Route) -> None:
        model = self._found(exchange, route)
        if model is None:
            return
        said = self._speakers.metadata(model)
        if exchange.request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed
        _answer(exchange, 200, said)

    def _found(self, exchange: Exchange, route: Route) -> Model | None:
        """The model that a route means; None: it was answered that there are no versions here, as TorchServe does.

        Raises:
            ModelNotFound, ModelVersionNotFound: there is no such model.
            ResourceNotFound: a version's path of a model that does not speak the protocol.
        """
        if route.version is None or self._speakers.speaks(route.model):
            return self._catalog.find(route.model, route.version)
        self._refuse(exchange, route)
        return None

    def _refuse(self, exchange: Exchange, route: Route) -> None:
        """A version's path where there are none."""
        if not self._open_inference or self._speakers.speaks(route.model):
            raise ResourceNotFound
        _answer(exchange, 501, {"error": VERSIONS_UNKNOWN})

    def _require_health(self, route: Route) -> None:
        if not self._open_inference and not self._speakers.speaks(route.model):
            raise ResourceNotFound


def _answer(exchange: Exchange, status: int, said: Mapping[str, object]) -> None:
    exchange.answer(status, [JSON_TYPE], json_body(said))
