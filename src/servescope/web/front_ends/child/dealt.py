"""Connections that the owner has accepted, taken as if this process accepted them.

Used by `acceptor` in place of a listening socket.
"""

import array
import errno
import os
import socket
from typing import Any

_ONE = socket.CMSG_SPACE(array.array("i").itemsize)


class Dealt(socket.socket):
    """The end of the deal that connections come out of; each is a message with a descriptor."""

    def accept(self) -> tuple[socket.socket, Any]:
        """The next.

        Raises:
            BlockingIOError: there is none now.
            OSError: EMFILE, this process has no descriptor for it, and it is lost.
        """
        data, beside, _, _ = self.recvmsg(1, _ONE, socket.MSG_CMSG_CLOEXEC)
        descriptors = array.array("i")
        for level, kind, content in beside:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors.frombytes(content)
        if not descriptors:
            # Without a byte, the owner has gone, and this process is about to follow.
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE)) if data else BlockingIOError
        return socket.socket(fileno=descriptors[0]), None
