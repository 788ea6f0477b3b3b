"""What a connection needs of the port behind it. `connection` calls; `app.HttpApp` is the server's own."""

from typing import TYPE_CHECKING, Protocol

from servescope.web.http.request import Request

if TYPE_CHECKING:
    from servescope.web.http.connections.connection import Connection


class App(Protocol):
    """Takes requests. `body_limit`: the largest body, in bytes."""

    body_limit: int

    def begin(self, request: Request, connection: "Connection") -> None:
        """Take a whole request; answer it now or later, through the connection. Never raises."""

    def refused(self, request: Request | None, code: int) -> tuple[bytes, bytes] | None:
        """A request is answered here, with this status; None where it was no HTTP. Never raises.

        Header lines and body of its answer; None: the answer is the plain one.
        """
