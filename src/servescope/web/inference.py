"""The inference API: a request in, its job to the dispatcher, its answer out. The hot path of the server.

A handler for `app`.
"""

import asyncio
import functools
from typing import Any
from urllib.parse import parse_qsl

from servescope.config.settings import Settings
from servescope.errors import BadRequest, MethodNotAllowed, ResourceNotFound, ServiceUnavailable, WorkerFailed
from servescope.serving.catalog import Catalog
from servescope.serving.dispatcher import no_worker_text
from servescope.serving.health import Health
from servescope.serving.job import Answer, Job
from servescope.web.authorization import TokenAuthority
from servescope.web.bodies import (
    FORM_TYPES,
    ClientGone,
    authorization_of,
    form_fields,
    message_fields,
    mime_of,
    raw_fields,
)
from servescope.web.connection import WIRE_HEADERS
from servescope.web.exchange import JSON_TYPE, Exchange, encode_headers, json_body
from servescope.web.inference_routes import Kind, Route, parse_path
from servescope.web.open_inference import answer_open_inference
from servescope.web.openapi import model_document
from servescope.wire.messages import Field, Request


class InferenceApi:
    """Handler of the inference API. `authority` None: no tokens. `description`: the OpenAPI document, as JSON.

    `shared`: other APIs answer on this port too, and see to their own tokens.
    """

    def __init__(
        self,
        catalog: Catalog,
        health: Health,
        settings: Settings,
        authority: TokenAuthority | None,
        description: bytes,
        *,
        shared: bool = False,
    ) -> None:
        self._catalog = catalog
        self._health = health
        self._open_inference = settings.ts_open_inference_protocol
        self._authority = authority
        self._description = description
        self._shared = shared

    async def handle(self, exchange: Exchange, body: list[bytes]) -> None:
        """See `app.Handler`."""
        scope = exchange.scope
        route = parse_path(scope["path"])
        if self._shared and route.kind is Kind.UNKNOWN:
            raise ResourceNotFound
        if self._authority is not None and not _is_description(route, scope["method"]):
            self._authority.authorize_inference(authorization_of(scope))
        if route.kind is Kind.PREDICT:
            await self._predict(exchange, route, body)
        elif route.kind is Kind.PING:
            status = 200 if self._health.healthy else 500
            text = "Healthy" if status == 200 else "Unhealthy"
            exchange.answer(status, [JSON_TYPE], json_body({"status": text}))
        elif route.kind is Kind.INVOCATIONS:
            await self._invoke(exchange, body)
        elif _is_description(route, scope["method"]):
            exchange.answer(200, [JSON_TYPE], self._description)
        elif route.kind is Kind.OPEN_INFERENCE and self._open_inference:
            status, answer = answer_open_inference(scope["path"])
            exchange.answer(status, [JSON_TYPE], json_body(answer))
        elif route.kind is Kind.ROOT:
            raise MethodNotAllowed
        else:
            raise ResourceNotFound

    async def _invoke(self, exchange: Exchange, body: list[bytes]) -> None:
        """/invocations: the model is a parameter, or the only one loaded at startup, or a form field."""
        query = dict(parse_qsl(exchange.scope["query_string"].decode("latin-1"), keep_blank_values=True))
        name = query.get("model_name") or self._sole_startup_model() or self._form_model(exchange, body)
        if not name:
            raise BadRequest("Parameter model_name is required.")
        await self._predict(exchange, Route(Kind.PREDICT, name, query_fields=True), body)

    def _sole_startup_model(self) -> str | None:
        names = {model.name for model in self._catalog if model.loaded_at_startup}
        return names.pop() if len(names) == 1 else None

    def _form_model(self, exchange: Exchange, body: list[bytes]) -> str | None:
        content_type = exchange.content_type
        if mime_of(content_type) not in FORM_TYPES:
            return None
        _, data = form_fields(content_type, body).get("model_name", ("", b""))
        return data.decode("utf-8", "replace")

    async def _predict(self, exchange: Exchange, route: Route, body: list[bytes]) -> None:
        model = self._catalog.find(route.model, route.version)
        scope = exchange.scope
        if scope["method"] == "OPTIONS":
            exchange.answer(200, [JSON_TYPE], json_body(model_document(model.name, model.version)))
            return
        label = route.version or "default"
        model.recorder.request_arrived(label)
        if self._health.draining:
            model.recorder.rejected("draining")
            raise ServiceUnavailable(no_worker_text(model.name, route.version), why="draining")
        fields, attachments = self._fields(exchange, route, body)
        request = Request(exchange.request_id, scope[WIRE_HEADERS], dict(route.extra), fields)
        job = Job(request, attachments, label, exchange.began)
        model.dispatcher.submit(job)
        exchange.connection.on_lost = functools.partial(model.dispatcher.abandon, job)
        try:
            answer = await job.future
        except asyncio.CancelledError:
            if job.future.cancelled():
                raise ClientGone from None
            raise
        if not 200 <= answer.status <= 999:
            raise WorkerFailed(f"Invalid response status {answer.status}")
        headers = encode_headers(answer.headers) if answer.headers else ()
        if answer.pieces is None:
            exchange.answer(answer.status, headers, answer.body)
        else:
            await self._stream(exchange, answer, headers)

    def _fields(self, exchange: Exchange, route: Route, body: list[bytes]) -> tuple[list[Field], Any]:
        content_type = exchange.content_type
        mime = mime_of(content_type) if content_type else b""
        if mime not in FORM_TYPES and not route.query_fields:
            return raw_fields(mime, body)
        values: dict[str, tuple[str, bytes]] = {}
        if route.query_fields:
            query = exchange.scope["query_string"].decode("latin-1")
            values = {name: ("", value.encode()) for name, value in parse_qsl(query, keep_blank_values=True)}
        if mime in FORM_TYPES:
            return message_fields(values | form_fields(content_type, body))
        fields, attachments = message_fields(values)
        raw, pieces = raw_fields(mime, body)
        return [*fields, *raw], [*attachments, *pieces]

    async def _stream(self, exchange: Exchange, answer: Answer, headers: Any) -> None:
        assert answer.pieces is not None
        await exchange.start_stream(answer.status, headers)
        if answer.body:
            await exchange.send_piece(answer.body, more=True)
        while (piece := await answer.pieces.next()) is not None:
            if piece:
                await exchange.send_piece(piece, more=True)
        await exchange.send_piece(b"", more=False)
        exchange.end_stream(answer.status)


def _is_description(route: Route, method: str) -> bool:
    """Whether the API's own description is asked for, which takes no token."""
    return route.kind is Kind.API_DESCRIPTION or (route.kind is Kind.ROOT and method == "OPTIONS")
