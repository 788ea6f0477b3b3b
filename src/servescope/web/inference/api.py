"""The inference API: a request in, its job to the dispatcher, its answer out. The hot path of the server.

A handler for `app`.
"""

from collections.abc import Sequence

from servescope.config.settings import Settings
from servescope.errors import (
    BadRequest,
    BodyTooLarge,
    MethodNotAllowed,
    RequestUnfinished,
    ResourceNotFound,
    ServescopeError,
)
from servescope.serving.catalog import Catalog
from servescope.serving.readiness.health import Health
from servescope.tracing.tracer import Tracer
from servescope.web.authorization import TokenAuthority
from servescope.web.http.app import Refused
from servescope.web.http.bodies import mime_of, text_of
from servescope.web.http.exchange import Exchange, json_body
from servescope.web.http.face import JSON_TYPE, TORCHSERVE
from servescope.web.http.forms.form import FORM_TYPES
from servescope.web.http.request import Request
from servescope.web.inference.fields import fields_of, model_named_in_form
from servescope.web.inference.prediction import Prediction
from servescope.web.inference.routes import parse_path
from servescope.web.inference.workflows import WorkflowPredictions
from servescope.web.kserve.api import KServeApi
from servescope.web.openai.api import OpenAiApi
from servescope.web.openapi import model_document
from servescope.web.routes import PREDICT, UNKNOWN, Call, Kind, Route
from servescope.wire.frames import INLINE_LIMIT
from servescope.wire.messages import Field
from servescope.wire.messages import Request as WireRequest
from servescope.wire.spooled.body import Spooled
from servescope.workflows.catalog import Workflows

# What a request's query is called among the headers that handlers see.
QUERY_HEADER = "x-query-string"


