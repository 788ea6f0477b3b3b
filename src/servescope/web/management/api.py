"""The management API: register, scale, describe, list, set default, unregister. One request in, one JSON answer out.

A handler for `app`.
"""

from collections.abc import Coroutine
from typing import Any

from servescope import __version__
from servescope.config.model.calls.page import parse_page
from servescope.config.model.calls.register import parse_register, parse_register_body
from servescope.config.model.calls.scaling import parse_scale
from servescope.config.settings import Settings
from servescope.errors import MethodNotAllowed, ResourceNotFound
from servescope.serving.lifecycle import Lifecycle
from servescope.serving.outcome import Outcome
from servescope.web.authorization import TokenAuthority
from servescope.web.http.app import Refused
from servescope.web.http.bodies import mime_of
from servescope.web.http.exchange import Exchange, json_body
from servescope.web.http.face import JSON_TYPE, TorchServeFace, warning_headers, warnings_part
from servescope.web.http.request import Request
from servescope.web.management.call import Call
from servescope.web.management.model_reports import ModelReports
from servescope.web.management.workflows import WorkflowCalls
from servescope.web.openapi import model_management_document

Query = dict[str, str]

# TorchServe documents them where models are unregistered, and ignores them.
_IGNORED = ("synchronous", "timeout")


def route_of(segments: list[str]) -> str:
    """A path's template, for the metrics."""
    match segments:
        case ["workflows", _, *_]:
            return "/workflows/{workflow_name}"
        case [] | ["api-description"] | ["models"] | ["workflows"] | ["token"]:
            return "/" + "/".join(segments)
        case ["models", _]:
            return "/models/{model_name}"
        case ["models", _, _]:
            return "/models/{model_name}/{version}"
        case ["models", _, _, "set-default"]:
            return "/models/{model_name}/{version}/set-default"
        case ["v1", "models", _]:
            return "/v1/models/{model_name}"
    return "other"


class ManagementApi:
    """Handler of the management API. `authority` None: no tokens. `description`: the OpenAPI document, as JSON."""

    listener = "management"

    def __init__(
        self,
        lifecycle: Lifecycle,
        reports: ModelReports,
        settings: Settings,
        authority: TokenAuthority | None,
        description: bytes,
        workflows: WorkflowCalls,
    ) -> None:
        self._workflows = workflows
        self._lifecycle = lifecycle
        self._reports = reports
        self._model_api = settings.enable_model_api
        self._authority = authority
        self._description = description

    def handle(self, exchange: Exchange) -> Coroutine[Any, Any, None] | None:
        """See `app.Handler`."""
        request = exchange.request
        segments = request.path.rstrip("/").split("/")[1:]
        method = request.method
        exchange.route = route_of(segments)
        if segments == ["api-description"] or (not segments and method == "OPTIONS"):
            exchange.answer(200, [JSON_TYPE], self._description)
            return None
        query = request.parameters()
        if self._authority is not None:
            if segments == ["token"]:
                self._authority.renew(query.get("type"), request.header(b"authorization"))
                exchange.answer(200, [JSON_TYPE], b"\n")
                return None
            self._authority.authorize_management(request.header(b"authorization"))
        return self._answer(exchange, segments, query)

    def refused(self, request: Request, code: int, ended: float) -> Refused | None:  # noqa: ARG002  # see `app.Handler`
        """See `app.Handler`."""
        route = route_of(request.path.rstrip("/").split("/")[1:])
        return None if route == "other" else Refused(route)

    async def _answer(self, exchange: Exchange, segments: list[str], query: Query) -> None:
        call = Call(exchange, query)
        exchange.face = TorchServeFace(call.warnings)
        answer = await self._route(call, segments)
        headers = [JSON_TYPE, *warning_headers(call.warnings)]
        if isinstance(answer, Outcome):
            said = {"status": answer.text} | warnings_part(call.warnings)
            exchange.answer(answer.status, headers, json_body(said))
        else:
            exchange.answer(200, headers, json_body(answer))

    async def _route(self, call: Call, segments: list[str]) -> Any:
        match call.request.method, segments:
            case _, []:
                raise MethodNotAllowed
            case "GET", ["models"]:
                return self._reports.page(parse_page(call.query, call.warn)) | warnings_part(call.warnings)
            case "POST", ["models"]:
                return await self._register(call)
            case "PUT", ["models", name, version, "set-default"]:
                call.takes()
                return await self._lifecycle.set_default(name, version, call.caller)
            case _, ["models", name]:
                return await self._model(call, name, None)
            case _, ["models", name, version]:
                return await self._model(call, name, version)
            case _, ["workflows", *names]:
                return await self._workflows.answer(call, names)
            case "GET", ["v1", "models", name]:
                return self._reports.readiness(name)
            case _, ["models"] | ["v1", "models", _] | ["models", _, _, "set-default"]:
                raise MethodNotAllowed
        raise ResourceNotFound

    async def _model(self, call: Call, name: str, version: str | None) -> Any:
        match call.request.method:
            case "GET":
                customized = call.takes("customized").text("customized") == "true"
                headers = call.request.headers
                return await self._reports.describe(name, version, call.caller, customized=customized, headers=headers)
            case "PUT":
                options = parse_scale(call.query, call.warn, self._lifecycle.counts.most_workers)
                version = version or options.model_version
                return await self._lifecycle.counts.scale(name, version, options, call.caller)
            case "DELETE":
                self._require_model_api()
                call.takes(*_IGNORED)
                return await self._lifecycle.unregister(name, version, call.caller)
            case "OPTIONS":
                self._reports.require(name, version)
                return model_management_document(name, __version__)
        raise MethodNotAllowed

    async def _register(self, call: Call) -> Outcome:
        self._require_model_api()
        most = self._lifecycle.counts.most_workers
        if mime_of(call.request.content_type) == b"application/json":
            if call.query:
                call.warn(f"beside a JSON body the query is ignored: {', '.join(call.query):.200}")
            options = parse_register_body(call.request.whole_body, call.warn, most)
        else:
            options = parse_register(call.query, call.warn, most)
        return await self._lifecycle.register(options, call.caller)

    def _require_model_api(self) -> None:
        if not self._model_api:
            raise MethodNotAllowed
