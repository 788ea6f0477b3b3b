"""Connections that the owner has accepted, taken as if this process accepted them.

Used by `acceptor` in place of a listening socket.
"""

import socket
from typing import Any

from servescope.web.front_ends.passed import lost, receive


class Dealt(socket.socket):
    """The end of the deal that connections come out of; each is a message with a descriptor."""

    def accept(self) -> tuple[socket.socket, Any]:
        """The next.

        Raises:
            BlockingIOError: there is none now, or the owner has gone, and this process is about to follow.
            OSError: EMFILE, this process has no descriptor for it, and it is lost.
        """
        descriptor, _ = receive(self)
        if descriptor is None:
            raise lost()
        return socket.socket(fileno=descriptor), None