class InferenceApi:
    """Handler of the inference API. `authority` None: no tokens. `description`: the OpenAPI document, as JSON.

    `tracer` None: no spans. `sharing`: the names of all APIs on this port; the others see to their own tokens.
    """

    listener = "inference"

    def __init__(
        self,
        catalog: Catalog,
        health: Health,
        settings: Settings,
        authority: TokenAuthority | None,
        description: bytes,
        tracer: Tracer | None = None,
        *,
        workflows: Workflows,
        sharing: Sequence[str] = (listener,),
    ) -> None:
        self._catalog = catalog
        self._health = health
        self._authority = authority
        self._description = description
        self._tracer = tracer
        self._shared = len(sharing) > 1
        self._body_limit = settings.max_request_size
        self._workflows = WorkflowPredictions(workflows, catalog, health, tracer)
        self._kserve = KServeApi(catalog, health, settings, self._predict)
        self._openai = OpenAiApi(catalog, health, self._predict, manages="management" in sharing)

    def handle(self, exchange: Exchange) -> None:
        """See `app.Handler`."""
        request = exchange.request
        route = parse_path(request.path)
        if route is UNKNOWN:
            self._answer_unknown(exchange)
            return
        exchange.route = route.template
        predicts = route.kind is PREDICT
        if not predicts and route.kind is Kind.V2:
            exchange.face = self._kserve.face(route.model)
        if self._authority is not None and not _is_open(route, request.method):
            self._authority.authorize_inference(request.header(b"authorization"))
        if predicts:
            self._predict(exchange, route)
        else:
            self._answer_other(exchange, route)

    def _answer_unknown(self, exchange: Exchange) -> None:
        """A path that means nothing to TorchServe: OpenAI's, another API's, or nobody's."""
        path = self._openai.claimed(exchange.request)
        if exchange.request.path.startswith("/v2/"):
            exchange.face = self._kserve.face()
        if path is None and self._shared:
            raise ResourceNotFound
        if path is not None:
            exchange.route, exchange.face = path.template, self._openai.face(path)
        if self._authority is not None:
            self._authority.authorize_inference(exchange.request.header(b"authorization"))
        if path is None:
            raise ResourceNotFound
        self._openai.handle(exchange, path)

    def _answer_other(self, exchange: Exchange, route: Route) -> None:
        if route.kind is Kind.PING:
            status = 200 if self._health.healthy else 500
            text = "Healthy" if status == 200 else "Unhealthy"
            exchange.answer(status, [JSON_TYPE], json_body({"status": text}))
        elif route.kind is Kind.INVOCATIONS:
            self._invoke(exchange)
        elif route.kind is Kind.WORKFLOW:
            self._workflows.predict(exchange, route)
        elif _is_description(route, exchange.request.method):
            exchange.answer(200, [JSON_TYPE], self._description)
        elif route.kind is Kind.V2:
            self._kserve.handle(exchange, route)
        elif route.kind is Kind.ROOT:
            raise MethodNotAllowed
        else:
            raise ResourceNotFound

    def _invoke(self, exchange: Exchange) -> None:
        """/invocations: the model is a parameter, or the only one loaded at startup, or a form field."""
        request = exchange.request
        name = request.parameters().get("model_name") or self._sole_startup_model() or model_named_in_form(request)
        if not name:
            raise BadRequest("Parameter model_name is required.")
        self._predict(exchange, Route(Kind.PREDICT, "/invocations", name, query_fields=True))

    def _sole_startup_model(self) -> str | None:
        names = {model.name for model in self._catalog if model.loaded_at_startup}
        return names.pop() if len(names) == 1 else None

    def _predict(self, exchange: Exchange, route: Route) -> None:
        model = self._catalog.find(route.model, route.version)
        request = exchange.request
        if request.method == "OPTIONS":
            exchange.answer(200, [JSON_TYPE], json_body(model_document(model.name, model.version)))
            return
        prediction = Prediction(exchange, model, route.version or "default", route.asks)
        exchange.watcher = prediction
        prediction.enter(self._health)
        body = request.body
        mime = b"" if route.raw else mime_of(request.content_type)
        fields: list[Field]
        attachments: Sequence[bytes | Spooled]
        if len(body) == 1 and len(body[0]) <= INLINE_LIMIT and mime not in FORM_TYPES and not route.query_fields:
            # Nearly every request there is; what is so small is bytes.
            fields, attachments = [Field("body", text_of(mime), body[0])], ()  # type: ignore[arg-type]
        else:
            fields, attachments = fields_of(request, mime, route, model)
        headers = request.headers
        if self._tracer is not None:
            headers = prediction.trace(self._tracer, headers)
        extra = route.extra
        if request.query:
            extra = {**extra, QUERY_HEADER: request.query.decode("latin-1")}
        exchange.connection.on_lost = prediction.lost
        prediction.submit(WireRequest(exchange.request_id, headers, extra, fields), attachments)

    def refused(self, request: Request, code: int, ended: float) -> Refused | None:
        """See `app.Handler`. The request is one of its model's, if there is such a model."""
        route = parse_path(request.path)
        if route is UNKNOWN:
            path = self._openai.claimed(request)
            if path is None:
                return None
            self._openai.refused(request, path, code, ended)
            face = self._openai.face(path)
            return Refused(path.template, face, BodyTooLarge(self._body_limit) if code == 413 else None)
        if route.kind is Kind.PREDICT or route.call is Call.INFER:
            self._count_refused(request, route, code, ended)
        elif route.kind is Kind.WORKFLOW:
            self._workflows.refused(request, route, code, ended)
        if route.kind is not Kind.V2 or (face := self._kserve.face(route.model)) is TORCHSERVE:
            return Refused(route.template)
        return Refused(route.template, face, BodyTooLarge(self._body_limit) if code == 413 else None)

    def _count_refused(self, request: Request, route: Route, code: int, ended: float) -> None:
        try:
            recorder = self._catalog.find(route.model, route.version).recorder
        except ServescopeError:
            return
        if code == RequestUnfinished.status:
            recorder.request_unfinished(route.asks, ended, request.size)
            return
        if code == 413:
            recorder.rejected("too_large")
        recorder.request_refused(route.asks, code, request.received or ended, ended, request.size)


def _is_open(route: Route, method: str) -> bool:
    """Whether it takes no token: probes cannot have one."""
    return route.kind is Kind.PING or _is_description(route, method)


def _is_description(route: Route, method: str) -> bool:
    """Whether the API's own description is asked for."""
    return route.kind is Kind.API_DESCRIPTION or (route.kind is Kind.ROOT and method == "OPTIONS")
