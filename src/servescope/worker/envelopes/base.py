"""What every envelope is: `parse_input` before a handler, `format_output` after it. Subclassed beside this, and by users' own."""

import inspect
import json
from collections.abc import Callable
from typing import Any, ClassVar

from servescope.wire.messages import Writing
from servescope.worker.handler.context import Context
from servescope.worker.replies.json_text import AS_BEFORE

Row = dict[str, Any]
HandleFn = Callable[[Any, Context], Any]


class ClientMistake(ValueError):
    """A body is not of the envelope's form; the text is for its client, who gets it with 400."""


class BaseEnvelope:
    """Calls `handle_fn` on what `parse_input` makes of the rows, and gives its result to `format_output`.

    `alone`: each request of a batch has an envelope, and a call of the handler, of its own.
    """

    alone: ClassVar[bool] = False

    def __init__(self, handle_fn: HandleFn, writing: Writing = AS_BEFORE) -> None:
        self._handle_fn = handle_fn
        self._writing = writing
        self.context: Any = None

    def handle(self, data: list[Row], context: Context) -> Any:
        """One batch. An asynchronous handler's coroutine is passed on, its result wrapped when it is there.

        Where nothing is asked, as in `{"instances": []}`, no handler need be.
        """
        self.context = context
        given = self.parse_input(data)
        if isinstance(given, list) and not given:
            return self.format_output([])
        results = self._handle_fn(given, context)
        return self._format_later(results) if inspect.isawaitable(results) else self.format_output(results)

    async def _format_later(self, results: Any) -> Any:
        return self.format_output(await results)

    def parse_input(self, data: list[Row]) -> Any:
        """Rows → what the handler is given."""
        raise NotImplementedError(f"{type(self).__name__}.parse_input")

    def format_output(self, data: Any) -> Any:
        """What the handler returned → one answer a request."""
        raise NotImplementedError(f"{type(self).__name__}.format_output")

    def _is_explain(self) -> bool:
        return bool(self.context) and self.context.get_request_header(0, "explain") == "True"


def body_of(row: Row) -> Any:
    """What a request carries: its field `data`, else `body`."""
    data = row.get("data")
    return row.get("body") if data is None else data


def document_of(body: Any, key: str, who: str) -> Row:
    """A request's JSON object, from text where it came undecoded. `who`: the envelope, for the client.

    Raises:
        ClientMistake: not JSON, not an object, or without a list under `key`.
    """
    if isinstance(body, bytes | bytearray | str):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ClientMistake(f"{who}: the body is no JSON: {error}") from error
    if not isinstance(body, dict) or not isinstance(body.get(key), list):
        raise ClientMistake(f"{who}: a body must be a JSON object with a list under {key!r}")
    return body
