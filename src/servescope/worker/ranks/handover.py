"""Descriptors for the ranks: they come by a socket, as torchrun hands none down. Used by `worker.ranks.__main__` and `rank`.

In: the front end's three descriptors. Out: rank 0 gets them, and an end of a pair for each other rank; that gets the other end. The
socket lies in a directory that nobody else can look into, and is there until all have come.
"""

import os
import socket
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

PLACE: Final = "SERVESCOPE_RANKS"  # in the environment of each rank: where the socket is
_MOST: Final = 253  # descriptors in one message of Linux


class Handover:
    """Of `count` ranks. `front`: the front end's descriptors, which are closed here once rank 0 has them."""

    def __init__(self, front: Sequence[int], count: int) -> None:
        pairs = [socket.socketpair() for _ in range(count - 1)]
        self._shares = [[*front, *(near.detach() for near, _ in pairs)], *([far.detach()] for _, far in pairs)]
        self._folder = tempfile.mkdtemp(prefix="servescope-ranks-")
        self.place = os.path.join(self._folder, "s")
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(self.place)
        self._listening.listen(count)

    def run(self) -> None:
        """Give each rank its share, in whatever order they come."""
        left = dict(enumerate(self._shares))
        while left:
            connection, _ = self._listening.accept()
            with connection:
                rank = int.from_bytes(connection.recv(4), "little")
                if share := left.pop(rank, None):
                    socket.send_fds(connection, [b"."], share)
                    for descriptor in share:
                        os.close(descriptor)
        self.close()

    def close(self) -> None:
        """Nobody else is to come."""
        self._listening.close()
        Path(self.place).unlink(missing_ok=True)
        Path(self._folder).rmdir()


def collect(environ: Mapping[str, str]) -> list[int]:
    """What this rank is given.

    Raises:
        OSError: the agent that started it has gone.
    """
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(environ[PLACE])
        connection.sendall(int(environ["LOCAL_RANK"]).to_bytes(4, "little"))
        _, descriptors, _, _ = socket.recv_fds(connection, 1, _MOST)
    return descriptors
