"""One call and its books: its id, who it is from, the counters, the access log. As `web.http.exchange` is to HTTP.

Made by `services` for every call, and for every message of a call that takes many; finished exactly once.
"""

import logging
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NoReturn

from grpc import StatusCode
from grpc.aio import AbortError, ServicerContext

from servescope.errors import ServescopeError, WorkerFailed, status_of
from servescope.metrics.recording.codes import HUNG_UP
from servescope.web.grpc.protos.messages import Method
from servescope.web.grpc.statuses import Face, Unreadable
from servescope.web.http.exchange import Observers, Watcher
from servescope.web.http.forwarded import Client, sender_of
from servescope.web.http.request_id import given_or_new_id, new_request_id

logger = logging.getLogger("servescope.web")

REQUEST_ID = "x-request-id"


class Call:
    """A call in hand. `api`: inference or management. `face`: how its errors look. `part`: it is one message of many, whose
    client's id is none of its own.

    `began`: when its message had come in whole, monotonic seconds. `received`, `sent`: bytes of its message, and of those that
    were answered. `status`: what it was refused with.
    """

    __slots__ = (
        "_data",
        "_observers",
        "_open",
        "api",
        "began",
        "context",
        "face",
        "metadata",
        "method",
        "received",
        "request_id",
        "sent",
        "status",
        "watcher",
    )

    def __init__(
        self,
        method: Method,
        api: str,
        face: Face,
        data: bytes,
        context: "ServicerContext[Any, Any]",
        observers: Observers,
        *,
        part: bool = False,
    ) -> None:
        self.began = time.monotonic()
        self.method = method
        self.api = api
        self.face = face
        self.context = context
        self.received = len(data)
        self.sent = 0
        self.status = StatusCode.OK
        self.watcher: Watcher | None = None
        self._data = data
        self._observers = observers
        self._open = True
        self.metadata: Sequence[tuple[str, str | bytes]] = context.invocation_metadata() or ()
        given = None if part else self.said(REQUEST_ID)
        self.request_id = new_request_id() if given is None else given_or_new_id(given.encode("latin-1", "replace"))
        if not part:
            context.set_trailing_metadata(((REQUEST_ID, self.request_id),))
        observers.open += 1

    def said(self, key: str) -> str | None:
        """What the client's metadata say under a key in lower case; the last word, where there are several."""
        found = None
        for name, value in self.metadata:
            if name == key and isinstance(value, str):
                found = value
        return found

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """The client's metadata, as HTTP has them."""
        return [
            (key.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
            for key, value in self.metadata
            if isinstance(value, str)
        ]

    @property
    def path(self) -> str:
        """Its path in HTTP/2."""
        return self.method.path

    @property
    def client(self) -> Client:
        """Who it is from, as far as trusted proxies tell."""
        address, observers = self.peer, self._observers
        return sender_of(address, self.headers, observers.proxies).client if observers.behind_proxies else address

    @property
    def peer(self) -> Client:
        """Who the connection is with."""
        return address_of(self.context.peer())

    def message(self) -> Any:
        """What the client sent; to be called once.

        Raises:
            Unreadable: it is not the method's message.
        """
        data, self._data = self._data, b""  # it may be large, and is not needed twice
        try:
            return self.method.request.FromString(data)
        except Exception as error:  # protobuf's own class differs from one implementation to the other
            raise Unreadable(f"The message is no {self.method.request.DESCRIPTOR.full_name}: {error}") from error

    def answer(self, code: int, **fields: Any) -> bytes:
        """A whole answer. `code`: HTTP's."""
        return self.answer_with(code, self.method.response(**fields))

    def answer_with(self, code: int, message: Any) -> bytes:
        """A whole answer, made already. `code`: HTTP's."""
        data: bytes = message.SerializeToString()
        self.sent = len(data)
        self.finish(code)
        return data

    async def write(self, data: bytes) -> None:
        """Send a piece of the answer, once the client has room for it."""
        await self.context.write(data)
        self.sent += len(data)

    def refuse(self, error: ServescopeError) -> None:
        """It ends with an error, which its client is told of elsewhere."""
        code = status_of(error)
        if self.watcher is not None:
            self.watcher.failing(error)
        self.status = self.face.status(error, code)
        self.finish(code)

    async def fail(self, error: ServescopeError) -> NoReturn:
        """End it with an error.

        Raises:
            AbortError: always, which gRPC answers.
        """
        self.refuse(error)
        await self.context.abort(self.status, self.face.words(error))
        raise AbortError

    async def fail_unforeseen(self) -> NoReturn:
        """As `fail`, of a fault of ours; called where it is caught."""
        await self.fail(self.unforeseen())

    def unforeseen(self) -> ServescopeError:
        """What its client is told of a fault of ours; called where it is caught."""
        logger.exception("Request %s failed", self.request_id)
        return WorkerFailed("Internal server error")

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
            line = (self.client, "gRPC", self.method.target, "2.0", code)
            took_ms = int((ended - self.began) * 1000)
            observers.access_log.write(line, took_ms, self.request_id, alone=observers.open == 1)
        if self.watcher is None:
            observers.recorder.port.http_request(self.api, *self.method.way, code)
        else:
            watcher, self.watcher = self.watcher, None  # they hold each other
            watcher.finished(code, self.sent, ended)
        observers.open -= 1
        if observers.rest is not None and not observers.open:
            observers.rest.set()


@lru_cache(maxsize=1024)  # as many connections
def address_of(peer: str) -> Client:
    """The host and port of gRPC's word for a connection's other end: `ipv4:127.0.0.1:50000`, `ipv6:%5B::1%5D:50000`, which has
    brackets in one way or the other.
    """
    kind, _, rest = peer.partition(":")
    host, _, port = rest.rpartition(":")
    if kind not in ("ipv4", "ipv6") or not port.isdecimal():
        return None
    return host.replace("%5B", "").replace("%5D", "").strip("[]"), int(port)
