"""Descriptors on their way from one process to another, one in a message. Used by `dealer` and `child.dealt`, and by
`child.lending` and `shelf`.

What `socket.recv_fds` takes would be inherited by every process that is started while it is open (it drops its flags).
"""

import array
import errno
import os
import socket

_ONE = socket.CMSG_SPACE(array.array("i").itemsize)
_NUMBER_BYTES = 8


def send(end: socket.socket, descriptor: int, number: int = 0) -> None:
    """Send it, and a number beside it; the caller may close its own then.

    Raises:
        OSError: there is no room, or nobody at the other end.
    """
    told = number.to_bytes(_NUMBER_BYTES, "big")
    end.sendmsg([told], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))])


def receive(end: socket.socket) -> tuple[int | None, int]:
    """The next, and the number beside it; None: this process has no room for it, and it is lost.

    Raises:
        BlockingIOError: there is none now, or the other side has gone.
    """
    told, beside, _, _ = end.recvmsg(_NUMBER_BYTES, _ONE, socket.MSG_CMSG_CLOEXEC)
    descriptors = array.array("i")
    for level, kind, content in beside:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(content)
    if not told:
        raise BlockingIOError
    return (descriptors[0] if descriptors else None), int.from_bytes(told, "big")


def lost() -> OSError:
    """What to say where there was no room for one."""
    return OSError(errno.EMFILE, os.strerror(errno.EMFILE))
