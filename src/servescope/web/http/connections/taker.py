"""What a connection needs of the port behind it, and the port of a connection.

`app.HttpApp` is the server's own port, `connection.Connection` a client's connection in the same process.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from servescope.web.http.request import Request


class Asker(Protocol):
    """Who asks, and is answered: one request at a time. `client`: host and port, None on a Unix socket. `on_lost` is called once,
    should the client go before its answer's end. `lost_code`: the status that such a request is counted with. `secure`: TLS.
    """

    client: tuple[str, int] | None
    on_lost: Callable[[], None] | None
    lost_code: int

    @property
    def secure(self) -> bool:
        """Whether the connection is encrypted."""

    def send(self, head: Sequence[bytes], body: bytes | memoryview, *, close: bool) -> float:
        """Send a whole answer; when it went, monotonic seconds. `head`: its first lines, without `connection` and the blank one,
        which say whether the connection is to `close`. `body`: b"" to HEAD, as there are no pieces and no words to it below.
        """

    def start_chunks(self, head: bytes, *, close: bool) -> None:
        """Begin an answer in chunks; `head` as in `send`."""

    async def send_chunk(self, body: bytes | memoryview) -> int:
        """Send a piece that is not empty, waiting first while the client is slow to take those before. How many bytes went."""

    def end_chunks(self) -> None:
        """The answer is whole."""

    def break_off(self, words: bytes) -> None:
        """The answer in chunks will never be whole: say so in a last chunk, if there are words, and close without an end."""

    def refuse(self, told: tuple[bytes, bytes] | None) -> None:
        """Answer the request that `App.refuse` was given: with these header lines and this body, or plainly."""

    def abort(self) -> None:
        """End the connection at once, with all that its client has not read."""


class App(Protocol):
    """Takes requests. `body_limit`: the largest body, in bytes."""

    body_limit: int

    def begin(self, request: Request, connection: Asker) -> None:
        """Take a whole request; answer it now or later, through the connection. Never raises."""

    def refuse(self, request: Request, connection: Asker) -> None:
        """The connection answers this by itself, with the request's `status` (it has no method where it was no HTTP): count it,
        and say by `Asker.refuse`, now or later, how. Never raises.
        """

    def left(self, request: Request) -> None:
        """The client of a whole request left before its turn. Never raises."""
