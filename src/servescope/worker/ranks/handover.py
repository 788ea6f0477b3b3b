"""Descriptors for the ranks: they come by a socket, as torchrun hands none down. Used by `worker.ranks.__main__` and `rank`.

In: the front end's three descriptors. Out: rank 0 gets them, and an end of a pair for each other rank; that gets the other end. The
socket has a name that nobody can guess, and no file; only this user's processes are answered.
"""

import os
import secrets
import socket
import struct
from collections.abc import Mapping, Sequence
from typing import Final

PLACE: Final = "SERVESCOPE_RANKS"  # in the environment of each rank: the socket's name
_MOST: Final = 253  # descriptors in one message of Linux
_CREDENTIALS: Final = struct.Struct("3i")  # process, user and group of who has connected


class Handover:
    """Of `count` ranks. `front`: the front end's descriptors, which are closed here once rank 0 has them."""

    def __init__(self, front: Sequence[int], count: int) -> None:
        pairs = [socket.socketpair() for _ in range(count - 1)]
        others = [[far.detach()] for _, far in pairs]
        self._left = dict(enumerate([[*front, *(near.detach() for near, _ in pairs)], *others]))
        self.place = f"servescope-ranks-{secrets.token_hex(16)}"
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(_address(self.place))
        self._listening.listen(count)

    def run(self) -> None:
        """Give each rank its share, in whatever order they come."""
        with self._listening:
            while self._left:
                connection, _ = self._listening.accept()
                with connection:
                    if _user(connection) == os.geteuid():
                        self._give(connection)

    def _give(self, connection: socket.socket) -> None:
        rank = int.from_bytes(connection.recv(4), "little")
        share = self._left.pop(rank, [])
        if share:
            socket.send_fds(connection, [b"."], share)
        for descriptor in share:
            os.close(descriptor)


def collect(environ: Mapping[str, str]) -> list[int]:
    """What this rank is given.

    Raises:
        OSError: the agent that started it has gone, or has given this to another already.
    """
    rank = int(environ["LOCAL_RANK"])
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(_address(environ[PLACE]))
        connection.sendall(rank.to_bytes(4, "little"))
        _, descriptors, _, _ = socket.recv_fds(connection, 1, _MOST)
    if not descriptors:
        raise OSError(f"there is nothing for rank {rank}")
    return descriptors


def _address(place: str) -> str:
    return f"\0{place}"  # Linux' own: without a file


def _user(connection: socket.socket) -> int:
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    user: int = _CREDENTIALS.unpack(credentials)[1]
    return user
