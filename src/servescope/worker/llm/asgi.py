"""One request to an ASGI app in this process. In: the request; out: status, headers and pieces of the body as they come.

Called by the language models' handler for every request. A caller that is cancelled shows to the app as a client that hung
up, which is how vLLM learns that it may stop.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Headers = Sequence[tuple[bytes, bytes]]
App = Callable[[Mapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]

GRACE_S = 1.0


@dataclass(frozen=True)
class AppRequest:
    """What the app is to answer. `path` begins with a slash; header names are lower-case."""

    method: str
    path: str
    headers: Headers
    body: bytes

    def scope(self) -> dict[str, Any]:
        """The ASGI connection scope. Of a version before 2.4: an app then listens for `http.disconnect`."""
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "http",
            "path": self.path,
            "raw_path": self.path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": list(self.headers),
            "client": ("127.0.0.1", 0),
            "server": ("127.0.0.1", 0),
            "state": {},
        }


class AppFailed(Exception):
    """The app ended without a whole answer."""


class AppCall:
    """A call of the app. `begin(status, headers)` is called once, then `take(piece)` for each piece that is not empty."""

    def __init__(
        self, request: AppRequest, begin: Callable[[int, Headers], None], take: Callable[[bytes], None]
    ) -> None:
        self._request = request
        self._begin = begin
        self._take = take
        self._asked = False
        self._complete = False
        self._gone = asyncio.Event()

    async def run(self, app: App) -> None:
        """Call the app and wait for its end. If cancelled, the app is told, and its end waited for, before it is raised.

        Raises:
            AppFailed: no whole answer came; what the app raised is the cause.
        """
        task = asyncio.ensure_future(app(self._request.scope(), self._receive, self._send))
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            self._gone.set()
            await _end(task)
            raise
        error = None if task.cancelled() else task.exception()
        if not self._complete:
            raise AppFailed(f"{self._request.path}: the answer ended early") from error
        if error is not None:  # after the answer: of no concern to the client
            traceback.print_exception(error)

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self._request.body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Mapping[str, Any]) -> None:
        if self._gone.is_set():
            return
        if message["type"] == "http.response.start":
            self._begin(message["status"], message.get("headers", ()))
        elif message["type"] == "http.response.body":
            if body := message.get("body", b""):
                self._take(body)
            self._complete = not message.get("more_body", False)


async def _end(task: "asyncio.Future[None]") -> None:
    """Wait for a call whose client has gone; one that takes no notice is cancelled."""
    if not task.done():
        await asyncio.wait({task}, timeout=GRACE_S)
    if not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=GRACE_S)
    if task.done() and not task.cancelled():
        task.exception()  # has been looked at; nobody waits for it
