"""The management API: register, scale, describe, list, set default, unregister. One request in, one JSON answer out.

A handler for `app`.
"""

import logging
from typing import Any
from urllib.parse import parse_qsl

from servescope import __version__
from servescope.config.register import parse_register, parse_register_body, parse_scale
from servescope.config.settings import Settings
from servescope.errors import MethodNotAllowed, ResourceNotFound
from servescope.serving.lifecycle import Lifecycle, Outcome
from servescope.web.authorization import TokenAuthority
from servescope.web.bodies import authorization_of, mime_of
from servescope.web.exchange import JSON_TYPE, Exchange, json_body
from servescope.web.model_reports import ModelReports
from servescope.web.openapi import model_management_document

logger = logging.getLogger("servescope.web")

Query = dict[str, str]


class ManagementApi:
    """Handler of the management API. `authority` None: no tokens. `description`: the OpenAPI document, as JSON."""

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

    async def handle(self, exchange: Exchange, body: list[bytes]) -> None:
        """See `app.Handler`."""
        scope = exchange.scope
        segments = scope["path"].rstrip("/").split("/")[1:]
        method = scope["method"]
        if segments == ["api-description"] or (not segments and method == "OPTIONS"):
            exchange.answer(200, [JSON_TYPE], self._description)
            return
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        if self._authority is not None:
            if segments == ["token"]:
                self._authority.renew(query.get("type"), authorization_of(scope))
                exchange.answer(200, [JSON_TYPE], b"\n")
                return
            self._authority.authorize_management(authorization_of(scope))
        answer = await self._route(exchange, method, segments, query, body)
        if isinstance(answer, Outcome):
            exchange.answer(answer.status, [JSON_TYPE], json_body({"status": answer.text}))
        else:
            exchange.answer(200, [JSON_TYPE], json_body(answer))

    async def _route(
        self, exchange: Exchange, method: str, segments: list[str], query: Query, body: list[bytes]
    ) -> Any:
        match method, segments:
            case _, []:
                raise MethodNotAllowed
            case "GET", ["models"]:
                return self._reports.page(query)
            case "POST", ["models"]:
                return await self._register(exchange, query, body)
            case _, ["models", name, version, "set-default"]:
                if method != "PUT":
                    raise MethodNotAllowed
                return self._lifecycle.set_default(name, version)
            case _, ["models", name]:
                # TorchServe reads this parameter where workers are scaled, and nowhere else: a DELETE takes no parameters.
                version = query.get("model_version") if method == "PUT" else None
                return await self._model(method, name, version, query)
            case _, ["models", name, version]:
                return await self._model(method, name, version, query)
            case "GET", ["v1", "models", name]:
                return self._reports.readiness(name)
            case _, ["models"] | ["v1", "models", _]:
                raise MethodNotAllowed
        raise ResourceNotFound

    async def _model(self, method: str, name: str, version: str | None, query: Query) -> Any:
        match method:
            case "GET":
                return await self._reports.describe(name, version, customized=query.get("customized") == "true")
            case "PUT":
                options = parse_scale(query)
                self._warn_unknown("PUT", options.unknown)
                return await self._lifecycle.scale(name, version, options)
            case "DELETE":
                self._require_model_api()
                return await self._lifecycle.unregister(name, version)
            case "OPTIONS":
                self._reports.require(name, version)
                return model_management_document(name, __version__)
        raise MethodNotAllowed

    async def _register(self, exchange: Exchange, query: Query, body: list[bytes]) -> Outcome:
        self._require_model_api()
        is_json = mime_of(exchange.content_type) == b"application/json"
        options = parse_register_body(b"".join(body)) if is_json else parse_register(query)
        return await self._lifecycle.register(options)

    def _require_model_api(self) -> None:
        if not self._model_api:
            raise MethodNotAllowed

    def _warn_unknown(self, method: str, names: tuple[str, ...]) -> None:
        for name in names:
            logger.warning("%s /models: unknown parameter %s is ignored", method, name)
