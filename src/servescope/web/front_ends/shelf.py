"""Where a front end puts large bodies for the owner: a socket pair, over which their memory's descriptors go.

Made by `process`; `child.relay` puts, `desk` takes. A body lies there before the request is said that it belongs to, and in the
same order.
"""

import socket
from contextlib import suppress

from servescope.web.front_ends.passed import receive, send
from servescope.wire.spooled.body import Spooled, scarce


class Shelf:
    """`end`: one of the pair. Nothing here waits."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self._end = end

    def put(self, body: Spooled) -> bool:
        """Leave it for the other side. False: there is no room."""
        with suppress(OSError):
            send(self._end, body.descriptor)
            return True
        return False

    def take(self, length: int) -> bytes | Spooled:
        """The next that lies there; in bytes, where this process has few descriptors left.

        Raises:
            OSError: it has none at all, and the body is lost.
        """
        body = Spooled(receive(self._end), length)
        return body.read() if scarce(body.descriptor) else body

    def close(self) -> None:
        """What lies there is gone."""
        self._end.close()


def pair() -> tuple[socket.socket, socket.socket]:
    """The two ends. Raises OSError."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
