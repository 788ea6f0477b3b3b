"""TorchServe's management service. A call in, the same change or report that HTTP's management API makes, its sentence out.

Made by `ports`; `services` calls. A field that was not sent is a parameter that was not given.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from servescope.config.model.calls.page import parse_page
from servescope.config.model.calls.register import parse_register
from servescope.config.model.calls.scaling import parse_scale
from servescope.errors import BadRequest, MethodNotAllowed, ServescopeError
from servescope.serving.lifecycle import Lifecycle
from servescope.serving.outcome import Outcome
from servescope.serving.turns import Caller
from servescope.web.authorization import TokenAuthority
from servescope.web.grpc.call import Call
from servescope.web.http.exchange import json_body
from servescope.web.management.model_reports import ModelReports

logger = logging.getLogger("servescope.web")

Work = Callable[[Any, Caller, Callable[[str], None]], Awaitable[Any]]


class ManagementService:
    """`authority` None: no tokens. `model_api`: models may be registered and unregistered."""

    def __init__(
        self, lifecycle: Lifecycle, reports: ModelReports, authority: TokenAuthority | None, *, model_api: bool
    ) -> None:
        self._lifecycle = lifecycle
        self._reports = reports
        self._authority = authority
        self._model_api = model_api
        self._under_way: set[asyncio.Task[Any]] = set()

    async def describe_model(self, call: Call) -> bytes:
        """What is known of a model, as JSON."""

        async def describe(asked: Any, caller: Caller, _warn: Callable[[str], None]) -> Any:
            version = asked.model_version or None
            return await self._reports.describe(_named(asked), version, caller, customized=asked.customized)

        return await self._answer(call, describe)

    async def list_models(self, call: Call) -> bytes:
        """A page of the models, as JSON."""

        async def page(asked: Any, _caller: Caller, warn: Callable[[str], None]) -> Any:
            return self._reports.page(parse_page(_given(asked), warn))

        return await self._answer(call, page)

    async def register_model(self, call: Call) -> bytes:
        """Register a model, and start its workers."""

        async def register(asked: Any, caller: Caller, warn: Callable[[str], None]) -> Any:
            self._require_model_api()
            options = parse_register(_given(asked), warn, self._lifecycle.counts.most_workers)
            return await self._lifecycle.register(options, caller)

        return await self._answer(call, register)

    async def scale_worker(self, call: Call) -> bytes:
        """Change how many workers a model has."""

        async def scale(asked: Any, caller: Caller, warn: Callable[[str], None]) -> Any:
            given = _given(asked)
            given.pop("model_name", None)
            options = parse_scale(given, warn, self._lifecycle.counts.most_workers)
            return await self._lifecycle.counts.scale(_named(asked), options.model_version, options, caller)

        return await self._answer(call, scale)

    async def set_default(self, call: Call) -> bytes:
        """Make a version the one that requests without a version get."""

        async def set_default(asked: Any, caller: Caller, _warn: Callable[[str], None]) -> Any:
            return await self._lifecycle.set_default(_named(asked), asked.model_version, caller)

        return await self._answer(call, set_default)

    async def unregister_model(self, call: Call) -> bytes:
        """Take a model away."""

        async def unregister(asked: Any, caller: Caller, _warn: Callable[[str], None]) -> Any:
            self._require_model_api()
            return await self._lifecycle.unregister(_named(asked), asked.model_version or None, caller)

        return await self._answer(call, unregister)

    async def _answer(self, call: Call, work: Work) -> bytes:
        if self._authority is not None:
            self._authority.authorize_management(call.said("authorization"))
        answer = await self._done(work(call.message(), caller := Caller(), _warner(call)), caller)
        if isinstance(answer, Outcome):
            return call.answer(answer.status, msg=answer.text)
        return call.answer(200, msg=json_body(answer).decode())

    async def _done(self, work: Awaitable[Any], caller: Caller) -> Any:
        """What comes of it. A client that leaves gives up its turn; a change that has begun is made to its end."""
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._end)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            caller.leave()
            raise

    def _end(self, task: "asyncio.Task[Any]") -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (error := task.exception()) and not isinstance(error, ServescopeError):
            logger.error("A management call failed", exc_info=error)

    def _require_model_api(self) -> None:
        if not self._model_api:
            raise MethodNotAllowed("Model API disabled")


def _named(asked: Any) -> str:
    if not asked.model_name:
        raise BadRequest("Parameter model_name is required.")
    name: str = asked.model_name
    return name


def _given(asked: Any) -> dict[str, str]:
    """The fields that were sent, as HTTP's query has them."""
    return {field.name: _text(value) for field, value in asked.ListFields()}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _warner(call: Call) -> Callable[[str], None]:
    def warn(text: str) -> None:
        logger.warning("%s: %s", call.method.name, text)

    return warn
