"""Descriptors on their way from one process to another, one in a message. Used by `dealer` and `child.dealt`, and by `shelf`.

What `socket.recv_fds` takes would be inherited by every process that is started while it is open (it drops its flags).
"""

import array
import errno
import os
import socket

_ONE = socket.CMSG_SPACE(array.array("i").itemsize)


def send(end: socket.socket, descriptor: int) -> None:
    """Send it; the caller may close its own then.

    Raises:
        OSError: there is no room, or nobody at the other end.
    """
    end.sendmsg([b"\0"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))])


def receive(end: socket.socket) -> int:
    """The next.

    Raises:
        BlockingIOError: there is none now, or the other side has gone.
        OSError: EMFILE, this process has no room for it, and it is lost.
    """
    data, beside, _, _ = end.recvmsg(1, _ONE, socket.MSG_CMSG_CLOEXEC)
    descriptors = array.array("i")
    for level, kind, content in beside:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(content)
    if not descriptors:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE)) if data else BlockingIOError
    return descriptors[0]
