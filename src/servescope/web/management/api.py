"""The management API: register, scale, describe, list, set default, unregister. One request in, one JSON answer out.

A handler for `app`.
"""

import logging
from collections.abc import Coroutine
from typing import Any

from servescope import __version__
from servescope.config.model.register import parse_register, parse_register_body, parse_scale
from servescope.config.settings import Settings
from servescope.errors import MethodNotAllowed, ResourceNotFound
from servescope.serving.lifecycle import Lifecycle
from servescope.serving.outcome import Outcome
from servescope.serving.turns import Caller
from servescope.web.authorization import TokenAuthority
from servescope.web.http.app import Refused
from servescope.web.http.bodies import mime_of
from servescope.web.http.exchange import Exchange, json_body
from servescope.web.http.face import JSON_TYPE
from servescope.web.http.request import Request
from servescope.web.management.model_reports import ModelReports
from servescope.web.openapi import model_management_document

logger = logging.getLogger("servescope.web")

Query = dict[str, str]


def route_of(segments: list[str]) -> str:
    """A path's template, for the metrics."""
    match segments:
        case [] | ["api-description"] | ["models"] | ["token"]:
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


def _caller_of(exchange: Exchange) -> Caller:
    """The client, who waits for its turn only as long as it is there."""
    caller = Caller()

    def lost() -> None:
        exchange.close()
        caller.leave()

    if exchange.open:
        exchange.connection.on_lost = lost
    else:
        caller.leave()
    return caller


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
    ) -> None:
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
        answer = await self._route(exchange.request, segments, query, _caller_of(exchange))
        if isinstance(answer, Outcome):
            exchange.answer(answer.status, [JSON_TYPE], json_body({"status": answer.text}))
        else:
            exchange.answer(200, [JSON_TYPE], json_body(answer))

    async def _route(self, request: Request, segments: list[str], query: Query, caller: Caller) -> Any:
        method = request.method
        match method, segments:
            case _, []:
                raise MethodNotAllowed
            case "GET", ["models"]:
                return self._reports.page(query)
            case "POST", ["models"]:
                return await self._register(request, query, caller)
            case _, ["models", name, version, "set-default"]:
                if method != "PUT":
                    raise MethodNotAllowed
                return await self._lifecycle.set_default(name, version, caller)
            case _, ["models", name]:
                # TorchServe reads this parameter where workers are scaled, and nowhere else: a DELETE takes no parameters.
                asked = query.get("model_version") if method == "PUT" else None
                return await self._model(request, name, asked, query, caller)
            case _, ["models", name, version]:
                return await self._model(request, name, version, query, caller)
            case "GET", ["v1", "models", name]:
                return self._reports.readiness(name)
            case _, ["models"] | ["v1", "models", _]:
                raise MethodNotAllowed
        raise ResourceNotFound

    async def _model(self, request: Request, name: str, version: str | None, query: Query, caller: Caller) -> Any:
        match request.method:
            case "GET":
                customized = query.get("customized") == "true"
                headers = request.headers
                return await self._reports.describe(name, version, caller, customized=customized, headers=headers)
            case "PUT":
                options = parse_scale(query, self._lifecycle.most_workers)
                self._warn_unknown("PUT", options.unknown)
                return await self._lifecycle.scale(name, version, options, caller)
            case "DELETE":
                self._require_model_api()
                return await self._lifecycle.unregister(name, version, caller)
            case "OPTIONS":
                self._reports.require(name, version)
                return model_management_document(name, __version__)
        raise MethodNotAllowed

    async def _register(self, request: Request, query: Query, caller: Caller) -> Outcome:
        self._require_model_api()
        is_json = mime_of(request.content_type) == b"application/json"
        most = self._lifecycle.most_workers
        options = parse_register_body(b"".join(request.body), most) if is_json else parse_register(query, most)
        return await self._lifecycle.register(options, caller)

    def _require_model_api(self) -> None:
        if not self._model_api:
            raise MethodNotAllowed

    def _warn_unknown(self, method: str, names: tuple[str, ...]) -> None:
        for name in names:
            logger.warning("%s /models: unknown parameter %s is ignored", method, name)
