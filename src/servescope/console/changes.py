"""Changes of a model: in, a JSON body that a page has sent; out, the lifecycle's own outcome, as the management API's.

Called by `api`, once the door has let it pass. There is no second way to change anything: this is the management API's call.
"""

import logging
from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec

from servescope.config.model.calls.parameters import Parameters
from servescope.config.model.calls.scaling import parse_scale
from servescope.errors import BadRequest, MethodNotAllowed
from servescope.serving.lifecycle import Lifecycle
from servescope.serving.outcome import Outcome
from servescope.serving.turns import Caller
from servescope.web.http.exchange import Exchange

logger = logging.getLogger("servescope.console")

_SCALE: Final = ("min_worker", "max_worker", "autoscale")
_SHOWN: Final = 80


class Changes:
    """`model_api`: whether models may be unregistered by HTTP at all."""

    def __init__(self, lifecycle: Lifecycle, *, model_api: bool) -> None:
        self._lifecycle = lifecycle
        self._model_api = model_api

    async def make(self, exchange: Exchange, action: str, name: str) -> Outcome:
        """Scale, set the default, or unregister.

        Raises:
            ServescopeError: as the management API's call of that kind does; BadRequest for a body that is none.
        """
        given, caller = _body(exchange, ("version", *_SCALE) if action == "scale" else ("version",)), Caller()
        if exchange.open:
            exchange.connection.on_lost = _leaving(exchange, caller)
        else:
            caller.leave()
        if action == "scale":
            return await self._scale(name, given, caller)
        version = Parameters(given, given, logger.warning).text("version")
        if action == "set-default":
            if version is None:
                raise BadRequest("Parameter version is required.")
            return await self._lifecycle.set_default(name, version, caller)
        if not self._model_api:
            raise MethodNotAllowed
        return await self._lifecycle.unregister(name, version, caller)

    async def _scale(self, name: str, given: Mapping[str, Any], caller: Caller) -> Outcome:
        if not any(given.get(each) not in (None, "") for each in _SCALE):
            raise BadRequest(f"One of {', '.join(_SCALE)} is required.")
        version = Parameters(given, given, logger.warning).text("version")
        asked = {each: _text(each, given[each]) for each in _SCALE if given.get(each) not in (None, "")}
        options = parse_scale(asked, logger.warning, self._lifecycle.counts.most_workers)
        return await self._lifecycle.counts.scale(name, version, options, caller)


def _body(exchange: Exchange, known: Collection[str]) -> Mapping[str, Any]:
    """Raises BadRequest where it is no JSON object, or has other names: a page knows what it sends."""
    raw = exchange.request.whole_body
    try:
        given = msgspec.json.decode(raw) if raw.strip() else {}
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BadRequest(f"The body is no JSON: {error}") from None
    if not isinstance(given, dict):
        raise BadRequest(f"The body is no JSON object: {raw[:_SHOWN].decode('utf-8', 'replace')!r}")
    if unknown := [name for name in given if name not in known]:
        raise BadRequest(f"Parameter {unknown[0][:_SHOWN]!r} is none of {', '.join(known)}")
    return given


def _text(name: str, value: object) -> str:
    """As a query has it: a number or a text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise BadRequest(f"Parameter {name} is not a whole number: {str(value)[:_SHOWN]!r}")
    return str(value)


def _leaving(exchange: Exchange, caller: Caller) -> Any:
    def lost() -> None:
        exchange.close()
        caller.leave()

    return lost
