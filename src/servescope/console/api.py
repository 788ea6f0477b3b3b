"""The console's API: in, requests to /console and below it, on the metrics port; out, pages, documents, events, and changes.

A handler for `web.http.app`. docs/console.md describes the documents.
"""

from collections.abc import Coroutine, Mapping
from typing import Any

from msgspec import Struct

from servescope.console.access.hosts import Hosts
from servescope.console.access.visitor import Door
from servescope.console.bundle import Bundle
from servescope.console.changes import Changes
from servescope.console.face import FACE, SAFE, answer_document, safe_for
from servescope.console.live import Live
from servescope.console.query import choice, points
from servescope.console.routes import CHANGES, Route, parse
from servescope.console.views.failures import failures, slowest
from servescope.console.views.overview import Overview, Sources
from servescope.console.views.past import heatmap, history, machine_history
from servescope.errors import MethodNotAllowed, ModelNotFound, ModelVersionNotFound, ResourceNotFound
from servescope.metrics.runbook.page import page as runbook_page
from servescope.serving.model import Model
from servescope.web.http.app import Refused
from servescope.web.http.exchange import Exchange
from servescope.web.http.request import Request

_RANGES = ("hour", "day")


class Parts(Struct, frozen=True):
    """What the API hands requests to."""

    sources: Sources
    overview: Overview
    live: Live
    bundle: Bundle
    hosts: Hosts
    door: Door
    changes: Changes


class ConsoleApi:
    """Handler of the console."""

    listener = "metrics"

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def handle(self, exchange: Exchange) -> Coroutine[Any, Any, None] | None:
        """See `app.Handler`."""
        route = parse(exchange.request.path)
        if route is None:
            raise ResourceNotFound
        exchange.route, exchange.face = route.template, FACE
        request = exchange.request
        self._parts.hosts.check(request)
        if route.what == "session":
            self._session(exchange)
            return None
        action = route.what.removeprefix("model ")
        if action in CHANGES:
            if request.method != "POST":
                raise MethodNotAllowed
            self._parts.door.require(request)
            return self._change(exchange, action, route.name)
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed
        return self._read(exchange, route)

    def refused(self, request: Request, code: int, ended: float) -> Refused | None:  # noqa: ARG002  # see `app.Handler`
        """See `app.Handler`."""
        route = parse(request.path)
        return None if route is None else Refused(route.template, FACE)

    def _read(self, exchange: Exchange, route: Route) -> Coroutine[Any, Any, None] | None:
        if route.what in ("page", "file"):
            self._file(exchange, route.name)
            return None
        if route.what == "nothing":
            exchange.fail(ResourceNotFound())  # raised, it would be another API's to look for
            return None
        if route.what == "runbook":
            styled = safe_for(runbook_page())
            exchange.answer(200, [(b"content-type", b"text/html; charset=utf-8"), *styled], runbook_page())
            return None
        if route.what == "events":
            if exchange.request.method == "HEAD":
                raise MethodNotAllowed
            return self._parts.live.stream(exchange)
        return self._document(exchange, route)

    def _file(self, exchange: Exchange, path: str) -> None:
        page = self._parts.bundle.find(path)
        if page is None:
            exchange.fail(ResourceNotFound())
            return
        exchange.answer(200, [(b"content-type", page.content_type), *SAFE], page.content)

    async def _document(self, exchange: Exchange, route: Route) -> None:
        query = exchange.request.parameters()
        await self._parts.live.settled()
        if route.what == "overview":
            made = await self._parts.overview.document()
        else:
            made = await self._made(exchange.request, route, query)
        answer_document(exchange, made)

    async def _made(self, request: Request, route: Route, query: Mapping[str, str]) -> dict[str, Any]:
        parts = self._parts
        if route.what == "history":
            name = choice(query, "range", _RANGES)
            return await machine_history(name, getattr(parts.sources.memory, name), points(query))
        model = self._model(route.name, query.get("version") or None)
        if route.what == "model":
            return parts.overview.model(model)
        if route.what in ("model failures", "model slowest"):
            visitor = parts.door.visitor(request)
            return (failures if route.what == "model failures" else slowest)(
                model, visitor, parts.sources.memory.wall()
            )
        return await self._past(model, route.what, query)

    def _model(self, name: str, version: str | None) -> Model:
        """Also one that is unregistered and has yet to finish, while there is no other. Raises as `Catalog.find`."""
        catalog = self._parts.sources.catalog
        try:
            return catalog.find(name, version)
        except (ModelNotFound, ModelVersionNotFound):
            leaving = catalog.leaving(name, version)
            if not leaving:
                raise
            return leaving[0]

    async def _past(self, model: Model, what: str, query: Mapping[str, str]) -> dict[str, Any]:
        name, track = choice(query, "range", _RANGES), (model.name, model.version)
        ring = getattr(self._parts.sources.memory, name)
        if what == "model heatmap":
            return await heatmap(name, ring, track, points(query, default=120))
        return await history(name, ring, track, points(query), language_model=bool(model.pool.served))

    def _session(self, exchange: Exchange) -> None:
        request, door = exchange.request, self._parts.door
        # By DELETE, since a browser keeps the cookie for the path at which it was given, and forgets it only there.
        if request.method == "DELETE":
            self._parts.hosts.check_origin(request, by_cookie=False)
            answer_document(
                exchange, self._standing(False, signed_in=False), headers=[(b"set-cookie", door.sign_out())]
            )
        elif request.method == "POST":
            cookie = door.sign_in(request)
            answer_document(exchange, self._standing(True, signed_in=True), headers=[(b"set-cookie", cookie)])
        elif request.method in ("GET", "HEAD"):
            visitor = door.visitor(request)
            answer_document(exchange, self._standing(visitor.allowed, visitor.why, signed_in=visitor.by_cookie))
        else:
            raise MethodNotAllowed

    def _standing(self, allowed: bool, why: str = "", *, signed_in: bool) -> dict[str, Any]:
        model_api = self._parts.sources.settings.enable_model_api
        tokens = self._parts.door.tokens
        return {"tokens": tokens, "allowed": allowed, "signed_in": signed_in, "why": why, "model_api": model_api}

    async def _change(self, exchange: Exchange, action: str, name: str) -> None:
        outcome = await self._parts.changes.make(exchange, action, name)
        answer_document(exchange, {"status": outcome.text}, status=outcome.status)
