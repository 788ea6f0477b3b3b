"""The ASGI app of a port: reads the request, asks the port's handlers, and sees to it that there is exactly one answer.

`inference`, `management` and `metrics` give the handlers; `listener` serves the app. Where APIs share an address, their handlers are
asked in turn until one knows the path.
"""

import logging
from collections.abc import Sequence
from typing import Any, Protocol

from servescope.config.settings import Settings
from servescope.errors import ResourceNotFound, ServescopeError, WorkerFailed
from servescope.web.bodies import BodyTooLarge, ClientGone, read_body
from servescope.web.cors import is_preflight
from servescope.web.exchange import Exchange, Observers

logger = logging.getLogger("servescope.web")


class Handler(Protocol):
    """One API."""

    async def handle(self, exchange: Exchange, body: list[bytes]) -> None:
        """Answer through the exchange. Raises ServescopeError for an error answer, ResourceNotFound for another's path."""


class HttpApp:
    """One port's app."""

    def __init__(self, handlers: Sequence[Handler], settings: Settings, observers: Observers) -> None:
        self._handlers = handlers
        self._only = handlers[0].handle if len(handlers) == 1 else None
        self._limit = settings.max_request_size
        self._settings = settings
        self._observers = observers

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        observers = self._observers
        exchange = Exchange(scope, send, observers)
        try:
            body = await read_body(scope, receive, exchange.content_length, self._limit)
        except BodyTooLarge:
            exchange.connection.refuse_body()
            return
        except ClientGone:
            return
        observers.open += 1
        try:
            if scope["method"] == "OPTIONS" and is_preflight(self._settings, "OPTIONS", scope["headers"]):
                exchange.answer(200, (), b"")
            elif self._only is not None:
                await self._only(exchange, body)
            else:
                await self._ask_in_turn(exchange, body)
        except ServescopeError as error:
            self._fail(exchange, error)
        except ClientGone:
            pass
        except Exception:
            logger.exception("Request %s failed", exchange.request_id)
            self._fail(exchange, WorkerFailed("Internal server error"))
        finally:
            observers.closed()

    async def _ask_in_turn(self, exchange: Exchange, body: list[bytes]) -> None:
        *others, last = self._handlers
        for handler in others:
            try:
                await handler.handle(exchange, body)
            except ResourceNotFound:
                continue
            return
        await last.handle(exchange, body)

    def _fail(self, exchange: Exchange, error: ServescopeError) -> None:
        if exchange.started:
            exchange.break_off()
        else:
            exchange.fail(error)
