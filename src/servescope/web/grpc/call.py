"""One call and its books: its id, who it is from, the counters, the access log. As `web.http.exchange` is to HTTP.

Made by `services` for every call, and finished exactly once.
"""

import logging
import time
from typing import Any, NoReturn, Protocol

from grpc.aio import AbortError, ServicerContext

from servescope.errors import ServescopeError, WorkerFailed, status_of
from servescope.metrics.recording.codes import HUNG_UP
from servescope.web.grpc.messages import Method
from servescope.web.grpc.statuses import Unreadable, status_for, words_for
from servescope.web.http.exchange import Observers
from servescope.web.http.request_id import given_or_new_id

logger = logging.getLogger("servescope.web")

REQUEST_ID = "x-request-id"


class Watcher(Protocol):
    """Who counts what became of a call, on its port too."""

    def finished(self, code: int, size: int, ended: float) -> None:
        """See `exchange.Watcher`."""


class Call:
    """A call in hand. `api`: inference or management. `began`: when its message had come in whole, monotonic seconds.

    `received`, `sent`: bytes of its message, and of those that were answered.
    """

    def __init__(
        self, method: Method, api: str, data: bytes, context: "ServicerContext[Any, Any]", observers: Observers
    ):
        self.began = time.monotonic()
        self.method = method
        self.api = api
        self.received = len(data)
        self.sent = 0
        self.watcher: Watcher | None = None
        self._data = data
        self._context = context
        self._observers = observers
        self._open = True
        self.metadata: dict[str, str] = {
            key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)
        }
        self.request_id = given_or_new_id(self.metadata.get(REQUEST_ID, "").encode("latin-1", "replace"))
        context.set_trailing_metadata(((REQUEST_ID, self.request_id),))
        observers.open += 1

    @property
    def path(self) -> str:
        """Its path in HTTP/2."""
        return f"/{self.method.name}"

    def message(self) -> Any:
        """What the client sent.

        Raises:
            Unreadable: it is not the method's message.
        """
        try:
            return self.method.request.FromString(self._data)
        except Exception as error:  # protobuf's own class differs from one implementation to the other
            raise Unreadable(f"The message is no {self.method.request.DESCRIPTOR.full_name}: {error}") from error

    def answer(self, code: int, **fields: Any) -> bytes:
        """A whole answer. `code`: HTTP's."""
        data: bytes = self.method.response(**fields).SerializeToString()
        self.sent = len(data)
        self.finish(code)
        return data

    async def write(self, data: bytes) -> None:
        """Send a piece of the answer, once the client has room for it."""
        await self._context.write(data)
        self.sent += len(data)

    async def fail(self, error: ServescopeError) -> NoReturn:
        """End it with an error.

        Raises:
            AbortError: always, which gRPC answers.
        """
        code = status_of(error)
        self.finish(code)
        status = status_for(error, code, inference=self.api == "inference")
        await self._context.abort(status, words_for(error))
        raise AbortError

    async def fail_unforeseen(self) -> NoReturn:
        """As `fail`, of a fault of ours; called where it is caught."""
        logger.exception("Request %s failed", self.request_id)
        await self.fail(WorkerFailed("Internal server error"))

    def left(self) -> None:
        """Its client cancelled it, went away, or waited for as long as it would. Does nothing once it is over."""
        self.finish(HUNG_UP)

    def finish(self, code: int) -> None:
        """It is over. Counted once, here and nowhere else."""
        if not self._open:
            return
        self._open = False
        ended = time.monotonic()
        observers = self._observers
        if code != HUNG_UP and not (observers.unlogged and observers.leaves_no_line(self.path)):
            line = (_address(self._context.peer()), "gRPC", self.method.name.encode(), "2.0", code)
            observers.access_log.write(line, int((ended - self.began) * 1000), self.request_id)
        if self.watcher is None:
            observers.recorder.port.http_request(self.api, "POST", self.path, code)
        else:
            watcher, self.watcher = self.watcher, None  # they hold each other
            watcher.finished(code, self.sent, ended)
        observers.open -= 1
        if observers.rest is not None and not observers.open:
            observers.rest.set()


def _address(peer: str) -> tuple[str, int] | None:
    """`ipv4:127.0.0.1:50000`, `ipv6:%5B::1%5D:50000`, which has brackets in one way or the other."""
    kind, _, rest = peer.partition(":")
    host, _, port = rest.rpartition(":")
    if kind not in ("ipv4", "ipv6") or not port.isdecimal():
        return None
    return host.replace("%5B", "").replace("%5D", "").strip("[]"), int(port)
